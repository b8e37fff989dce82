//! FL410.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Caller, Facts, home_of, trusts};
use crate::finding::{Confidence, Persona, Severity};
use fortem_compile::iam::{Context, Principal as Trusted, Statement};

/// People become production without a second factor.
#[derive(Debug)]
pub(super) struct NoMfaOnProdRole;

static META: Meta = Meta {
    id: "FL410",
    name: "no-mfa-on-prod-role",
    summary: "People may take on a role of production without a second factor",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Auditor,
    needs: &[Input::Account],
    criteria: &["CC6.1"],
    why: "A password or key that leaks is production at once.",
    remediation: "Add `\"Bool\": {\"aws:MultiFactorAuthPresent\": \"true\"}` to the trust policy, or let people sign \
                  in through an identity provider that asks for it",
    example: r#"{"RoleDetailList": [{"RoleName": "operator", "Arn": "arn:aws:iam::111122223333:role/operator",
  "Tags": [{"Key": "Environment", "Value": "prod"}], "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}]}}]}"#,
    limits: "Roles that assume the role of production have no second factor of their own; an identity provider is \
             taken to ask for one.",
    peers: &["iam-policy-validator"],
};

impl Rule for NoMfaOnProdRole {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for principal in facts.unit.principals.iter().filter(|one| !one.is_service_linked()) {
            let Some(home) = home_of(facts.environments, principal).filter(|one| one.is_production)
            else {
                continue;
            };
            let Some(trust) = principal.trust.and_then(|index| facts.unit.policy(index)) else {
                continue;
            };
            let callers = trust.document.statements().iter().flat_map(Statement::principals);
            let people = callers.filter_map(|one| match one {
                Trusted::Arn(arn) if arn.contains(":user/") => Some(arn.clone()),
                Trusted::Account(account) => Some(format!("arn:aws:iam::{account}:user/somebody")),
                _ => None,
            });
            let mut open = people.filter_map(|arn| {
                let mut known = Context::default();
                known.insert("aws:MultiFactorAuthPresent", "false");
                known.insert("aws:MultiFactorAuthAge", Vec::new());
                known.insert("aws:PrincipalArn", arn.as_str());
                let caller = Caller { principal: Trusted::Arn(arn), known, is_expected: true };
                trusts(trust, "sts:AssumeRole", &caller)
            });
            let Some(statement) = open.next() else { continue };
            let message = format!("people may assume `{}` without a second factor", principal.arn);
            findings.report(
                META.at_statement(trust, statement, message).principal(&principal.arn).to(home),
            );
        }
    }
}
