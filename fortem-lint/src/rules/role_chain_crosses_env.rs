//! FL405.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::{Chain, Facts, Subject, Trusting};
use crate::finding::{Confidence, Persona, Severity};

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
        let trusting = Trusting::of(facts);
        for subject in &facts.subjects {
            let Some(principal) = subject.principal() else { continue };
            let scoped = subject.home(facts).is_some() || !subject.environments.is_empty();
            if subject.is_plain_administrator(facts) {
                continue;
            }
            if let Some(way) = Way::from(subject, facts, &trusting, scoped) {
                findings.report(way.draft(&principal.arn, subject));
            }
        }
    }
}

/// Roles that lead out of an environment.
struct Way<'f> {
    chain: Chain<'f>,
    environment: Option<&'f Environment>,
}

impl<'f> Way<'f> {
    /// The shortest chain from a principal to a role of another environment, or to an administrator.
    fn from<'u>(
        from: &Subject<'u>,
        facts: &'f Facts<'u>,
        trusting: &Trusting<'f, 'u>,
        scoped: bool,
    ) -> Option<Self> {
        let is_equal = from.is_administrator(facts);
        let leads_out = |role: &Subject<'u>, is_administrator: bool| {
            (scoped && from.foreign_home(facts, role).is_some()) || (is_administrator && !is_equal)
        };
        let (chain, role) = Chain::to(from, facts, trusting, &leads_out)?;
        Some(Self { chain, environment: from.foreign_home(facts, role).filter(|_| scoped) })
    }

    fn draft(self, from: &str, subject: &Subject<'_>) -> Draft {
        let to = self.chain.roles.last().copied().unwrap_or_default();
        let whose =
            self.environment.map_or("which is as good as an administrator".to_owned(), |one| {
                format!("which belongs to `{}`", one.name)
            });
        let message = format!("`{from}` may assume `{to}`, {whose}");
        let (policy, statement) = self.chain.last;
        let draft = META
            .at_statement(policy, statement, message)
            .of_subject(subject)
            .principal(from)
            .resource(to);
        let draft = match self.chain.roles.as_slice() {
            [_] => draft,
            roles => draft.evidence(format!("by way of `{}`", roles.join("`, `"))),
        };
        match self.environment {
            Some(environment) => draft.to(environment),
            None => draft.severity(Severity::High).confidence(Confidence::Medium),
        }
    }
}

