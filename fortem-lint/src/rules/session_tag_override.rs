//! FL222.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Caller, Facts, Retagging, Subject, Target, trusts};
use crate::finding::{Confidence, Persona, Severity};
use fortem_compile::iam::Statement;

/// The caller chooses the environment tag of the session.
#[derive(Debug)]
pub(super) struct SessionTagOverride;

static META: Meta = Meta {
    id: "FL222",
    name: "session-tag-override",
    summary: "The environment tag of a session may be chosen by whoever starts it",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC6.3"],
    why: "A session tag takes the place of the role's tag: who sends `Environment = prod` along is production in \
          every condition on `aws:PrincipalTag`.",
    remediation: "Compare `aws:RequestTag/Environment` where `sts:TagSession` is allowed, here and in the trust \
                  policy of the role",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Assume", "Effect": "Allow",
  "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "arn:aws:iam::*:role/app-*"}]}"#,
    limits: "Without an account's roles, whether a role takes session tags is not known.",
    peers: &[],
};

/// What starts a session, and what tags it.
const CALLS: &[&str] = &["sts:AssumeRole", "sts:TagSession"];

impl Rule for SessionTagOverride {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let may_assume =
            facts.catalogue.call("sts:AssumeRole").is_some_and(|call| subject.may_call(call));
        let Some(call) = facts.catalogue.call("sts:TagSession").filter(|_| may_assume) else {
            return;
        };
        let retagging = Retagging::to(facts, Some(&foreign.name));
        let keys = retagging.keys("sts:TagSession");
        for (policy, statement) in subject.grants(call) {
            let reached = subject.reach_anywhere_through(facts, call, &keys, policy, statement);
            let Some(reached) = reached else { continue };
            let is_taken = takes_tags(subject, facts, statement, &foreign.name);
            if is_taken == Some(false) {
                continue;
            }
            let key = facts.environments.tag_key();
            let message = format!(
                "the tag `{key}` = `{}` may be taken along into another role's session",
                foreign.name
            );
            let draft = META.at_reached(subject, &reached, message).to(foreign);
            findings.report(match is_taken {
                Some(_) => draft,
                None => draft
                    .confidence(Confidence::Medium)
                    .evidence("the trust policy of the role must allow it too"),
            });
        }
    }
}

/// Whether some role of the account that the statement covers takes the tag from the subject; nothing without roles.
fn takes_tags(
    subject: &Subject<'_>,
    facts: &Facts<'_>,
    statement: &Statement,
    tag: &str,
) -> Option<bool> {
    let mut caller = Caller::of(subject, facts)?;
    let key = facts.environments.tag_key();
    let context = subject.known(facts, &Target::untagged(""));
    caller.known.insert(&format!("aws:RequestTag/{key}"), tag);
    caller.known.insert("aws:TagKeys", vec![key.to_owned()]);
    let mut covered = facts.directory().covered(facts, statement, &context, |_, _| true);
    Some(covered.any(|(role, _)| {
        let trust = role.principal().and_then(|role| facts.unit.policy(role.trust?));
        trust.is_some_and(|trust| trusts(trust, "sts:TagSession", &caller).is_some())
    }))
}
