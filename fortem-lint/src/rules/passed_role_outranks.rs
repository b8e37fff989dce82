//! FL205.

use super::Draft;
use super::{Findings, Input, Meta, Rule, passrole_wildcard};
use crate::catalogue::Call;
use crate::environments::Environment;
use crate::facts::{Facts, Reached, ReachedGroup, Scoping, Subject, Target};
use crate::unit::PrincipalKind;

use crate::finding::{Confidence, Persona, Severity};
use crate::facts::passing::{CALLS, DIRECT, PASSED, Path};

/// Code may be run as a role with more than its caller has.
#[derive(Debug)]
pub(super) struct PassedRoleOutranks;

static META: Meta = Meta {
    id: "FL205",
    name: "passed-role-outranks",
    summary: "Code may be run as a role of another environment, or with more rights",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC6.3"],
    why: "Who may both hand over a role and start something that takes it on has all that the role has: the \
          separation of environments holds for his own calls alone.",
    remediation: "Limit `iam:PassRole` to roles of the environment that have no more than the caller, or put a \
                  permissions boundary on the roles; withdraw the call that starts the code where nobody needs it",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Deploy", "Effect": "Allow",
  "Action": ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "*"}]}"#,
    limits: "Instances, functions and endpoints that exist are not known without an inventory: what a grant on all of \
             them reaches may run as nobody of note.",
    peers: &["PMapper", "Prowler", "cloudsplaining: privilege escalation", "pathfinding.cloud"],
};

impl Rule for PassedRoleOutranks {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for subject in &facts.subjects {
            if subject.is_plain_administrator(facts) || subject.is_administrator(facts) {
                continue;
            }
            if let Some(draft) = by_passing(subject, facts) {
                findings.report(draft);
            }
            by_taking_over(subject, facts, findings);
        }
    }
}

/// A role that a service takes on for the subject.
struct Taken<'f, 'u> {
    whose: String,
    reached: Reached<'u>,
    environment: Option<&'f Environment>,
    is_known: bool,
}

/// What the subject may run by handing over a role that outranks it.
fn by_passing<'u>(subject: &Subject<'u>, facts: &Facts<'u>) -> Option<Draft> {
    let pass = facts.catalogue.call("iam:PassRole").filter(|call| subject.may_call(*call))?;
    let mut ways = PASSED.iter().filter_map(|path| {
        let calls = path.calls(subject, facts)?;
        let taken = known_role(path, pass, subject, facts)
            .or_else(|| any_role(path, pass, subject, facts))?;
        Some((path, calls, taken))
    });
    let (path, calls, taken) = ways.next()?;
    let message = format!(
        "{} may run as {}: by `iam:PassRole` with `{}`",
        path.what,
        taken.whose,
        calls.join("` and `")
    );
    let mut draft = META.at_reached(subject, &taken.reached, message);
    if let Some(environment) = taken.environment {
        draft = draft.to(environment);
    }
    if !taken.is_known && facts.unit.principals.iter().any(|one| one.kind == PrincipalKind::Role) {
        draft = draft.severity(Severity::Medium).confidence(Confidence::Medium).evidence(
            "no role of the account is known that the service may take on and that has more",
        );
    }
    for (path, calls, taken) in ways {
        draft = draft.evidence(format!(
            "{} may run as {} by `{}`",
            path.what,
            taken.whose,
            calls.join("` and `")
        ));
    }
    Some(draft)
}

/// A role of the account that the service may take on, of another environment or of an administrator.
fn known_role<'f, 'u>(
    path: &Path,
    pass: Call,
    subject: &Subject<'u>,
    facts: &'f Facts<'u>,
) -> Option<Taken<'f, 'u>> {
    let wanted = |other: &Subject<'_>, is_administrator: bool| {
        is_administrator || subject.foreign_home(facts, other).is_some()
    };
    let passed = path.role(pass, subject, facts, &wanted)?;
    let environment = subject.foreign_home(facts, passed.role);
    let rank = if passed.is_administrator { ", which may change any policy" } else { "" };
    let whose = environment.map_or(String::new(), |one| format!(" of `{}`", one.name));
    let arn = passed.role.principal().map(|one| one.arn.as_str()).unwrap_or_default();
    Some(Taken {
        whose: format!("`{arn}`{whose}{rank}"),
        reached: passed.reached,
        environment,
        is_known: true,
    })
}

