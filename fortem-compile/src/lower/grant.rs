//! What a role permits, as Allow statements: one a row of the lowering table and way of permitting.

use std::collections::BTreeSet;

use fortem_core::Action;

use super::conditions::{Joined, join, of_tests};
use super::place::{Place, places};
use super::world::is_resource_tag;
use super::{LowerError, Subject, exception, refused};
use crate::arn;
use crate::lower::coverage::service_of;
use crate::model::{Alternative, Comparison, Test};
use crate::statement::{ApiActions, Conditions, Draft, Effect, Origin};
use crate::table::{Blind, Call, Channel, holds};

/// What the drafts of a role allow.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) apis: BTreeSet<String>,
}

impl Granted {
    pub(super) fn of(drafts: &[Draft]) -> Self {
        let actions = drafts.iter().flat_map(|draft| match &draft.actions {
            ApiActions::These(apis) | ApiActions::AllBut(apis) => apis,
        });
        Self { apis: actions.cloned().collect() }
    }

    /// The services the role touches.
    pub(super) fn services(&self) -> BTreeSet<&str> {
        self.apis.iter().filter_map(|api| service_of(api)).collect()
    }

    /// All of those services, but of IAM only what is granted.
    pub(super) fn whole_services(&self) -> BTreeSet<String> {
        let wide = self.services().into_iter().filter(|service| *service != "iam");
        let mut apis: BTreeSet<String> = wide.map(|service| format!("{service}:*")).collect();
        apis.extend(self.apis.iter().filter(|api| api.starts_with("iam:")).cloned());
        apis
    }
}

/// An API action that a permitted action takes, and that is not granted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// The API action.
    pub api: String,
    /// The action that takes it.
    pub action: String,
    /// The condition key that a policy asks about and AWS does not show in the call.
    pub key: String,
}

type Drafts = Result<(Vec<Draft>, Vec<LeftOut>), LowerError>;

pub(super) fn drafts(subject: &Subject) -> Drafts {
    let world = subject.world;
    let rows = world.table.calls.iter();
    let rows = rows.filter(|call| holds(call.schedule.as_deref(), world.schedule()));
    let mut drafts = Vec::new();
    let mut left_out = BTreeSet::new();
    for call in rows {
        for alternative in &subject.role.alternatives {
            for action in actions(subject, call, alternative) {
                match tests(subject, call, alternative, action) {
                    Ok(tests) => drafts.extend(allow(subject, call, alternative, action, &tests)?),
                    Err(hidden) => {
                        left_out.insert(hidden);
                    }
                }
            }
        }
    }
    drafts.extend(leaks(subject)?);
    Ok((distinct(drafts), left_out.into_iter().collect()))
}

/// The actions of an alternative that take a call.
fn actions<'a>(
    subject: &Subject<'a>,
    call: &'a Call,
    alternative: &Alternative,
) -> Vec<&'a Action> {
    let named = subject.role.actions.iter();
    let named = named.filter(|name| call.actions.contains(**name) && alternative.is_about(name));
    let known = named.filter_map(|name| subject.world.vocabulary.action(name));
    let concerned = |action: &&Action| {
        let about = subject.world.about(call, action);
        alternative.kinds.as_ref().is_none_or(|kinds| !kinds.is_disjoint(&about.kinds))
    };
    known.filter(concerned).collect()
}

/// What a call has to show; the key that it does not, if there is one.
fn tests(
    subject: &Subject,
    call: &Call,
    alternative: &Alternative,
    action: &Action,
) -> Result<Vec<Test>, LeftOut> {
    let shows_resource = subject.world.about(call, action).shows_resource;
    let mut wanted = Vec::new();
    for test in &alternative.tests {
        let hidden = keys(test).find(|key| {
            let is_elsewhere = is_resource_tag(key) && !shows_resource;
            is_elsewhere || !subject.world.carries(&call.api, key)
        });
        match hidden {
            None => wanted.push(test.clone()),
            // The call is good for some resource that passes, if there can be one.
            Some(_) if !shows_resource => match &test.comparison {
                Comparison::SameAs(other) if test.holds => {
                    wanted.push(Test::new(other.clone(), Comparison::Present));
                }
                _ => {}
            },
            Some(key) => {
                let (api, action) = (call.api.clone(), action.name().to_owned());
                return Err(LeftOut { api, action, key: key.to_owned() });
            }
        }
    }
    Ok(wanted)
}

fn keys(test: &Test) -> impl Iterator<Item = &str> {
    let variable = match &test.comparison {
        Comparison::SameAs(key) => Some(key.as_str()),
        _ => None,
    };
    std::iter::once(test.key.as_str()).chain(variable)
}

