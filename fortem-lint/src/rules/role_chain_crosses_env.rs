//! FL405.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::{Caller, may_assume, Facts, Subject, Target, trusts};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::{Policy, PrincipalKind};
use fortem_compile::iam::{Principal, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// A chain of roles from one environment to another.
#[derive(Debug)]
pub(super) struct RoleChainCrossesEnv;

static META: Meta = Meta {
    id: "FL405",
    name: "role-chain-crosses-env",
    summary: "Roles lead from one environment to another",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.1"],
    why: "Who may assume a role of another environment, directly or by way of a third role, is in that environment; \
          conditions on his own tag no longer concern him.",
    remediation: "Take the caller out of the trust policy, or the role out of the policy of the caller",
    example: r#"{"RoleDetailList": [{"RoleName": "developer", "Arn": "arn:aws:iam::111122223333:role/developer",
  "Tags": [{"Key": "Environment", "Value": "staging"}]},
  {"RoleName": "deploy", "Arn": "arn:aws:iam::111122223333:role/deploy", "Tags": [{"Key": "Environment", "Value": "prod"}],
  "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
  "Principal": {"AWS": "arn:aws:iam::111122223333:role/developer"}}]}}]}"#,
    limits: "Roles of other accounts are not followed. Chains of more than four roles are not looked for.",
    peers: &["PMapper", "iam-lens"],
};

/// What takes a role on.
const CALLS: &[&str] = &["sts:AssumeRole"];

impl Rule for RoleChainCrossesEnv {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let named = Named::of(facts);
        for subject in &facts.subjects {
            let Some(principal) = subject.principal() else { continue };
            let scoped = subject.home(facts).is_some() || !subject.environments.is_empty();
            if subject.is_plain_administrator(facts) {
                continue;
            }
            if let Some(chain) = Chain::from(subject, facts, &named, scoped) {
                findings.report(chain.draft(&principal.arn, subject));
            }
        }
    }
}

/// The roles whose trust policies name a principal, by its ARN.
struct Named<'f, 'u>(BTreeMap<&'f str, Vec<&'f Subject<'u>>>);

impl<'f, 'u> Named<'f, 'u> {
    fn of(facts: &'f Facts<'u>) -> Self {
        let mut named: BTreeMap<&str, Vec<&Subject<'u>>> = BTreeMap::new();
        for subject in &facts.subjects {
            let trust = trust_of(subject, facts);
            let statements = trust.map(|policy| policy.document.statements()).unwrap_or_default();
            for principal in statements.iter().flat_map(Statement::principals) {
                if let Principal::Arn(arn) = principal {
                    named.entry(arn).or_default().push(subject);
                }
            }
        }
        Self(named)
    }
}

fn trust_of<'f, 'u>(subject: &Subject<'u>, facts: &'f Facts<'u>) -> Option<&'f Policy> {
    facts.unit.policy(subject.principal()?.trust?)
}

/// Roles that lead out of an environment.
struct Chain<'f> {
    roles: Vec<&'f str>,
    last: (&'f Policy, &'f Statement),
    environment: Option<&'f Environment>,
}

/// A role that one may assume, by which statement of its trust policy.
type Step<'f, 'u> = (&'f Subject<'u>, bool, (&'f Policy, &'f Statement));

/// How many roles one after the other are tried, and how many from each.
const LENGTH: usize = 4;
const WIDTH: usize = 8;

impl<'f> Chain<'f> {
    /// The shortest chain from a principal to a role of another environment, or to an administrator.
    fn from<'u>(
        from: &Subject<'u>,
        facts: &'f Facts<'u>,
        named: &Named<'f, 'u>,
        scoped: bool,
    ) -> Option<Self> {
        let mut seen = BTreeSet::from([from.principal()?.arn.as_str()]);
        let mut front: Vec<(Vec<&'f str>, &Subject<'u>)> = vec![(Vec::new(), from)];
        let is_equal = from.is_administrator(facts);
        let leads_out = |role: &Subject<'u>, is_administrator: bool| {
            (scoped && from.foreign_home(facts, role).is_some()) || (is_administrator && !is_equal)
        };
        for _ in 0..LENGTH {
            let mut next = Vec::new();
            for (path, at) in front {
                for (role, is_administrator, last) in steps(at, facts, named, &leads_out) {
                    let Some(arn) = role.principal().map(|one| one.arn.as_str()) else { continue };
                    if !seen.insert(arn) {
                        continue;
                    }
                    let roles: Vec<&str> = path.iter().copied().chain([arn]).collect();
                    let environment = from.foreign_home(facts, role).filter(|_| scoped);
                    if environment.is_some() || (is_administrator && !is_equal) {
                        return Some(Self { roles, last, environment });
                    }
                    next.push((roles, role));
                }
            }
            front = next;
        }
        None
    }

    fn draft(self, from: &str, subject: &Subject<'_>) -> Draft {
        let to = self.roles.last().copied().unwrap_or_default();
        let whose =
            self.environment.map_or("which is as good as an administrator".to_owned(), |one| {
                format!("which belongs to `{}`", one.name)
            });
        let message = format!("`{from}` may assume `{to}`, {whose}");
        let (policy, statement) = self.last;
        let draft = META
            .at_statement(policy, statement, message)
            .of_subject(subject)
            .principal(from)
            .resource(to);
        let draft = match self.roles.as_slice() {
            [_] => draft,
            roles => draft.evidence(format!("by way of `{}`", roles.join("`, `"))),
        };
        match self.environment {
            Some(environment) => draft.to(environment),
            None => draft.severity(Severity::High).confidence(Confidence::Medium),
        }
    }
}

