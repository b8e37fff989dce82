//! Cedar's own authorizer on one side, the emitted documents on the other: for each action, each
//! environment of principal and resource, both answer the same.

use std::collections::{BTreeSet, HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context as CedarContext, Decision, Entities, Entity, EntityId, EntityTypeName,
    EntityUid, PolicyId, PolicySet, Request, RestrictedExpression, SlotId,
};
use fortem_compile::{compile, output};
use fortem_core::{Environment, PolicyKind, Source, SourceFile};
use proptest::prelude::*;
use serde_json::Value;

use crate::evaluator::{Call, Context, allows};

/// What is asked: may somebody with a role in one environment do this to a thing of another?
#[derive(Debug, Clone)]
struct Question<'a> {
    role: &'a str,
    assigned: &'a str,
    action: &'a str,
    /// `None`: the thing has no tag, and lies in a cluster of no environment.
    environment: Option<&'a str>,
    mfa: bool,
}

const ACTIONS: [(&str, &str); 12] = [
    ("viewEnvironment", "Cluster"),
    ("viewStatus", "Service"),
    ("viewLogs", "LogGroup"),
    ("tailLogs", "LogGroup"),
    ("restartService", "Service"),
    ("redeployService", "Service"),
    ("stopTask", "Task"),
    ("runTask", "TaskDefinition"),
    ("flushCache", "Cache"),
    ("pauseSchedule", "Schedule"),
    ("resumeSchedule", "Schedule"),
    ("execCommand", "Task"),
];

fn uid(kind: &str, id: &str) -> EntityUid {
    let name: EntityTypeName = format!("Fortem::{kind}").parse().unwrap();
    EntityUid::from_type_name_and_id(name, EntityId::new(id))
}

fn cedar_allows(source: &Source, question: &Question) -> bool {
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

/// One authorization: API action, resource type and name, whether the resource's tag is shown, and
/// condition keys.
type Step = (&'static str, String, bool, Vec<(&'static str, String)>);

/// The API calls an action takes on a thing of an environment, written down apart from the lowering
/// table.
fn steps(action: &str, environment: Option<&str>) -> Vec<Step> {
    let at = environment.unwrap_or("elsewhere");
    let arn =
        |service: &str, rest: &str| format!("arn:aws:{service}:eu-west-1:111122223333:{rest}");
    let cluster = arn("ecs", &format!("cluster/{at}"));
    let in_cluster = || vec![("ecs:cluster", cluster.clone())];
    let service = arn("ecs", &format!("service/{at}/web"));
    let task = arn("ecs", &format!("task/{at}/0123"));
    let group = arn("logs", &format!("log-group:/ecs/{at}/web:*"));
    let rule = arn("events", &format!("rule/{at}-nightly"));
    let tags = |mut keys: Vec<(&'static str, String)>| {
        if let Some(environment) = environment {
            keys.push(("aws:RequestTag/Environment", environment.to_owned()));
            keys.push(("aws:TagKeys", "Environment".to_owned()));
        }
        keys
    };
    match action {
        "viewEnvironment" => vec![("ecs:DescribeClusters", cluster, true, vec![])],
        "viewStatus" => vec![
            ("ecs:DescribeServices", service, true, in_cluster()),
            ("ecs:ListServices", "*".into(), false, in_cluster()),
        ],
        "viewLogs" => vec![
            ("logs:FilterLogEvents", group.clone(), true, vec![]),
            ("logs:GetLogEvents", group.replace(":*", ":log-stream:x"), false, vec![]),
        ],
        "tailLogs" => vec![("logs:StartLiveTail", group, true, vec![])],
        "restartService" | "redeployService" => {
            vec![("ecs:UpdateService", service, true, in_cluster())]
        }
        "stopTask" => vec![("ecs:StopTask", task, true, in_cluster())],
        "runTask" => vec![
            (
                "ecs:RunTask",
                arn("ecs", &format!("task-definition/{at}-web:1")),
                true,
                tags(in_cluster()),
            ),
            ("ecs:TagResource", task, false, tags(vec![("ecs:CreateAction", "RunTask".into())])),
            (
                "iam:PassRole",
                format!("arn:aws:iam::111122223333:role/ecs/{at}/web"),
                false,
                vec![("iam:PassedToService", "ecs-tasks.amazonaws.com".into())],
            ),
        ],
        "flushCache" => vec![
            ("elasticache:Connect", arn("elasticache", "replicationgroup:x"), true, vec![]),
            ("elasticache:Connect", arn("elasticache", "user:x"), true, vec![]),
        ],
        "pauseSchedule" => vec![("events:DisableRule", rule, true, vec![])],
        "resumeSchedule" => vec![("events:EnableRule", rule, true, vec![])],
        "execCommand" => vec![
            ("ecs:ExecuteCommand", cluster.clone(), true, in_cluster()),
            ("ecs:ExecuteCommand", task.clone(), true, in_cluster()),
            ("ecs:DescribeTasks", task, true, in_cluster()),
        ],
        other => panic!("{other}?"),
    }
}

