//! Cedar's own authorizer on one side, the emitted documents on the other: for each action, each
//! environment of principal and resource, both answer the same.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context as CedarContext, Decision, Entities, Entity, EntityId, EntityTypeName,
    EntityUid, PolicyId, PolicySet, Request, RestrictedExpression, SlotId,
};
use fortem_compile::{CompileError, compile, output};
use fortem_core::{Fleet, PolicyKind, Source};
use proptest::prelude::*;
use serde_json::Value;

use crate::calls::steps;
use crate::evaluator::{Call, Context, allows};
use crate::policies::{ACTIONS, fleet, some_fleet, some_guard, some_role, source};

/// What is asked: may somebody with a role in one environment do this to a thing of another?
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub(crate) role: &'a str,
    pub(crate) assigned: &'a str,
    pub(crate) action: &'a str,
    /// `None`: the thing has no tag, and lies in a cluster of no environment.
    pub(crate) environment: Option<&'a str>,
    pub(crate) mfa: bool,
}

pub(crate) fn uid(kind: &str, id: &str) -> EntityUid {
    let name: EntityTypeName = format!("Fortem::{kind}").parse().unwrap();
    EntityUid::from_type_name_and_id(name, EntityId::new(id))
}

pub(crate) fn cedar_allows(source: &Source, question: &Question) -> bool {
    let kind = ACTIONS.iter().find(|(action, _)| *action == question.action).unwrap().1;
    let mut policies = PolicySet::new();
    for policy in source.policies() {
        for template in policy.policy_set().templates() {
            policies.add_template(template.clone()).unwrap();
        }
        for single in policy.policy_set().policies() {
            policies.add(single.clone()).unwrap();
        }
    }
    let slots = HashMap::from([
        (SlotId::principal(), uid("User", "alice")),
        (SlotId::resource(), uid("Environment", question.assigned)),
    ]);
    policies.link(PolicyId::new(question.role), PolicyId::new("link"), slots).unwrap();
    let mut entities = vec![Entity::new_no_attrs(uid("User", "alice"), HashSet::new())];
    for environment in source.fleet().environments() {
        let tier = HashSet::from([uid("Tier", environment.tier().as_str())]);
        entities.push(Entity::new_no_attrs(uid("Environment", environment.name()), tier));
    }
    let parents = question.environment.map(|name| uid("Environment", name)).into_iter().collect();
    entities.push(Entity::new_no_attrs(uid(kind, "thing"), parents));
    // The schema brings the groups of actions.
    let schema = source.vocabulary().schema();
    let entities = Entities::from_entities(entities, Some(schema)).unwrap();
    let pairs = [
        ("mfa", RestrictedExpression::new_bool(question.mfa)),
        ("pattern", RestrictedExpression::new_string("*".to_owned())),
        ("cluster", RestrictedExpression::new_entity_uid(uid("Cluster", "c"))),
    ];
    let context = CedarContext::from_pairs(pairs.map(|(key, value)| (key.to_owned(), value)));
    let request = Request::new(
        uid("User", "alice"),
        uid("Action", question.action),
        uid(kind, "thing"),
        context.unwrap(),
        None,
    );
    let answer = Authorizer::new().is_authorized(&request.unwrap(), &policies, &entities);
    assert_eq!(answer.diagnostics().errors().count(), 0);
    answer.decision() == Decision::Allow
}

/// Allowed if every API call is.
fn documents_allow(documents: &[Value], fleet: &Fleet, question: &Question) -> bool {
    let tag = |of: &str| format!("aws:{of}Tag/{}", fleet.tag_key()).to_lowercase();
    steps(fleet, question.action, question.environment).into_iter().all(|step| {
        let mut context = Context::new();
        let mut put = |key: String, value: &str| {
            context.insert(key, vec![value.to_owned()]);
        };
        put(tag("Principal"), question.assigned);
        put("aws:multifactorauthpresent".to_owned(), &question.mfa.to_string());
        if let Some(environment) = question.environment {
            if step.shows_tag {
                put(tag("Resource"), environment);
            }
            if step.sets_tag {
                put(tag("Request"), environment);
                put("aws:tagkeys".to_owned(), fleet.tag_key());
            }
        }
        for (key, value) in &step.keys {
            put(key.to_lowercase(), value);
        }
        allows(documents, &Call { action: step.api, resource: &step.resource, context: &context }).0
    })
}

