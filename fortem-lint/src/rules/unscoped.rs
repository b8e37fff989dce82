//! What the rules about grants without scope have in common.

use super::{Findings, Meta};
use crate::environments::Environment;
use crate::facts::{Facts, ReachedGroup, Scoping, Subject, Target};
use crate::finding::Severity;

/// Reports each statement that lets a subject make calls of a list in another environment.
pub(super) fn report(
    meta: &'static Meta,
    calls: &[&'static str],
    subject: &Subject<'_>,
    facts: &Facts<'_>,
    findings: &mut Findings<'_>,
    message: impl Fn(&ReachedGroup<'_>, &Environment) -> String,
) {
    let Some(foreign) = subject.foreign(facts) else { return };
    let target = Target::tagged(&foreign.name);
    for group in subject.reached_by_statement(facts, calls, &target) {
        if Scoping::of(group.first().statement, facts.environments).is_faulty() {
            continue; // A rule of its own says what is wrong with the condition.
        }
        let message = message(&group, foreign);
        findings.report(meta.at_reached(subject, group.first(), message).to(foreign));
    }
}

/// The calls that reach what has the environment's tag; if a Deny stops them all, those that reach what has no tag.
pub(super) fn reached_or_untagged<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    calls: &[&'static str],
    tagged: &Target<'_>,
) -> Vec<ReachedGroup<'u>> {
    let groups = subject.reached_by_statement(facts, calls, tagged);
    if groups.is_empty() {
        return subject.reached_by_statement(facts, calls, &Target { tag: None, ..*tagged });
    }
    groups
}

/// Whether an environment may live in the account that is judged; what lives elsewhere is not listed here.
pub(super) fn shares_account(facts: &Facts<'_>, environment: &Environment) -> bool {
    facts.unit.account.as_ref().is_none_or(|account| {
        environment.accounts.is_empty() || environment.accounts.contains(account)
    })
}

/// How the subject may pass a role of an environment to a task, if it may; a rule that asks has `iam:PassRole` among its
/// calls.
pub(super) fn passes_roles_of(
    subject: &Subject<'_>,
    facts: &Facts<'_>,
    environment: &Environment,
) -> Option<String> {
    let pass = facts.catalogue.call("iam:PassRole").filter(|call| subject.may_call(*call))?;
    let target = Target::tagged(&environment.name);
    let target = target.with(&[("iam:PassedToService", Some("ecs-tasks.amazonaws.com"))]);
    subject.reach(facts, pass, &target).map(|reached| reached.to_string())
}

/// The calls that the fleet file accepts as leaks, and the others.
pub(super) fn by_acceptance(
    facts: &Facts<'_>,
    calls: &[&'static str],
) -> (Vec<&'static str>, Vec<&'static str>) {
    calls.iter().partition(|call| facts.environments.accepted_leak(call).is_some())
}

/// Tells of the calls that the fleet file accepts, with its reason.
pub(super) fn report_accepted(
    meta: &'static Meta,
    subject: &Subject<'_>,
    facts: &Facts<'_>,
    calls: &[&'static str],
    findings: &mut Findings<'_>,
) {
    let Some(foreign) = facts.environments.foreign_to(&subject.environments) else { return };
    for group in subject.reached_by_statement(facts, calls, &Target::tagged(&foreign.name)) {
        let message = format!("{} shows `{}`, which is accepted", group.actions(), foreign.name);
        let reasons =
            group.names().iter().filter_map(|name| facts.environments.accepted_leak(name));
        let draft = meta.at_reached(subject, group.first(), message).to(foreign);
        let draft = draft.severity(Severity::Informational);
        findings.report(reasons.fold(draft, |draft, reason| draft.evidence(reason.to_owned())));
    }
}