/// The grant of a call, once a place and way past the guards.
fn allow(
    subject: &Subject,
    call: &Call,
    alternative: &Alternative,
    action: &Action,
    tests: &[Test],
) -> Result<Vec<Draft>, LowerError> {
    let world = subject.world;
    let mut drafts = Vec::new();
    for place in places(world.fleet, subject.binding, alternative) {
        let Some(within) = place.within(&alternative.reach) else { continue };
        let row = world.conditions(&call.conditions, Some(&place));
        let shown = call.channels.iter().map(|channel| world.shows(*channel, &place));
        let fixed: Vec<Conditions> = shown.chain([row, within]).collect();
        for way in exception::ways(subject, call, action, &place)? {
            let all = fixed.iter().chain([&way]);
            let Some(conditions) = together(subject, tests, all)? else { continue };
            drafts.push(Draft {
                sid: api_name(&call.api).to_owned(),
                effect: Effect::Allow,
                actions: ApiActions::These(BTreeSet::from([call.api.clone()])),
                resources: resources(subject, call, &place),
                conditions,
                origin: origin(subject),
            });
        }
    }
    Ok(drafts)
}

/// Tests and conditions as one; nothing if they exclude each other.
fn together<'c>(
    subject: &Subject,
    tests: &[Test],
    all: impl Iterator<Item = &'c Conditions>,
) -> Result<Option<Conditions>, LowerError> {
    let start = of_tests(tests);
    let joined = all.fold(start, |so_far, one| match so_far {
        Joined::Both(conditions) => join(&conditions, one),
        other => other,
    });
    match joined {
        Joined::Both(conditions) => Ok(Some(conditions)),
        Joined::Never => Ok(None),
        Joined::Unsayable(key) => {
            let policy = subject.role.policy;
            Err(refused(
                policy,
                format!("`{}` asks more of `{key}` than one statement can say", policy.id()),
                "this role",
                "a statement compares a key with one operator once; ask less of it, or make two roles",
            ))
        }
    }
}

fn resources(subject: &Subject, call: &Call, place: &Place) -> BTreeSet<String> {
    let world = subject.world;
    if call.kinds.is_empty() {
        return BTreeSet::from(["*".to_owned()]);
    }
    let by_name = call.channels.contains(&Channel::Name);
    let kinds = call.kinds.iter().filter_map(|kind| world.table.kind(kind));
    let arns = kinds.flat_map(|kind| {
        if by_name {
            arn::own(world.fleet, kind, place.names, &place.spelling)
        } else {
            BTreeSet::from([arn::any(world.fleet, kind)])
        }
    });
    arns.collect()
}

/// The tag-blind rows of the role's actions that the fleet file accepts by name, under whatever of each alternative AWS
/// shows.
fn leaks(subject: &Subject) -> Result<Vec<Draft>, LowerError> {
    let world = subject.world;
    let is_accepted = |row: &&Blind| {
        let accepted = world.fleet.accepted_leaks().iter().any(|one| one.name() == row.api);
        accepted && holds(row.schedule.as_deref(), world.schedule())
    };
    let mut drafts = Vec::new();
    for row in world.table.blind.iter().filter(is_accepted) {
        for alternative in &subject.role.alternatives {
            let mut own = subject.role.actions.iter().filter(|one| row.actions.contains(**one));
            if !own.any(|action| alternative.is_about(action)) {
                continue;
            }
            let carried = |test: &&Test| keys(test).all(|key| world.carries(&row.api, key));
            let tests: Vec<Test> = alternative.tests.iter().filter(carried).cloned().collect();
            let within = places(world.fleet, subject.binding, alternative);
            let within = within.iter().filter_map(|place| place.within(&alternative.reach));
            for within in within.collect::<BTreeSet<Conditions>>() {
                if let Some(conditions) = together(subject, &tests, [&within].into_iter())? {
                    drafts.push(leak(subject, row, conditions));
                }
            }
        }
    }
    Ok(drafts)
}

fn leak(subject: &Subject, row: &Blind, conditions: Conditions) -> Draft {
    Draft {
        sid: "AcceptedLeak".to_owned(),
        effect: Effect::Allow,
        actions: ApiActions::These(BTreeSet::from([row.api.clone()])),
        resources: BTreeSet::from(["*".to_owned()]),
        conditions,
        origin: origin(subject),
    }
}

/// Each grant once, and none that holds only where another of the same calls does.
fn distinct(drafts: Vec<Draft>) -> Vec<Draft> {
    let covers = |one: &Draft, other: &Draft| {
        let same = one.actions == other.actions && one.resources == other.resources;
        same && one.conditions.iter().all(|(key, values)| other.conditions.get(key) == Some(values))
    };
    let mut kept: Vec<Draft> = Vec::new();
    for draft in drafts {
        if !kept.iter().any(|one| covers(one, &draft)) {
            kept.retain(|one| !covers(&draft, one));
            kept.push(draft);
        }
    }
    kept
}

fn origin(subject: &Subject) -> Origin {
    let policy = subject.role.policy;
    Origin::Policy { id: policy.id().to_owned(), location: policy.location() }
}

/// `UpdateService` of `ecs:UpdateService`.
pub(crate) fn api_name(api: &str) -> &str {
    api.split_once(':').map_or(api, |(_, name)| name)
}
