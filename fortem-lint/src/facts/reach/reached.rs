//! Calls that are allowed, alone and by the statement that allows them.

use fortem_compile::iam::{Request, Statement};

use super::Target;
use crate::catalogue::Catalogue;
use crate::environments::names_word;
use crate::facts::{Facts, Subject};
use crate::unit::Policy;

/// A call that is allowed.
#[derive(Debug)]
pub struct Reached<'u> {
    /// The policy that allows it.
    pub policy: &'u Policy,
    /// The statement that allows it.
    pub statement: &'u Statement,
    /// The call.
    pub request: Request,
    /// Whether it rests on a point that AWS leaves open.
    pub is_doubtful: bool,
}

/// A Deny statement that stops a call.
#[derive(Debug, Clone, Copy)]
pub struct Guard<'u> {
    /// The policy that has it.
    pub policy: &'u Policy,
    /// The statement.
    pub statement: &'u Statement,
}

impl Reached<'_> {
    /// Whether the name of what is reached has that of an environment as a word.
    #[must_use]
    pub fn is_called_after(&self, environment: &str) -> bool {
        names_word(self.request.resource(), environment)
    }

    /// Whether what is reached has some value of the environment's tag.
    #[must_use]
    pub fn has_tag(&self, facts: &Facts<'_>, value: &str) -> bool {
        let key = format!("aws:ResourceTag/{}", facts.environments.tag_key());
        let tag = self.request.context().get(&key);
        tag.is_some_and(|values| values.as_slice().iter().any(|one| one == value))
    }

    /// Whether the statement spells the name of the resource, without wildcards.
    #[must_use]
    pub fn is_spelt(&self) -> bool {
        let name = |arn: &str| arn.splitn(6, ':').nth(5).map(str::to_owned);
        let spelt = self.statement.filled_resources(self.request.context());
        !self.statement.is_not_resource()
            && spelt.iter().any(|one| name(one) == name(self.request.resource()))
    }
}

impl std::fmt::Display for Reached<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let action = self.request.action();
        let names = Catalogue::builtin().names().iter();
        let action =
            names.copied().find(|name| name.eq_ignore_ascii_case(action)).unwrap_or(action);
        write!(f, "allowed: {action} on {}", self.request.resource())?;
        let telling =
            ["resourcetag/", "requesttag/", "principaltag/", "ecs:", "aws:tagkeys", "iam:passedto"];
        let mut join = " with ";
        for (key, values) in self.request.context().iter() {
            if telling.iter().any(|part| key.contains(part)) {
                write!(f, "{join}{key} = {}", values.as_slice().join(", "))?;
                join = "; ";
            }
        }
        Ok(())
    }
}

/// Calls that one statement lets a subject make.
#[derive(Debug)]
pub struct ReachedGroup<'u> {
    // INVARIANT: not empty, all of one statement.
    first: Reached<'u>,
    actions: Vec<&'static str>,
}

impl<'u> ReachedGroup<'u> {
    /// Calls by the statement that allows them, in the order of the calls.
    #[must_use]
    pub fn by_statement(calls: Vec<(&'static str, Reached<'u>)>) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for (action, call) in calls {
            let same = |group: &&mut Self| std::ptr::eq(group.first.statement, call.statement);
            match groups.iter_mut().find(same) {
                Some(group) if group.actions.contains(&action) => {}
                Some(group) => group.actions.push(action),
                None => groups.push(Self { first: call, actions: vec![action] }),
            }
        }
        groups
    }

    /// The first of the calls.
    #[must_use]
    pub fn first(&self) -> &Reached<'u> {
        &self.first
    }

    /// The actions in words: `ecs:StopTask`, or `ecs:StopTask and 3 others`.
    #[must_use]
    pub fn actions(&self) -> String {
        match self.actions.as_slice() {
            [] => String::new(),
            [one] => format!("`{one}`"),
            [one, two] => format!("`{one}` and `{two}`"),
            [first, rest @ ..] => format!("`{first}` and {} others", rest.len()),
        }
    }

    /// The actions.
    #[must_use]
    pub fn names(&self) -> &[&'static str] {
        &self.actions
    }
}

impl<'u> Subject<'u> {
    /// The calls of a list that reach the target, by the statement that allows them.
    #[must_use]
    pub fn reached_by_statement(
        &self,
        facts: &Facts<'_>,
        actions: &[&'static str],
        target: &Target<'_>,
    ) -> Vec<ReachedGroup<'u>> {
        let calls = facts.catalogue.calls(actions).filter(|(_, call)| self.may_call(*call));
        let reached = calls.flat_map(|(action, call)| {
            let through = self.grants(call).filter_map(move |(policy, statement)| {
                self.reach_through(facts, call, target, policy, statement)
            });
            through.map(move |reached| (action, reached))
        });
        ReachedGroup::by_statement(reached.collect())
    }

    /// The calls of a list that reach the target through one Allow statement.
    #[must_use]
    pub fn reached_through(
        &self,
        facts: &Facts<'_>,
        actions: &[&'static str],
        target: &Target<'_>,
        policy: &'u Policy,
        statement: &'u Statement,
    ) -> Option<ReachedGroup<'u>> {
        let covered = facts.catalogue.covered_by(statement);
        let mut group: Option<ReachedGroup<'u>> = None;
        for (action, call) in facts.catalogue.calls(actions) {
            if !covered.contains(call) {
                continue;
            }
            let Some(reached) = self.reach_through(facts, call, target, policy, statement) else {
                continue;
            };
            match &mut group {
                Some(group) => group.actions.push(action),
                None => group = Some(ReachedGroup { first: reached, actions: vec![action] }),
            }
        }
        group
    }
}
