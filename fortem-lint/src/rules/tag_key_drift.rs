//! FL022.

use std::collections::{BTreeMap, BTreeSet};

use fortem_compile::iam::{Condition, Effect, Statement};

use super::{Draft, Findings, Input, Meta, Rule};
use crate::environments::{Origin, is_usual_name};
use crate::facts::condition::{if_never, needs_key};
use crate::facts::{Facts, Scoping, TagOf, compares_with_principal_tag, tag_of_key};
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;
use crate::unit::Policy;

/// A condition on another tag than the one that names the environment.
#[derive(Debug)]
pub(super) struct TagKeyDrift;

static META: Meta = Meta {
    id: "FL022",
    name: "tag-key-drift",
    summary: "A policy asks for another tag key than resources and principals have, or a resource has another",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Nothing has the tag that the condition asks for, so the Allow is dead and the Deny, meant to keep \
          people out of production, never applies.",
    remediation: "Use one key for the environment, in tags and in policies",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Operate", "Effect": "Allow",
  "Action": "ecs:StopTask", "Resource": "*", "Condition": {"StringEquals": {
  "aws:ResourceTag/Environment": "${aws:PrincipalTag/Env}"}}}]}"#,
    limits: "Without a fleet file the key that is used most is taken for the right one.",
    peers: &[],
};

impl Rule for TagKeyDrift {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        findings.resources(&META);
        let keys = Keys::of(facts);
        for policy in facts.unit.policies.iter().filter(|one| one.is_changeable()) {
            for statement in policy.document.statements() {
                let Some(key) = other_key(statement, facts, &keys)
                    .or_else(|| other_variable(statement, facts, &keys))
                    .or_else(|| stray_variable(policy, statement, facts, &keys))
                else {
                    continue;
                };
                if is_beside_another(policy, statement, facts) {
                    continue;
                }
                let message = format!(
                    "`{key}` is not the environment's tag, which is `{}`, {}",
                    facts.environments.tag_key(),
                    if_never(statement)
                );
                let mut draft = META.at_statement(policy, statement, message);
                if facts.environments.origin() == Origin::Inferred {
                    draft = draft.confidence(Confidence::Medium);
                }
                findings.report(match statement.effect() {
                    Effect::Allow => draft.severity(Severity::Medium),
                    Effect::Deny => draft,
                });
            }
        }
        for (key, uses) in drifted(facts) {
            findings.report(draft_of_resources(facts, key, &uses));
        }
    }
}

/// How many resources a finding names.
const NAMED: usize = 5;

/// Resources whose environment stands under another key, by that key as written.
fn drifted<'u>(facts: &Facts<'u>) -> BTreeMap<&'u str, Vec<(Summary<'u>, &'u str)>> {
    let own = facts.environments.tag_key();
    let mut found: BTreeMap<&str, Vec<(Summary<'_>, &str)>> = BTreeMap::new();
    for region in &facts.regions {
        region.each_in_use(facts, |one| {
            let Some(tags) = one.tags else { return };
            // With the right key beside it, another case is FL021, and another key does no harm.
            if tags.iter().any(|(key, _)| key == own) {
                return;
            }
            // A `Stage` may be something else: what is guessed counts where it names an environment as is usual.
            let is_meant = |value: &str| match facts.environments.origin() {
                Origin::Declared => facts.environments.meant_by(value).is_some(),
                Origin::Inferred => is_usual_name(value),
            };
            let mut tags = tags.iter().filter(|(key, value)| {
                facts.environments.is_environment_key(key) && is_meant(value)
            });
            if let Some((key, value)) = tags.next() {
                found.entry(key).or_default().push((one, value));
            }
        });
    }
    found
}

fn draft_of_resources(facts: &Facts<'_>, key: &str, uses: &[(Summary<'_>, &str)]) -> Draft {
    let own = facts.environments.tag_key();
    let names = uses.first().map(|(one, _)| format!("{} `{}`", one.kind, one.label()));
    let (others, verb) = match uses.len() {
        0 | 1 => (String::new(), "names its"),
        2 => (" and another resource".to_owned(), "name their"),
        more => (format!(" and {} other resources", more - 1), "name their"),
    };
    let message = format!(
        "{}{others} {verb} environment by the tag `{key}`, not by `{own}`",
        names.unwrap_or_default()
    );
    let mut draft = match uses.first() {
        Some((one, _)) => META.at_resource(facts, one, message),
        None => META.at(facts.place_in(None, &[]), message),
    };
    for (one, value) in uses.iter().take(NAMED) {
        draft = draft.evidence(format!("{} `{}` has `{key}={value}`", one.kind, one.label()));
    }
    if key.eq_ignore_ascii_case(own) {
        // The key in a condition's name has no case, the values of `aws:TagKeys` have (IAM user guide, 2026-09).
        draft = draft
            .severity(Severity::Low)
            .evidence("conditions on the tag ignore the case of its key; `aws:TagKeys` and tag policies do not");
    } else if facts.environments.origin() == Origin::Inferred {
        draft = draft.confidence(Confidence::Medium);
    }
    draft.remediation(format!("Tag them with `{own}`, and remove `{key}`"))
}

