//! FL510.

use std::collections::BTreeMap;

use super::{Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::Facts;
use crate::facts::inventory::listed;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// An account of one environment with resources of another.
#[derive(Debug)]
pub(super) struct AccountEnvironmentMismatch;

static META: Meta = Meta {
    id: "FL510",
    name: "account-env-mismatch",
    summary: "An account belongs to one environment and holds resources of another",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "SCPs, budgets and people are given by account: what is tagged staging in the account of production is \
          open to staging's people there, next to everything in the account that has no tag at all.",
    remediation: "Move the resources to the account of their environment, or correct the tag that is wrong",
    example: r#"In the tree of the Organization: {"id": "111122223333", "name": "shop", "parent": "r-1", "tags": {"Environment": "prod"}};
in the account: {"clusters": [{"clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-dev", "clusterName": "fleet-dev", "tags": [{"key": "Environment", "value": "dev"}]}]}"#,
    limits: "An account's environments are those for which the fleet file names it, or else its tag in the \
             Organization, or else the one in its name or in that of the unit above it, which is less sure.",
    peers: &[],
};

impl Rule for AccountEnvironmentMismatch {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(account) = facts.unit.account.as_deref() else { return };
        let Some(home) = Home::of(facts, account) else { return };
        if home.is_guessed {
            let note = |region| findings.not_assessed(&META, region, "tags of the account");
            return facts.regions.iter().for_each(note);
        }
        let mut strays: BTreeMap<&str, (&Environment, Vec<Summary<'_>>)> = BTreeMap::new();
        for region in &facts.regions {
            region.each_in_use(facts, |one| {
                let foreign = facts.environment_of(one.tags).filter(|one| !home.is_of(one));
                if let Some(foreign) = foreign {
                    strays.entry(&foreign.name).or_insert((foreign, Vec::new())).1.push(one);
                }
            });
        }
        for (foreign, resources) in strays.into_values() {
            let Some(first) = resources.first() else { continue };
            let (others, verb) = match resources.len() {
                1 => (String::new(), "is"),
                2 => (" and another resource in it".to_owned(), "are"),
                more => (format!(" and {} other resources in it", more - 1), "are"),
            };
            let names = listed(home.environments.iter().map(|one| one.name.as_str()));
            let message = format!(
                "account `{account}` is of {names} by {}, but {} `{}`{others} {verb} tagged `{}`",
                home.by,
                first.kind,
                first.label(),
                foreign.name
            );
            let production = home.environments.iter().find(|one| one.is_production);
            let draft = META.at_resource(facts, first, message).confidence(home.confidence);
            findings.report(draft.from(&foreign.name).to(production.unwrap_or(&foreign)));
        }
    }
}

/// The environments that an account is for, and what says so.
struct Home<'u> {
    environments: Vec<&'u Environment>,
    by: String,
    confidence: Confidence,
    /// Whether its name says so and its tag, which was not read, may say something else.
    is_guessed: bool,
}

impl<'u> Home<'u> {
    fn of(facts: &Facts<'u>, account: &str) -> Option<Self> {
        let all = facts.environments.all().iter();
        let declared: Vec<_> =
            all.filter(|one| one.accounts.iter().any(|own| own == account)).collect();
        if !declared.is_empty() {
            let by = "the fleet file".to_owned();
            let confidence = Confidence::High;
            return Some(Self { environments: declared, by, confidence, is_guessed: false });
        }
        let way = facts.organization?.way_to(account);
        let node = way.last()?;
        let mut tags = node.tags.iter().flatten();
        let tag = tags.find(|(key, _)| key.eq_ignore_ascii_case(facts.environments.tag_key()));
        if let Some(one) = tag.and_then(|(_, value)| facts.environments.meant_by(value)) {
            let by = "its tag".to_owned();
            let (environments, confidence) = (vec![one], Confidence::High);
            return Some(Self { environments, by, confidence, is_guessed: false });
        }
        let mut above = way.iter().rev();
        let (environment, name) =
            above.find_map(|one| Some((facts.environment_named(&one.name)?, &one.name)))?;
        let by = format!("the name `{name}`");
        let (environments, confidence) = (vec![environment], Confidence::Medium);
        Some(Self { environments, by, confidence, is_guessed: node.tags.is_none() })
    }

    fn is_of(&self, environment: &Environment) -> bool {
        self.environments.iter().any(|one| one.name == environment.name)
    }
}
