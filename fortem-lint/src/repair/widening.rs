//! Whether a statement that was changed grants what it did not grant before.
//!
//! The answer is by trial of the evaluator: calls of every action of the catalogue, on resources that the statements
//! name and others, with every combination of values that tell the two statements apart: absent, as the policy
//! writes it, as its patterns match it, each environment, and what nobody names.

use std::collections::BTreeSet;

use fortem_compile::iam::{Condition, Context, Effect, Request, Statement, Truth, Values};
use fortem_compile::reference::Reference;

use crate::catalogue::Catalogue;
use crate::environments::Environments;
use crate::facts::tag_of_key;

/// The most combinations of values that are tried.
const LIMIT: usize = 20_000;
/// What no policy is likely to compare with.
const OTHER: &str = "fortem-other";

/// What came of the trial.
#[derive(Debug)]
pub enum Verdict {
    /// Nothing is granted that was not before.
    Within,
    /// This call is: allowed anew, or denied no more.
    Wider(Box<Request>),
    /// It cannot be said, and this is why.
    Unknown(&'static str),
}

/// Compares a statement with what it was.
#[must_use]
pub fn judge(before: &Statement, after: &Statement, environments: &Environments) -> Verdict {
    if before.effect() != after.effect()
        || before.principals() != after.principals()
        || before.is_not_principal() != after.is_not_principal()
    {
        return Verdict::Unknown("it is about other principals, or has another effect");
    }
    // An Allow may not hold where it did not, and a Deny may not let go of what it held.
    let (wide, narrow) = match after.effect() {
        Effect::Allow => (after, before),
        Effect::Deny => (before, after),
    };
    let trial = Trial { wide, narrow, environments };
    let (keys, actions) = (trial.keys(), trial.actions());
    if trial.combinations(&keys) > LIMIT {
        return Verdict::Unknown("it compares too many keys to try them all");
    }
    match trial.vary(&keys, &actions, &mut Context::default()) {
        Some(call) => Verdict::Wider(Box::new(call)),
        None => Verdict::Within,
    }
}

struct Trial<'s> {
    wide: &'s Statement,
    narrow: &'s Statement,
    environments: &'s Environments,
}

impl<'s> Trial<'s> {
    fn statements(&self) -> [&'s Statement; 2] {
        [self.wide, self.narrow]
    }