/// The tag keys in use, in lower case.
struct Keys {
    principals: BTreeSet<String>,
    resources: BTreeSet<String>,
    /// Whether resources may have other keys, which were not read.
    may_have_more: bool,
}

impl Keys {
    fn of(facts: &Facts<'_>) -> Self {
        let tags = facts.unit.principals.iter().flat_map(|one| &one.tags);
        let principals = tags.map(|(key, _)| key.to_lowercase()).collect();
        let mut resources = BTreeSet::new();
        if let Some(known) = &facts.unit.resources {
            known.each_tag(|key, _| {
                resources.insert(key.to_lowercase());
            });
        }
        Self { principals, resources, may_have_more: facts.may_miss_resources() }
    }
}

/// The key of a condition on a tag that looks like the environment's.
fn other_key<'s>(statement: &'s Statement, facts: &Facts<'_>, keys: &Keys) -> Option<&'s str> {
    if Scoping::of(statement, facts.environments) != Scoping::OtherKey {
        return None;
    }
    statement.conditions().iter().find_map(|one| {
        let (whose, tag) = tag_of_key(one.key())?;
        let other = whose != TagOf::Principal
            && !one.is_null()
            && is_other(tag, facts)
            && !keys.may_have_more
            && !keys.resources.contains(&tag.to_lowercase());
        other.then_some(one.key())
    })
}

/// A variable for a tag of the caller that looks like the environment's, and that nobody has.
fn other_variable<'s>(statement: &'s Statement, facts: &Facts<'_>, keys: &Keys) -> Option<&'s str> {
    let of_conditions =
        statement.conditions().iter().filter(|one| needs_key(one)).flat_map(Condition::variables);
    let mut variables = statement.resource_variables().chain(of_conditions);
    variables.find(|key| {
        tag_of_key(key).is_some_and(|(whose, tag)| {
            whose == TagOf::Principal && is_other(tag, facts) && !keys.principals.contains(tag)
        })
    })
}

/// A variable for a tag of the caller that nobody has and that the environment's tag is compared with, where other
/// statements of the policy compare it with the tag of the same key.
fn stray_variable<'s>(
    policy: &Policy,
    statement: &'s Statement,
    facts: &Facts<'_>,
    keys: &Keys,
) -> Option<&'s str> {
    let own = facts.environments.tag_key();
    let of_environment = |one: &&Condition| {
        tag_of_key(one.key()).is_some_and(|(whose, tag)| {
            whose != TagOf::Principal && tag.eq_ignore_ascii_case(own)
        })
    };
    let principal_tags = |statement: &'s Statement| {
        let conditions = statement.conditions().iter().filter(of_environment);
        conditions.flat_map(Condition::variables).filter_map(|key| match tag_of_key(key)? {
            (TagOf::Principal, tag) => Some((key, tag)),
            _ => None,
        })
    };
    let mut strays = principal_tags(statement)
        .filter(|(_, tag)| !tag.eq_ignore_ascii_case(own) && !keys.principals.contains(*tag));
    let (stray, _) = strays.next()?;
    let is_usual = compares_with_principal_tag(&policy.document, facts.environments);
    (is_usual && !principal_tags(statement).any(|(_, tag)| tag.eq_ignore_ascii_case(own)))
        .then_some(stray)
}

fn is_other(tag: &str, facts: &Facts<'_>) -> bool {
    !tag.eq_ignore_ascii_case(facts.environments.tag_key())
        && facts.environments.is_environment_key(tag)
}

/// Whether the same is said by the right key in another statement, as while keys are changed.
fn is_beside_another(policy: &Policy, statement: &Statement, facts: &Facts<'_>) -> bool {
    policy.document.statements().iter().any(|other| {
        other.number() != statement.number()
            && other.effect() == statement.effect()
            && other.actions() == statement.actions()
            && Scoping::of(other, facts.environments) == Scoping::Tag
    })
}