/// Allowed if every API call is.
fn documents_allow(documents: &[Value], question: &Question) -> bool {
    steps(question.action, question.environment).into_iter().all(|(api, resource, tagged, keys)| {
        let mut context = Context::new();
        let mut put = |key: &str, value: &str| {
            context.insert(key.to_lowercase(), vec![value.to_owned()]);
        };
        put("aws:PrincipalTag/Environment", question.assigned);
        put("aws:MultiFactorAuthPresent", &question.mfa.to_string());
        if let Some(environment) = question.environment.filter(|_| tagged) {
            put("aws:ResourceTag/Environment", environment);
        }
        for (key, value) in &keys {
            put(key, value);
        }
        allows(documents, &Call { action: api, resource: &resource, context: &context }).0
    })
}

fn emitted(source: &Source, role: &str) -> Vec<Value> {
    let compiled = compile(source, &[role.to_owned()]).unwrap();
    let documents = output::documents(&compiled);
    documents.iter().map(|(_, text)| serde_json::from_str(text).unwrap()).collect()
}

/// Every question about a source, with environments that its fleet does not know.
fn disagreements(source: &Source) -> (usize, usize, Vec<String>) {
    let known: Vec<&str> = source.fleet().environments().iter().map(Environment::name).collect();
    let places: Vec<Option<&str>> =
        known.iter().copied().chain(["unknown"]).map(Some).chain([None]).collect();
    let (mut asked, mut allowed, mut wrong) = (0, 0, Vec::new());
    for role in source.policies().iter().filter(|policy| policy.kind() == PolicyKind::Role) {
        let documents = emitted(source, role.id());
        for assigned in known.iter().copied().chain(["unknown"]) {
            for (action, _) in ACTIONS {
                for (environment, mfa) in
                    places.iter().flat_map(|place| [(*place, true), (*place, false)])
                {
                    let role = role.id();
                    let question = Question { role, assigned, action, environment, mfa };
                    let cedar = cedar_allows(source, &question);
                    let iam = documents_allow(&documents, &question);
                    asked += 1;
                    allowed += usize::from(cedar);
                    if cedar != iam {
                        wrong.push(format!("{question:?}: Cedar {cedar}, IAM {iam}"));
                    }
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
    assert_eq!(asked, 4 * 5 * 12 * 6 * 2);
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

fn source(tiers: &[bool], roles: &[impl AsRef<str>], guards: &[impl AsRef<str>]) -> Source {
    let environment = |(name, production): (&str, &bool)| {
        let tier = if *production { "production" } else { "nonproduction" };
        format!("[[environment]]\nname = \"{name}\"\ntier = \"{tier}\"\n")
    };
    let named = ["alpha", "beta", "gamma"].into_iter().zip(tiers);
    let fleet = named.map(environment).collect::<Vec<_>>().concat();
    let role = |(index, text): (usize, &str)| format!("@id(\"role-{index}x\")\n{text}\n");
    let guard = |(index, text): (usize, &str)| format!("@id(\"guard-{index}x\")\n{text}\n");
    let roles = roles.iter().map(AsRef::as_ref).enumerate().map(role);
    let guards = guards.iter().map(AsRef::as_ref).enumerate().map(guard);
    let cedar: Vec<String> = roles.chain(guards).collect();
    let cedar = SourceFile::new("all.cedar", cedar.concat());
    Source::parse(&SourceFile::new("fleet.toml", fleet), &[cedar]).unwrap()
}

/// `action` or `action in [...]`; restart and redeploy go together, since IAM cannot tell them apart.
fn actions(chosen: &BTreeSet<usize>) -> String {
    let names = chosen.iter().map(|index| ACTIONS[*index].0);
    let names = names.flat_map(|name| match name {
        "restartService" | "redeployService" => vec!["restartService", "redeployService"],
        other => vec![other],
    });
    let entities: Vec<String> = names.map(|name| format!("Fortem::Action::\"{name}\"")).collect();
    format!("action in [{}]", entities.join(", "))
}

fn some_actions() -> impl Strategy<Value = String> {
    prop::collection::btree_set(0..ACTIONS.len(), 1..6).prop_map(|chosen| actions(&chosen))
}

fn some_session() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "when { context.mfa }", "unless { context.mfa }"])
}

fn some_role() -> impl Strategy<Value = String> {
    (some_actions(), some_session()).prop_map(|(actions, session)| {
        format!("permit (principal in ?principal, {actions}, resource in ?resource) {session};")
    })
}

fn some_guard() -> impl Strategy<Value = String> {
    let reach = prop::sample::select(vec![
        "",
        "when { resource in Fortem::Tier::\"production\" }",
        "when { resource in Fortem::Tier::\"nonproduction\" }",
        "unless { resource in Fortem::Tier::\"nonproduction\" }",
        "unless { resource in Fortem::Tier::\"production\" }",
        "when { resource in Fortem::Environment::\"alpha\" }",
        "unless { resource in Fortem::Environment::\"alpha\" }",
    ]);
    let actions = prop_oneof![Just("action".to_owned()), some_actions()];
    (actions, reach, some_session()).prop_map(|(actions, reach, session)| {
        format!("forbid (principal, {actions}, resource) {reach} {session};")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_policies_mean_the_same_in_cedar_and_in_iam(
        tiers in prop::collection::vec(any::<bool>(), 1..=2),
        role in some_role(),
        guards in prop::collection::vec(some_guard(), 0..=2),
    ) {
        let source = source(&tiers, std::slice::from_ref(&role), &guards);
        let (_, _, wrong) = disagreements(&source);
        prop_assert!(wrong.is_empty(), "{role}\n{guards:#?}\n{wrong:#?}");
    }
}

/// Each guard alone, whatever the random choice above leaves out.
#[test]
fn each_guard_means_the_same_in_cedar_and_in_iam() {
    for text in GUARDS {
        for role in ROLES {
            let source = source(&[true, false], &[role], &[text]);
            let (_, allowed, wrong) = disagreements(&source);
            assert!(wrong.is_empty(), "{text}: {wrong:#?}");
            assert!(allowed > 0, "{text} forbids everything");
        }
    }
}

/// Without a guard that names the environments, an empty tag of a person must not meet an empty tag of
/// a thing.
#[test]
fn an_empty_tag_is_no_environment() {
    let source = source(&[false], &ROLES[..1], &[""; 0]);
    let documents = emitted(&source, "role-0x");
    for (action, _) in ACTIONS.iter().filter(|(action, _)| *action != "execCommand") {
        let question =
            Question { role: "role-0x", assigned: "", action, environment: Some(""), mfa: true };
        assert!(!documents_allow(&documents, &question), "{action}");
        let own = Question { assigned: "alpha", environment: Some("alpha"), ..question };
        assert!(documents_allow(&documents, &own), "{action}");
    }
}
