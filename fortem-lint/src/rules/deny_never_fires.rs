//! FL121.

use fortem_compile::iam::{Context, Effect, Statement, Truth};

use super::{Findings, Input, Meta, Rule};
use crate::catalogue::Call;
use crate::facts::condition::{in_words, needs_key};
use crate::facts::populated::is_populated;
use crate::facts::{Facts, Reached, Subject, Target, is_of_request, is_of_resource};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// A Deny by tag over calls that never carry the tag, and that somebody may make.
#[derive(Debug)]
pub(super) struct DenyNeverFires;

static META: Meta = Meta {
    id: "FL121",
    name: "deny-never-fires",
    summary: "A Deny by tag covers calls that never carry the tag, and they are allowed",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "The Deny looks like a backstop over the whole service and has holes: where the call carries no tag \
          it never fires, so what only the Deny was to prevent is open.",
    remediation: "Deny these actions in a statement of their own, without a condition on tags",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Operate", "Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
  {"Sid": "NeverProd", "Effect": "Deny", "Action": "ecs:*", "Resource": "*",
   "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}}]}"#,
    limits: "Calls that only read are left to the rules about reading.",
    peers: &["IAM Access Analyzer, per service"],
};

/// Calls that change something and carry no tag of a resource (service authorization reference, 2026-09-26).
const CALLS: &[&str] = &[
    "ecs:DeleteAccountSetting",
    "ecs:DeregisterTaskDefinition",
    "ecs:PutAccountSetting",
    "ecs:PutAccountSettingDefault",
    "logs:DeleteResourcePolicy",
    "logs:PutAccountPolicy",
    "logs:PutResourcePolicy",
    "ssm:CancelCommand",
    "ssm:ResumeSession",
    "ssm:TerminateSession",
];

impl Rule for DenyNeverFires {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let target = Target::tagged(&foreign.name);
        let mut open: Vec<Open<'_, '_>> = Vec::new();
        for (action, call) in facts.catalogue.calls(CALLS) {
            let Some((policy, deny)) = deny(subject, call, facts, &foreign.name) else { continue };
            let Some(reached) = subject.reach(facts, call, &target) else { continue };
            match open.iter_mut().find(|one| std::ptr::eq(one.deny, deny)) {
                Some(one) => one.actions.push(action),
                None => open.push(Open { policy, deny, reached, actions: vec![action] }),
            }
        }
        for Open { policy, deny, reached, actions } in open {
            let names = in_words(&actions);
            let message = format!(
                "the Deny of `{}` never fires on {names}, and nothing else forbids them",
                foreign.name
            );
            let draft = META.at_statement(policy, deny, message).of_subject(subject);
            findings.report(draft.evidence(reached.to_string()).to(foreign));
        }
    }
}

/// A Deny, and what it was to prevent.
struct Open<'u, 'a> {
    policy: &'u Policy,
    deny: &'u Statement,
    reached: Reached<'u>,
    actions: Vec<&'a str>,
}

/// A Deny that covers a call by name, and asks for a tag of the environment that the call never carries.
fn deny<'u>(
    subject: &Subject<'u>,
    call: Call,
    facts: &Facts<'_>,
    foreign: &str,
) -> Option<(&'u Policy, &'u Statement)> {
    let action = facts.catalogue.known(call).filter(|_| subject.may_call(call))?;
    let limits = subject.limits.iter().flat_map(|layer| layer.policies.iter().copied());
    let policies = subject.identity.iter().copied().chain(limits);
    let statements = policies
        .flat_map(|policy| policy.statements().map(move |(one, calls)| (policy, one, calls)));
    let denies = statements.filter(|(_, one, calls)| {
        // With `NotAction` nobody says that the call is meant.
        one.effect() == Effect::Deny && !one.is_not_action() && calls.contains(call)
    });
    let mut denies = denies.map(|(policy, one, _)| (policy, one));
    denies.find(|(_, one)| {
        one.conditions().iter().any(|condition| {
            let mut with_tag = Context::default();
            with_tag.insert(condition.key(), foreign);
            (is_of_resource(condition, facts) || is_of_request(condition, facts))
                && needs_key(condition)
                && condition.holds(&with_tag) != Truth::No
                && !is_populated(action, one, facts.reference, condition.key())
        })
    })
}
