//! FL026.

use fortem_compile::iam::{Condition, Effect, Request, Statement, Truth};

use super::{Draft, Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::{Facts, tag_of_key};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// An ARN pattern of one environment that takes the names of another.
#[derive(Debug)]
pub(super) struct EnvPrefixCollision;

static META: Meta = Meta {
    id: "FL026",
    name: "env-prefix-collision",
    summary: "An ARN pattern for one environment also matches the names of another",
    severity: Severity::High,
    confidence: Confidence::Medium,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "`role/ecs/dev-*` covers `role/ecs/dev-eu-admin` too: where one environment's name begins another's, \
          the pattern hands over both.",
    remediation: "End the name with a delimiter that names do not have, as a path: `role/ecs/dev/*`",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::*:role/ecs/dev-*"},
  {"Effect": "Deny", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/Environment": ["dev", "dev-eu"]}}}]}"#,
    limits: "Only environments that the input or the fleet file names are compared. A name that comes later is foreseen \
             where nothing at all closes the name in the pattern, as in `staging*`.",
    peers: &[],
};

impl Rule for EnvPrefixCollision {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        let pairs = pairs(facts.environments.all());
        let tag_key = facts.environments.tag_key();
        for statement in
            policy.document.statements().iter().filter(|one| one.effect() == Effect::Allow)
        {
            let arns = statement
                .conditions()
                .iter()
                .filter(|one| !one.is_negated() && one.takes_wildcards());
            let texts = statement.resources().iter().chain(arns.flat_map(Condition::values));
            let texts = texts.filter(|_| !statement.is_not_resource());
            let collision = texts.into_iter().find_map(|text| {
                let mut colliding = pairs.iter().filter_map(|(one, other)| {
                    Some((*one, *other, name_of(text, one, other, tag_key)?))
                });
                colliding
                    .find(|(_, other, name)| !is_denied(policy, statement, name, (tag_key, &other.name)))
                    .map(|found| (text, found))
            });
            let Some((text, (one, other, name))) = collision else {
                if let Some(draft) = open_end(policy, statement, facts) {
                    findings.report(draft);
                }
                continue;
            };
            let message = format!(
                "`{text}` is for `{}` and also matches what is of `{}`",
                one.name, other.name
            );
            let draft = META.at_statement(policy, statement, message).from(&one.name).to(other);
            findings.report(draft.evidence(format!("`{name}` matches")));
        }
    }
}

/// A pattern in which the name of an environment is not even closed by a hyphen: `staging*`.
fn open_end(policy: &Policy, statement: &Statement, facts: &Facts<'_>) -> Option<Draft> {
    if statement.is_not_resource() {
        return None;
    }
    let variable = format!("${{aws:PrincipalTag/{}}}", facts.environments.tag_key());
    let others = facts.environments.all().iter().filter(|one| !one.is_production);
    let names: Vec<&str> = others.flat_map(Environment::spellings).chain([&*variable]).collect();
    let patterns = statement.conditions().iter().filter(|one| {
        let of_tag = tag_of_key(one.key())
            .is_some_and(|(_, key)| facts.environments.is_environment_key(key));
        let of_cluster = one.key().eq_ignore_ascii_case("ecs:cluster");
        !one.is_negated() && one.takes_wildcards() && (of_tag || of_cluster)
    });
    let texts = statement.resources().iter().chain(patterns.flat_map(Condition::values));
    let (text, name) = texts.into_iter().find_map(|text| {
        let open = names.iter().find_map(|name| {
            let (before, after) = text.split_once(name)?;
            let begins_word = !before.ends_with(char::is_alphanumeric);
            let taken = format!("{}{name}-2{}", before.replace('*', "x"), after.replace('*', "x"));
            let is_open = begins_word && after.starts_with('*');
            let tag = (facts.environments.tag_key(), format!("{name}-2"));
            let is_denied = || is_denied(policy, statement, &taken, (tag.0, &tag.1));
            (is_open && !is_denied()).then_some(*name)
        });
        Some((text, open?))
    })?;
    let name = if name == variable { "staging" } else { name };
    let message = format!(
        "`{text}` does not end with the environment's name: it matches what is of `{name}-2` as well"
    );
    let draft = META.at_statement(policy, statement, message).severity(Severity::Medium);
    Some(draft.confidence(Confidence::Medium).evidence("no such environment is known today"))
}

/// The environments of which one name begins the other.
fn pairs(all: &[Environment]) -> Vec<(&Environment, &Environment)> {
    let begins = |one: &Environment, other: &Environment| {
        let rest = other.name.strip_prefix(one.name.as_str());
        rest.is_some_and(|rest| rest.starts_with(|next: char| !next.is_alphanumeric()))
    };
    let pairs = all.iter().flat_map(|one| all.iter().map(move |other| (one, other)));
    pairs.filter(|(one, other)| begins(one, other)).collect()
}

/// A name of the other environment that a pattern for one takes.
fn name_of(text: &str, one: &Environment, other: &Environment, tag_key: &str) -> Option<String> {
    let variable = format!("${{aws:PrincipalTag/{tag_key}}}");
    let rest = other.name.strip_prefix(one.name.as_str())?;
    [one.name.as_str(), &variable].into_iter().find_map(|own| {
        let (before, after) = text.split_once(own)?;
        let begins_word = !before.ends_with(char::is_alphanumeric);
        let (literal, _) = after.split_once('*')?;
        let taken = begins_word && rest.starts_with(literal);
        let head = before.replace(['*', '?'], "x");
        taken.then(|| format!("{head}{}-orders", other.name))
    })
}

/// Whether the same document denies it, with the tag that it has.
fn is_denied(policy: &Policy, allow: &Statement, name: &str, (key, value): (&str, &str)) -> bool {
    let action = allow.actions().first().map(String::as_str).unwrap_or_default();
    let mut request = Request::new(&action.replace('*', "x"), name);
    request.context_mut().insert(&format!("aws:ResourceTag/{key}"), value);
    let denies = policy.document.statements().iter().filter(|one| one.effect() == Effect::Deny);
    denies.into_iter().any(|one| one.applies(&request) == Truth::Yes)
}