/// The roles that a principal may assume: those that name it, and those that leave it to its own policies. Of the latter
/// the first that leads out, or else some that may lead on.
fn steps<'f, 'u>(
    at: &Subject<'u>,
    facts: &'f Facts<'u>,
    named: &Named<'f, 'u>,
    leads_out: &dyn Fn(&Subject<'u>, bool) -> bool,
) -> Vec<Step<'f, 'u>> {
    let (Some(principal), Some(caller)) = (at.principal(), Caller::of(at, facts)) else {
        return Vec::new();
    };
    let trusting = |role: &'f Subject<'u>| {
        let trust = trust_of(role, facts)?;
        Some((trust, trusts(trust, "sts:AssumeRole", &caller)?))
    };
    let mut steps: Vec<Step<'f, 'u>> = Vec::new();
    for role in named.0.get(principal.arn.as_str()).into_iter().flatten() {
        if let (Some(last), Some(to)) = (trusting(role), role.principal())
            && may_assume(at, facts, to)
        {
            let found = facts.directory().find(facts, &to.arn);
            steps.push((role, found.is_some_and(|(_, is_administrator)| is_administrator), last));
        }
    }
    for (_, call) in facts.catalogue.calls(CALLS).filter(|(_, call)| at.may_call(*call)) {
        let reach = |(role, is_administrator): (&'f Subject<'u>, bool)| {
            let to = role.principal().filter(|one| one.kind == PrincipalKind::Role)?;
            let tag = to.tag(facts.environments.tag_key());
            let last = trusting(role)?;
            at.reach_arn(facts, call, &Target { tag, ..Target::untagged("") }, &to.arn)?;
            Some((role, is_administrator, last))
        };
        for (_, statement) in at.grants(call) {
            let covered = |wanted: &dyn Fn(&Subject<'u>, bool) -> bool, most: usize| {
                let roles = facts.directory().covered(facts, statement, &caller.known, wanted);
                roles.filter_map(reach).take(most).collect::<Vec<_>>()
            };
            let out = covered(leads_out, 1);
            steps.extend(if out.is_empty() { covered(&|_, _| true, WIDTH) } else { out });
        }
    }
    steps
}
