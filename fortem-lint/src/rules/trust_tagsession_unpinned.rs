//! FL404.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Caller, Facts, home_of, trusts};
use crate::finding::{Confidence, Persona, Severity};
use fortem_compile::iam::{Context, Principal, Statement};

/// Whoever assumes the role chooses the environment of the session.
#[derive(Debug)]
pub(super) struct TrustTagsessionUnpinned;

static META: Meta = Meta {
    id: "FL404",
    name: "trust-tagsession-unpinned",
    summary: "Whoever assumes the role may choose the environment tag of the session",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.1"],
    why: "A session tag takes the place of the role's tag: who sends `Environment = prod` with the call is production \
          in every condition on `aws:PrincipalTag`.",
    remediation: "Compare `aws:RequestTag/Environment` in the statement that allows `sts:TagSession`, or leave \
                  `sts:TagSession` out",
    example: r#"{"RoleDetailList": [{"RoleName": "developer", "Arn": "arn:aws:iam::111122223333:role/developer",
  "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}]}}]}"#,
    limits: "Identity providers send tags by design, and services their own: neither is reported.",
    peers: &[],
};

impl Rule for TrustTagsessionUnpinned {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for principal in facts.unit.principals.iter().filter(|one| !one.is_service_linked()) {
            let Some(trust) = principal.trust.and_then(|index| facts.unit.policy(index)) else {
                continue;
            };
            let own = home_of(facts.environments, principal).map(|one| one.name.clone());
            let own: Vec<String> = own.into_iter().collect();
            let Some(foreign) = facts.environments.foreign_to(&own) else { continue };
            let callers = trust.document.statements().iter().flat_map(Statement::principals);
            let open = callers.filter_map(|one| {
                trusts(trust, "sts:TagSession", &tagging(facts, one, &foreign.name)?)
            });
            let Some(statement) = open.into_iter().next() else { continue };
            let key = facts.environments.tag_key();
            let message = format!(
                "whoever assumes `{}` may take the tag `{key}` = `{}` along",
                principal.arn, foreign.name
            );
            findings.report(
                META.at_statement(trust, statement, message).principal(&principal.arn).to(foreign),
            );
        }
    }
}

/// One of the trusted principals, with the tag of an environment; nobody for services and identity providers.
fn tagging(facts: &Facts<'_>, trusted: &Principal, environment: &str) -> Option<Caller> {
    let key = facts.environments.tag_key();
    let own = facts.unit.account.as_deref().unwrap_or("111122223333");
    let (principal, known) = match trusted {
        Principal::Arn(arn) => {
            match facts.directory().find(facts, arn).and_then(|(one, _)| Caller::of(one, facts)) {
                Some(caller) => (caller.principal, caller.known),
                None => (trusted.clone(), Context::default()),
            }
        }
        Principal::Account(account) => (somebody_of(account), Context::default()),
        Principal::Everyone => (somebody_of(own), Context::default()),
        _ => return None,
    };
    let mut known = known;
    known.insert(&format!("aws:RequestTag/{key}"), environment);
    known.insert("aws:TagKeys", vec![key.to_owned()]);
    Some(Caller { principal, known, is_expected: true })
}

fn somebody_of(account: &str) -> Principal {
    Principal::Arn(format!("arn:aws:iam::{account}:role/somebody"))
}
