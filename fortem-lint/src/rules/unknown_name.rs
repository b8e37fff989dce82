//! FL703.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fortem_compile::iam::Condition;
use fortem_compile::reference::{Action, Reference};

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// An action, key or service that does not exist.
#[derive(Debug)]
pub(super) struct UnknownName;

static META: Meta = Meta {
    id: "FL703",
    name: "unknown-name",
    summary: "A policy names an action, condition key or service that does not exist",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "AWS accepts what does not exist and nothing follows from it: a grant is missing, or a Deny has a \
          hole where the name was mistyped.",
    remediation: "Correct the name",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ecs:ExecuteComand", "Resource": "*"}]}"#,
    limits: "Only services of the reference data are judged, at its date: what AWS has added since is not known \
             to it.",
    peers: &["IAM Access Analyzer", "parliament: UNKNOWN_ACTION", "iam-policy-validator"],
};

impl Rule for UnknownName {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        for statement in policy.document.statements() {
            let actions =
                statement.actions().iter().filter_map(|name| unknown_action(name, facts.reference));
            let keys = statement.conditions().iter().map(Condition::key);
            let keys = keys.filter_map(|name| unknown_key(name, facts.reference));
            let unknown: Vec<String> = actions.chain(keys).collect();
            let Some(first) = unknown.first() else { continue };
            let more = match unknown.len() {
                1 => String::new(),
                many => format!(", and {} more", many - 1),
            };
            let date = facts.reference.date().get(..10).unwrap_or_default();
            let draft = META.at_statement(policy, statement, format!("{first}{more}"));
            let draft =
                unknown.iter().skip(1).fold(draft, |draft, one| draft.evidence(one.clone()));
            findings.report(draft.evidence(format!("service authorization reference of {date}")));
        }
    }
}

/// What is wrong with an action or pattern.
fn unknown_action(name: &str, reference: &Reference) -> Option<String> {
    let (service, action) = name.split_once(':')?;
    if service.contains(['*', '?']) {
        return None;
    }
    if !reference.has_service(service) {
        let meant = misspelt_service(service, action, reference)?;
        return Some(format!("there is no service `{service}`, did you mean `{meant}`"));
    }
    if !reference.matching(name).is_empty() {
        return None;
    }
    if action.contains(['*', '?']) {
        return Some(format!("no action matches `{name}`"));
    }
    let actions = reference.actions(service).map(Action::name);
    Some(match closest(name, actions) {
        Some(meant) => format!("there is no action `{name}`, did you mean `{meant}`"),
        None => format!("there is no action `{name}`"),
    })
}

/// The services of the reference data by their letters.
static SERVICES: LazyLock<BTreeMap<Vec<char>, &str>> = LazyLock::new(|| {
    let all = Reference::builtin().map(|reference| reference.matching("*")).unwrap_or_default();
    let services = all.into_iter().filter_map(|one| Some(one.name().split_once(':')?.0));
    services.map(|service| (letters(service), service)).collect()
});

fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.to_lowercase().chars().collect();
    letters.sort_unstable();
    letters
}

/// The service whose letters are those of an unknown one in another order, if it has the action. Most services are not
/// in the data, so that more than this would be guessing.
fn misspelt_service(service: &str, action: &str, reference: &Reference) -> Option<String> {
    let meant = SERVICES.get(&letters(service))?;
    let exists = !reference.matching(&format!("{meant}:{action}")).is_empty();
    exists.then(|| format!("{meant}:{action}"))
}

/// What is wrong with a condition key.
fn unknown_key(name: &str, reference: &Reference) -> Option<String> {
    let (service, _) = name.split_once(':')?;
    let judged = service.eq_ignore_ascii_case("aws") || reference.has_service(service);
    if !judged || reference.key_type(name).is_some() {
        return None;
    }
    let (head, tag) = name.split_once('/').unwrap_or((name, ""));
    let generic = if tag.is_empty() {
        name.to_lowercase()
    } else {
        format!("{}/${{tagkey}}", head.to_lowercase())
    };
    Some(match closest(&generic, reference.condition_keys()) {
        Some(meant) => format!(
            "there is no condition key `{name}`, did you mean `{}`",
            meant.replace("${tagkey}", tag)
        ),
        None => format!("there is no condition key `{name}`"),
    })
}

/// So many letters may differ from what was meant.
const TYPOS: usize = 3;

/// The most similar name, if one is similar.
fn closest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let name = name.to_lowercase();
    // Names of other lengths are further away, and one of a file may be as long as the file.
    let near = known.filter(|one| one.len().abs_diff(name.len()) <= TYPOS);
    let rated = near.map(|one| (strsim::osa_distance(&name, &one.to_lowercase()), one));
    let (distance, closest) = rated.min()?;
    (distance <= TYPOS).then_some(closest)
}
