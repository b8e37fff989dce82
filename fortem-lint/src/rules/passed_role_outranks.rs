//! FL205.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::catalogue::Call;
use crate::environments::Environment;
use crate::facts::{Facts, Reached, Scoping, Subject, Target, services_of};
use crate::unit::PrincipalKind;

mod paths;

use crate::finding::{Confidence, Persona, Severity};
use paths::{CALLS, DIRECT, PASSED, Path};

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
            if subject.is_plain_administrator() || subject.is_administrator(facts) {
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
fn by_passing(subject: &Subject<'_>, facts: &Facts<'_>) -> Option<Draft> {
    let pass = facts.catalogue.call("iam:PassRole").filter(|call| subject.may_call(*call))?;
    let mut ways = PASSED.iter().filter_map(|path| {
        let calls = calls_of(path, subject, facts)?;
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
        draft = draft.confidence(Confidence::Medium).evidence(
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

/// For each step of a path a call that the subject may make on something, if there is one for all.
fn calls_of(path: &Path, subject: &Subject<'_>, facts: &Facts<'_>) -> Option<Vec<&'static str>> {
    let steps = path.steps.iter().map(|step| {
        let mut calls = facts.catalogue.calls(step).filter(|(_, call)| subject.may_call(*call));
        calls.next()
    });
    // The cheap look at all steps comes before the search for calls.
    steps.collect::<Option<Vec<_>>>()?;
    let reachable = |step: &'static [&'static str]| {
        let mut calls = facts.catalogue.calls(step).filter(|(_, call)| subject.may_call(*call));
        calls
            .find(|(_, call)| subject.reach_anywhere(facts, *call, &[]).is_some())
            .map(|(name, _)| name)
    };
    path.steps.iter().map(|step| reachable(step)).collect()
}

/// A role of the account that the service may take on, of another environment or of an administrator.
fn known_role<'f, 'u>(
    path: &Path,
    pass: Call,
    subject: &Subject<'u>,
    facts: &'f Facts<'_>,
) -> Option<Taken<'f, 'u>> {
    let keys = [("iam:PassedToService", Some(path.service))];
    let known = subject.known(facts, &Target::untagged("").with(&keys));
    let wanted = |other: &Subject<'_>, is_administrator: bool| {
        is_administrator || subject.foreign_home(facts, other).is_some()
    };
    subject.grants(pass).find_map(|(_, statement)| {
        facts.directory().covered(facts, statement, &known, wanted).find_map(
            |(other, is_administrator)| {
                let role = other.principal().filter(|one| one.kind == PrincipalKind::Role)?;
                let environment = subject.foreign_home(facts, other);
                let trusts = || services_of(facts, role).iter().any(|one| *one == path.service);
                if !trusts() {
                    return None;
                }
                let tag = role.tag(facts.environments.tag_key());
                let target = Target { tag, ..Target::untagged("") }.with(&keys);
                let reached = subject.reach_arn(facts, pass, &target, &role.arn)?;
                let rank = if is_administrator { ", which may change any policy" } else { "" };
                let whose = environment.map_or(String::new(), |one| format!(" of `{}`", one.name));
                Some(Taken {
                    whose: format!("`{}`{whose}{rank}", role.arn),
                    reached,
                    environment,
                    is_known: true,
                })
            },
        )
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
    let foreign = facts.environments.foreign_to(&subject.environments)?;
    let target = Target::tagged(&foreign.name).with(&keys);
    let reached = subject.reach(facts, pass, &target).filter(|one| !one.is_spelt())?;
    let whose = format!("any role of `{}`", foreign.name);
    Some(Taken { whose, reached, environment: Some(foreign), is_known: false })
}

/// What exists in another environment and may be made to run the subject's code.
fn by_taking_over(subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let Some(foreign) = facts.environments.foreign_to(&subject.environments) else { return };
    let instance = Target::tagged(&foreign.name);
    for action in DIRECT {
        // Of what `ssm` can reach, documents and the like have no role.
        let target =
            if action.starts_with("ssm:") { instance.of_type("instance") } else { instance };
        for group in subject.reached_by_statement(facts, std::slice::from_ref(action), &target) {
            let reached = group.first();
            if Scoping::of(reached.statement, facts.environments).is_faulty() || reached.is_spelt()
            {
                continue;
            }
            let message = format!(
                "code may be run as roles that are in use in `{}`, by {}",
                foreign.name,
                group.actions()
            );
            let evidence = "what is reached runs as its own role, without `iam:PassRole`";
            let draft = META.at_reached(subject, reached, message).severity(Severity::High);
            findings.report(draft.to(foreign).evidence(evidence));
        }
    }
}
