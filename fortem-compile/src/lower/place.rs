//! The environment that statements are for, as documents spell it.

use std::collections::BTreeSet;

use fortem_core::{Environment, Fleet, Mode, Names};

use crate::Identity;
use crate::model::{Alternative, Reach, Role};
use crate::statement::Conditions;

/// How documents know the environment of those they are attached to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Binding<'a> {
    /// By the environment's tag of the principal.
    Tag,
    /// By one of so many tags of the principal.
    Slots(usize),
    /// They are written for this one.
    To(&'a Environment),
    /// The policy names the environments, whoever has it.
    Named,
}

impl<'a> Binding<'a> {
    /// How the documents of an identity are bound.
    pub(crate) fn of(fleet: &'a Fleet, role: &Role, identity: Identity) -> Self {
        let environment = identity.environment.and_then(|name| fleet.environment(name));
        match (environment, fleet.mode_of(role.policy.id())) {
            _ if !role.is_assigned => Self::Named,
            (Some(environment), _) => Self::To(environment),
            (None, Mode::Slots) => Self::Slots(fleet.slots()),
            (None, _) => Self::Tag,
        }
    }
}

/// The key of the environment's tag in a slot, counted from 1.
pub(crate) fn slot_key(fleet: &Fleet, slot: usize) -> String {
    format!("aws:PrincipalTag/{}{slot}", fleet.tag_key())
}

/// An environment, or the variable that stands for it.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    /// The name, or `${aws:PrincipalTag/…}`.
    pub(crate) spelling: String,
    /// How its things are named.
    pub(crate) names: &'a Names,
    /// The principal's tag that holds the environment.
    key: Option<String>,
    /// The tag is one of several, so that nothing is denied when it is empty: nothing may be granted then.
    is_slot: bool,
    environment: Option<&'a Environment>,
}

impl<'a> Place<'a> {
    pub(crate) fn of_tag(fleet: &'a Fleet, key: String) -> Self {
        let spelling = format!("${{{key}}}");
        Self { spelling, names: fleet.names(), key: Some(key), is_slot: false, environment: None }
    }

    fn named(environment: &'a Environment) -> Self {
        Self {
            spelling: environment.name().to_owned(),
            names: environment.names(),
            key: None,
            is_slot: false,
            environment: Some(environment),
        }
    }

    /// The condition that the place is one of those covered; nothing if it cannot be.
    ///
    /// A principal's tag is the name of an environment. One that spells it in another way is in none that is named,
    /// and not outside of it either.
    pub(crate) fn within(&self, reach: &Reach) -> Option<Conditions> {
        match (self.environment, &self.key) {
            (Some(environment), _) => reach.covers(environment).then(Conditions::new),
            (None, Some(key)) => {
                let mut within = tag_within(key, reach)?;
                if self.is_slot && !matches!(reach, Reach::In(_)) {
                    let filled = ("StringLike".to_owned(), key.clone());
                    within.insert(filled, BTreeSet::from(["?*".to_owned()]));
                }
                Some(within)
            }
            (None, None) => None,
        }
    }

    /// The condition that the place is none of those covered; nothing if it must be.
    pub(crate) fn outside(&self, reach: &Reach) -> Option<Conditions> {
        match (self.environment, &self.key) {
            (Some(environment), _) => (!reach.covers(environment)).then(Conditions::new),
            (None, Some(key)) => match reach {
                Reach::Everywhere => None,
                Reach::In(inside) => tag_within(key, &Reach::Outside(inside.clone())),
                Reach::Outside(outside) => tag_within(key, &Reach::In(outside.clone())),
            },
            (None, None) => None,
        }
    }
}

fn tag_within(key: &str, reach: &Reach) -> Option<Conditions> {
    let condition = |operator: &str, values| {
        Conditions::from([((operator.to_owned(), key.to_owned()), values)])
    };
    match reach {
        Reach::In(inside) if inside.is_empty() => None,
        Reach::In(inside) => Some(condition("StringEquals", names(inside))),
        Reach::Outside(outside) if !outside.is_empty() => {
            Some(condition("StringNotEqualsIgnoreCase", spellings(outside)))
        }
        Reach::Everywhere | Reach::Outside(_) => Some(Conditions::new()),
    }
}

/// The places that an alternative of a role is about.
pub(crate) fn places<'a>(
    fleet: &'a Fleet,
    binding: Binding<'a>,
    alternative: &Alternative<'a>,
) -> Vec<Place<'a>> {
    match binding {
        Binding::Tag => {
            vec![Place::of_tag(fleet, format!("aws:PrincipalTag/{}", fleet.tag_key()))]
        }
        Binding::Slots(count) => {
            let slots = (1..=count).map(|slot| slot_key(fleet, slot));
            slots.map(|key| Place { is_slot: true, ..Place::of_tag(fleet, key) }).collect()
        }
        Binding::To(environment) => vec![Place::named(environment)],
        Binding::Named => match &alternative.reach {
            Reach::In(inside) => inside.iter().map(|one| Place::named(one)).collect(),
            Reach::Everywhere | Reach::Outside(_) => Vec::new(),
        },
    }
}

pub(crate) fn names(environments: &[&Environment]) -> BTreeSet<String> {
    environments.iter().map(|environment| environment.name().to_owned()).collect()
}

pub(crate) fn spellings(environments: &[&Environment]) -> BTreeSet<String> {
    let all = environments.iter().flat_map(|environment| environment.spellings());
    all.map(str::to_owned).collect()
}