/// A role of another environment that the pattern takes in, whether or not there is one.
fn any_role<'f, 'u>(
    path: &Path,
    pass: Call,
    subject: &Subject<'u>,
    facts: &'f Facts<'_>,
) -> Option<Taken<'f, 'u>> {
    let keys = [("iam:PassedToService", Some(path.service))];
    let foreign = subject.foreign(facts)?;
    let target = Target::tagged(&foreign.name).with(&keys);
    let reached = subject.reach(facts, pass, &target).filter(|one| !one.is_spelt())?;
    // The roles of a known account are known: a pattern of names that takes in none of them is no way out.
    let is_known = facts.unit.principals.iter().any(|one| one.kind == PrincipalKind::Role);
    if is_known && !passrole_wildcard::takes_any_name(reached.statement) {
        return None;
    }
    let whose = format!("any role of `{}`", foreign.name);
    Some(Taken { whose, reached, environment: Some(foreign), is_known: false })
}

/// Whether a service runs what a caller wishes as the role that is passed to it, as far as is known.
pub(super) fn is_runner(service: &str) -> bool {
    PASSED.iter().any(|path| path.service == service)
}

/// The services that do.
pub(super) fn runners() -> impl Iterator<Item = &'static str> {
    PASSED.iter().map(|path| path.service)
}

/// Whether a subject has a call for each step of some way to use a role that is passed; of whoever gets a policy that
/// nobody has, the other policies are not known.
pub(super) fn may_use_roles(subject: &Subject<'_>, facts: &Facts<'_>) -> bool {
    let has = |step: &&[&'static str]| {
        facts.catalogue.calls(step).any(|(_, call)| subject.may_call(call))
    };
    subject.principal().is_none() || PASSED.iter().any(|path| path.steps.iter().all(&has))
}

/// What exists in another environment and may be made to run the subject's code.
fn by_taking_over(subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let Some(foreign) = subject.foreign(facts) else { return };
    let mut reached = Vec::new();
    for way in DIRECT {
        let Some((first, others)) = way.split_first() else { continue };
        let mut others = others.iter().map(|action| facts.catalogue.call(action));
        if !others.all(|call| call.is_some_and(|call| subject.may_call(call))) {
            continue;
        }
        let Some(call) = facts.catalogue.call(first) else { continue };
        for (policy, statement) in subject.grants(call) {
            let target = target_of(first, foreign);
            let found = subject.reach_through(facts, call, &target, policy, statement);
            let found = found.filter(|one| !one.is_spelt() && has_others(way, subject, facts));
            if Scoping::of(statement, facts.environments).is_faulty() {
                continue; // A rule of its own says what is wrong with the condition.
            }
            reached.extend(found.map(|one| (*first, one)));
        }
    }
    for group in ReachedGroup::by_statement(reached) {
        let message = format!(
            "code may be run as roles that are in use in `{}`, by {}",
            foreign.name,
            group.actions()
        );
        let mut draft = META.at_reached(subject, group.first(), message).severity(Severity::High);
        if let [_, _, _, ..] = group.names() {
            draft = draft.evidence(format!("the calls are `{}`", group.names().join("`, `")));
        }
        let evidence = "what is reached runs as its own role, without `iam:PassRole`";
        findings.report(draft.to(foreign).evidence(evidence));
    }
}

/// Of what `ssm` can reach, documents and the like have no role.
fn target_of<'e>(action: &str, foreign: &'e Environment) -> Target<'e> {
    let target = Target::tagged(&foreign.name);
    let is_instance = action.starts_with("ssm:") && action != "ssm:ResumeSession";
    if is_instance { target.of_type("instance") } else { target }
}

/// Whether the calls after the first of a way may be made on something.
fn has_others(way: &[&'static str], subject: &Subject<'_>, facts: &Facts<'_>) -> bool {
    let mut calls = way.iter().skip(1).filter_map(|action| facts.catalogue.call(action));
    calls.all(|call| subject.reach_anywhere(facts, call, &[]).is_some())
}