    fn conditions(&self) -> impl Iterator<Item = &'s Condition> {
        self.statements().into_iter().flat_map(Statement::conditions)
    }

    /// Every key that either statement asks about, in lower case; those that stand as variables first, since the values
    /// of others depend on them.
    fn keys(&self) -> Vec<String> {
        let variables = self.conditions().flat_map(Condition::variables);
        let of_resources = self.statements().into_iter().flat_map(Statement::resource_variables);
        let lower = |keys: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
            keys.map(str::to_ascii_lowercase).collect()
        };
        let variables = lower(&mut variables.chain(of_resources));
        let compared = lower(&mut self.conditions().map(Condition::key));
        let compared: Vec<String> = compared.difference(&variables).cloned().collect();
        variables.into_iter().chain(compared).collect()
    }

    /// About how many combinations of values there are; how many a key has hardly depends on the others.
    fn combinations(&self, keys: &[String]) -> usize {
        let context = Context::default();
        let numbers = keys.iter().map(|key| 1 + self.values(key, &context).len());
        numbers.fold(1, usize::saturating_mul)
    }

    /// Gives the keys every combination of values, and tries the calls with each.
    fn vary(&self, keys: &[String], actions: &[String], context: &mut Context) -> Option<Request> {
        let Some((key, rest)) = keys.split_first() else { return self.call(actions, context) };
        context.remove(key);
        if let Some(call) = self.vary(rest, actions, context) {
            return Some(call);
        }
        for value in self.values(key, context) {
            context.insert(key, value);
            if let Some(call) = self.vary(rest, actions, context) {
                return Some(call);
            }
        }
        context.remove(key);
        None
    }

    fn values(&self, key: &str, context: &Context) -> Vec<Values> {
        // A tag may have no text at all.
        let mut texts: BTreeSet<String> = BTreeSet::from([OTHER.to_owned(), String::new()]);
        // Whoever compares a key with sets may believe it to be a list; of unknown keys nobody knows.
        let known = Reference::builtin().ok().and_then(|of| of.key_type(key));
        let mut is_list = known.is_none_or(|known| known.multivalued);
        for condition in self.conditions().filter(|one| one.key().eq_ignore_ascii_case(key)) {
            is_list |= condition.operator().starts_with("For");
            let near = condition.candidates(context);
            texts.extend(near.iter().flat_map(|values| values.as_slice().iter().cloned()));
            for value in condition.values().iter().filter(|_| !condition.is_null()) {
                texts.extend([value.clone(), value.to_uppercase()]);
                texts.extend(instances(value));
            }
        }
        if tag_of_key(key).is_some_and(|(_, tag)| self.environments.is_environment_key(tag)) {
            texts.extend(self.environments.all().iter().map(|one| one.name.clone()));
        }
        let mut values: Vec<Values> = texts.iter().cloned().map(Values::One).collect();
        if is_list {
            values.push(Values::Many(Vec::new()));
            for text in texts {
                values.push(Values::Many(vec![text.clone()]));
                values.push(Values::Many(vec![text, OTHER.to_owned()]));
            }
        }
        values
    }

    /// A call that the wide statement covers and the narrow one does not.
    fn call(&self, actions: &[String], context: &Context) -> Option<Request> {
        let resources = self.resources(context);
        let mut calls = actions.iter().flat_map(|action| {
            resources.iter().map(|resource| {
                let mut request = Request::new(action, resource);
                *request.context_mut() = context.clone();
                request
            })
        });
        calls.find(|request| {
            let holds = |statement: &Statement| strength(statement.applies(request));
            holds(self.wide) > holds(self.narrow)
        })
    }

    /// Actions that the wide statement covers: one that the narrow one covers too, and one that it does not.
    fn actions(&self) -> Vec<String> {
        let written = self.statements().into_iter().flat_map(Statement::actions);
        let written = written.flat_map(|pattern| instances(pattern));
        let known = Catalogue::builtin().names().iter().map(|name| (*name).to_owned());
        let mut actions: [Option<String>; 2] = [None, None];
        for action in known.chain(written) {
            let lower = action.to_ascii_lowercase();
            if self.wide.covers_action(&lower) {
                let both = usize::from(self.narrow.covers_action(&lower));
                if let Some(slot) = actions.get_mut(both) {
                    slot.get_or_insert(action);
                }
            }
        }
        actions.into_iter().flatten().collect()
    }

    /// Resources that the statements name, one that they do not, and none; of those that they cover alike, one.
    fn resources(&self, context: &Context) -> Vec<String> {
        let named = self.statements().into_iter().flat_map(|one| one.filled_resources(context));
        let mut seen = Vec::new();
        let others = ["arn:aws:ecs:eu-west-1:111122223333:service/example/example", "*"];
        let others = others.into_iter().map(str::to_owned);
        let resources = others.chain(named.flat_map(|pattern| instances(&pattern)));
        let apart = resources.filter(|resource| {
            let covers =
                self.statements().map(|one| strength(one.covers_resource(resource, context)));
            let is_new = !seen.contains(&covers);
            seen.push(covers);
            is_new
        });
        apart.collect()
    }
}

/// Texts that a pattern matches, one of them with something in it that no other pattern is likely to match.
fn instances(pattern: &str) -> [String; 2] {
    [pattern.replace(['*', '?'], "x"), pattern.replace('*', OTHER).replace('?', "x")]
}

/// How surely a statement holds.
fn strength(truth: Truth) -> u8 {
    match truth {
        Truth::No => 0,
        Truth::Unclear(_) => 1,
        Truth::Yes => 2,
    }
}