/// The documents of a role; none if its guards and one grant do not fit into one.
fn emitted(source: &Source, role: &str) -> Option<Vec<Value>> {
    let compiled = match compile(source, &[role.to_owned()]) {
        Ok(compiled) => compiled,
        Err(CompileError::TooLarge { .. }) => return None,
        Err(other) => panic!("{other:?}"),
    };
    let documents = output::documents(&compiled);
    Some(documents.iter().map(|(_, text)| serde_json::from_str(text).unwrap()).collect())
}

/// Every question about a source, with environments that its fleet does not know and with aliases. What
/// is tagged with an alias may be refused whatever Cedar says of the environment; it may not be allowed
/// where Cedar says no.
fn disagreements(source: &Source) -> (usize, usize, Vec<String>) {
    let fleet = source.fleet();
    let all = fleet.environments().iter();
    let owners = all.flat_map(|one| one.spellings().map(|spelling| (spelling, one.name())));
    let owners: Vec<(&str, &str)> = owners.chain([("unknown", "unknown")]).collect();
    let things = owners.iter().copied().map(Some).chain([None]);
    let things: Vec<Option<(&str, &str)>> = things.collect();
    let (mut asked, mut allowed, mut wrong) = (0, 0, Vec::new());
    for role in source.policies().iter().filter(|policy| policy.kind() == PolicyKind::Role) {
        let Some(documents) = emitted(source, role.id()) else {
            continue;
        };
        let people =
            owners.iter().flat_map(|person| things.iter().map(move |thing| (person, thing)));
        for ((assigned, owner), thing) in people {
            for (action, mfa) in
                ACTIONS.iter().flat_map(|(name, _)| [(*name, true), (*name, false)])
            {
                let role = role.id();
                let environment = thing.map(|(_, owner)| owner);
                let question = Question { role, assigned: owner, action, environment, mfa };
                let cedar = cedar_allows(source, &question);
                let environment = thing.map(|(spelling, _)| spelling);
                let shown = Question { assigned, environment, ..question.clone() };
                let iam = documents_allow(&documents, fleet, &shown);
                let is_alias = shown.assigned != question.assigned
                    || shown.environment != question.environment;
                asked += 1;
                allowed += usize::from(cedar && !is_alias);
                if iam != cedar && (iam || !is_alias) {
                    wrong.push(format!("{shown:?}: Cedar {cedar}, IAM {iam}"));
                }
            }
        }
    }
    (asked, allowed, wrong)
}

#[test]
fn the_shipped_policies_mean_the_same_in_cedar_and_in_iam() {
    let source = Source::load("../policies").unwrap();
    let (asked, allowed, wrong) = disagreements(&source);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(asked, 4 * 6 * 12 * 7 * 2);
    // Three environments; developer 11 actions, log viewer 4, operator 7, exec 1 and with a second factor.
    assert_eq!(allowed, 3 * (2 * (11 + 4 + 7) + 1));
}

/// Guards of every shape that compiles.
const GUARDS: [&str; 10] = [
    "forbid (principal, action, resource) unless { resource in Fortem::Tier::\"nonproduction\" };",
    "forbid (principal, action, resource) when { resource in Fortem::Tier::\"production\" };",
    "forbid (principal, action, resource in Fortem::Tier::\"production\");",
    "forbid (principal, action, resource in Fortem::Environment::\"alpha\");",
    "forbid (principal, action, resource) unless { resource in Fortem::Environment::\"alpha\" || context.mfa };",
    "forbid (principal, action in [Fortem::Action::\"operate\"], resource) unless { resource in Fortem::Tier::\"nonproduction\" };",
    "forbid (principal, action == Fortem::Action::\"stopTask\", resource in Fortem::Tier::\"production\");",
    "forbid (principal, action == Fortem::Action::\"execCommand\", resource) unless { context.mfa };",
    "forbid (principal, action in [Fortem::Action::\"observe\"], resource) when { !context.mfa };",
    "forbid (principal, action == Fortem::Action::\"viewStatus\", resource in Fortem::Tier::\"production\");",
];

