//! FL134.

use std::collections::{BTreeMap, BTreeSet};

use fortem_compile::iam::Statement;
use fortem_compile::reference::Action;

use super::{Draft, Findings, Input, Meta, Rule};
use crate::facts::{Facts, Reached, Region, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// A pattern for every Region, where the environment lives in some.
#[derive(Debug)]
pub(super) struct RegionWildcard;

static META: Meta = Meta {
    id: "FL134",
    name: "region-or-account-wildcard",
    summary: "A pattern leaves the Region open, and in another Region the same name is not the environment's",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account, Input::Resources],
    criteria: &["CC6.1"],
    why: "Names are unique in a Region only. A pattern such as `arn:aws:ecs:*:*:service/fleet/*` is the \
          environment's in the Region where it lives, and in the next one it is whatever stands there under that \
          name, as the copy that production keeps for disasters.",
    remediation: "Write the Region into the ARN, or add a condition on `aws:RequestedRegion` or on the tag",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:UpdateService",
  "Resource": "arn:aws:ecs:*:111122223333:service/fleet/*"}]}"#,
    limits: "Judged where the snapshot has several Regions and tags say in which of them the principal's environment \
             lives. An account left open in the ARN is not reported: identity policies reach no other account by \
             themselves.",
    peers: &[],
};

const CALLS: &[&str] = &[
    "ecs:DeleteService",
    "ecs:DescribeServices",
    "ecs:ExecuteCommand",
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:UpdateService",
    "elasticache:Connect",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
];

impl Rule for RegionWildcard {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if facts.regions.len() + facts.unread_regions().count() < 2 {
            return;
        }
        findings.resources(&META);
        let homes = homes(facts);
        for subject in facts.subjects.iter().filter(|one| one.principal().is_some()) {
            let own: BTreeSet<&str> = subject
                .environments
                .iter()
                .filter_map(|one| homes.get(one.as_str()))
                .flatten()
                .copied()
                .collect();
            if own.is_empty() {
                continue;
            }
            let mut reported: Vec<&Statement> = Vec::new();
            for (_, call) in
                facts.catalogue.calls(CALLS).filter(|(_, call)| subject.may_call(*call))
            {
                let open = |(_, one): &(_, &Statement)| {
                    leaves_region_open(one)
                        && !reported.iter().any(|known| std::ptr::eq(*known, *one))
                };
                if !subject.grants(call).any(|one| open(&one)) {
                    continue;
                }
                // Where something was not read, the environment may live too.
                let elsewhere = facts.regions.iter();
                let elsewhere =
                    elsewhere.filter(|one| !own.contains(name(one)) && !one.has_gaps());
                let found = elsewhere.filter_map(|region| {
                    reached_in(subject, facts, call, region)
                        .map(|(reached, one)| (reached, one, region))
                });
                for (reached, one, region) in found {
                    if leaves_region_open(reached.statement)
                        && !reported.iter().any(|known| std::ptr::eq(*known, reached.statement))
                    {
                        reported.push(reached.statement);
                        findings.report(draft(subject, facts, &reached, &one, name(region), &own));
                    }
                }
            }
        }
    }
}

/// The Regions in which each environment has something with its tag.
fn homes<'u>(facts: &Facts<'u>) -> BTreeMap<&'u str, BTreeSet<&'u str>> {
    let mut homes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for region in &facts.regions {
        region.each_in_use(facts, |one| {
            if let Some(environment) = facts.environment_of(one.tags) {
                homes.entry(&environment.name).or_default().insert(name(region));
            }
        });
    }
    homes
}

fn name<'u>(region: &Region<'u>) -> &'u str {
    region.inventory.region.as_deref().unwrap_or_default()
}

/// Whether a statement is tied to names, but to no Region.
fn leaves_region_open(statement: &Statement) -> bool {
    let is_open = |arn: &String| {
        let mut parts = arn.splitn(6, ':').skip(3);
        let region = parts.next().unwrap_or_default();
        let name = parts.nth(1).unwrap_or_default();
        let own = name.split_once(['/', ':']).map_or(name, |(_, own)| own);
        region.contains('*') && own.contains(char::is_alphanumeric)
    };
    !statement.is_not_resource() && statement.resources().iter().any(is_open)
}

/// A resource of a Region that a call reaches by such a statement.
fn reached_in<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'u>,
    call: crate::catalogue::Call,
    region: &Region<'u>,
) -> Option<(Reached<'u>, Summary<'u>)> {
    let keys = [("aws:RequestedRegion", Some(name(region)))];
    let mut found = None;
    region.each_in_use(facts, |one| {
        if found.is_some() || !one.arn.starts_with("arn:") {
            return;
        }
        let environment = facts.environment_of(one.tags).map_or("", |own| own.name.as_str());
        let tag = one.tags.and_then(|tags| tags.value(facts.environments.tag_key()));
        let target = Target { tag, ..Target::tagged(environment) }.with(&keys);
        let types = facts.catalogue.known(call).map(Action::resource_types).unwrap_or_default();
        if types.iter().any(|kind| kind.arn().matches(one.arn)) {
            found = subject.reach_arn(facts, call, &target, one.arn).map(|reached| (reached, one));
        }
    });
    found
}

fn draft(
    subject: &Subject<'_>,
    facts: &Facts<'_>,
    reached: &Reached<'_>,
    one: &Summary<'_>,
    region: &str,
    own: &BTreeSet<&str>,
) -> Draft {
    let homes = crate::facts::inventory::listed(own.iter().copied());
    let whose = match facts.environment_of(one.tags) {
        Some(environment) => format!("of `{}`", environment.name),
        None => "of no environment".to_owned(),
    };
    let message = format!(
        "every Region is open, and in `{region}` {} `{}` is {whose}; `{}` lives in {homes}",
        one.kind,
        one.label(),
        subject.environments.join(", "),
    );
    META.at_reached(subject, reached, message)
}