const ROLES: [&str; 4] = [
    "permit (principal in ?principal, action in [Fortem::Action::\"observe\", Fortem::Action::\"operate\"], resource in ?resource);",
    "permit (principal in ?principal, action in [Fortem::Action::\"operate\", Fortem::Action::\"execCommand\"], resource in ?resource) when { context.mfa };",
    "permit (principal in ?principal, action in [Fortem::Action::\"viewStatus\", Fortem::Action::\"execCommand\"], resource in ?resource);",
    // Every call on a cache shows its tag, so that its guard exempts none.
    "permit (principal in ?principal, action == Fortem::Action::\"flushCache\", resource in ?resource);",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    #[test]
    fn any_policies_mean_the_same_in_cedar_and_in_iam(
        fleet in some_fleet(),
        role in some_role(),
        guards in prop::collection::vec(some_guard(), 0..=2),
    ) {
        let source = source(&fleet, std::slice::from_ref(&role), &guards);
        let (asked, _, wrong) = disagreements(&source);
        prop_assume!(asked > 0);
        prop_assert!(wrong.is_empty(), "{fleet}\n{role}\n{guards:#?}\n{wrong:#?}");
    }
}

/// Each guard alone, whatever the random choice above leaves out.
#[test]
fn each_guard_means_the_same_in_cedar_and_in_iam() {
    for text in GUARDS {
        for role in ROLES {
            let source = source(&fleet(&[true, false]), &[role], &[text]);
            let (_, allowed, wrong) = disagreements(&source);
            assert!(wrong.is_empty(), "{text}: {wrong:#?}");
            assert!(allowed > 0, "{text} forbids everything");
        }
    }
}

/// Guards that leave no action over which a supporting call is for, though none of them forbids all of it.
#[test]
fn a_supporting_call_is_granted_only_where_some_action_is_left() {
    let fleet = fleet(&[true, false]);
    let role = |actions: &str, session: &str| {
        format!(
            "permit (principal in ?principal, action in [{actions}], resource in ?resource) {session};"
        )
    };
    let (pause, resume, run) = (
        "Fortem::Action::\"pauseSchedule\"",
        "Fortem::Action::\"resumeSchedule\"",
        "Fortem::Action::\"runTask\"",
    );
    let forbid =
        |action: &str, rest: &str| format!("forbid (principal, {action}, resource) {rest};");
    let production = "when { resource in Fortem::Tier::\"production\" }";
    let cases = [
        (
            role(&format!("{pause}, {resume}"), ""),
            vec![
                forbid(&format!("action == {pause}"), ""),
                forbid(&format!("action == {resume}"), production),
            ],
        ),
        (
            role(run, "unless { context.mfa }"),
            vec![
                forbid(&format!("action == {run}"), "unless { context.mfa }"),
                forbid("action", "when { resource in Fortem::Tier::\"nonproduction\" }"),
            ],
        ),
    ];
    for (role, guards) in cases {
        let (_, _, wrong) = disagreements(&source(&fleet, &[role], &guards));
        assert!(wrong.is_empty(), "{guards:?}: {wrong:#?}");
    }
}

/// Without a guard that names the environments, an empty tag of a person must not meet an empty tag of
/// a thing.
#[test]
fn an_empty_tag_is_no_environment() {
    let source = source(&fleet(&[false]), &ROLES[..1], &[""; 0]);
    let documents = emitted(&source, "role-0x").unwrap();
    for (action, _) in ACTIONS.iter().filter(|(action, _)| *action != "execCommand") {
        let question =
            Question { role: "role-0x", assigned: "", action, environment: Some(""), mfa: true };
        assert!(!documents_allow(&documents, source.fleet(), &question), "{action}");
        let own = Question { assigned: "alpha", environment: Some("alpha"), ..question };
        assert!(documents_allow(&documents, source.fleet(), &own), "{action}");
    }
}
