//! Conditions and scopes of every kind, at random: what compiles means the same to Cedar's own authorizer and to IAM,
//! call by call.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context as CedarContext, Decision, Entities, Entity, EntityUid, PolicyId,
    PolicySet, Request, RestrictedExpression, SlotId,
};
use fortem_compile::{CompileError, compile, output};
use fortem_core::Source;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::calls::steps;
use crate::differential::uid;
use crate::evaluator::{Call, Context, allows};
use crate::policies::{ACTIONS, try_source};

const FLEET: &str = "\
team_tag_key = \"Team/{team}\"
user_tag_key = \"User\"

[context]
mfa_age = { key = \"aws:MultiFactorAuthAge\", type = \"Long\" }

[[environment]]
name = \"alpha\"
tier = \"nonproduction\"

[[environment]]
name = \"beta\"
tier = \"nonproduction\"

[[environment]]
name = \"gamma\"
tier = \"production\"

[[team]]
name = \"company\"

[[team]]
name = \"red\"
teams = [\"company\"]

[[team]]
name = \"blue\"
";

/// Comparisons that Cedar accepts as they stand.
const ATOMS: [&str; 27] = [
    "context.mfa",
    "(context has source_ip && context.source_ip.isInRange(ip(\"10.0.0.0/8\")))",
    "(context has source_ip && context.source_ip.isInRange(ip(\"10.1.0.0/16\")))",
    "(context has source_ip && context.source_ip.isIpv6())",
    "(context has approval)",
    "(context has approval && context.approval == \"yes\")",
    "(context has approval && context.approval != \"yes\")",
    "(context has approval && context.approval like \"CHG-*\")",
    "(context has approval && context.approval like \"C\\*-*\")",
    "(context has now && context.now >= datetime(\"2026-03-02\"))",
    "(context has now && datetime(\"2026-03-07T12:00:00Z\") > context.now)",
    "(context has mfa_age && context.mfa_age < 3600)",
    "(context has mfa_age && context.mfa_age != 60)",
    "resource.hasTag(\"Class\")",
    "(resource.hasTag(\"Class\") && resource.getTag(\"Class\") == \"public\")",
    "(resource.hasTag(\"Class\") && [\"public\", \"internal\"].contains(resource.getTag(\"Class\")))",
    "(resource.hasTag(\"Class\") && resource.getTag(\"Class\") like \"*al\")",
    "(resource.hasTag(\"Squad\") && principal.hasTag(\"Squad\") && principal.getTag(\"Squad\") == resource.getTag(\"Squad\"))",
    "(resource.hasTag(\"Squad\") && principal.hasTag(\"Squad\") && principal.getTag(\"Squad\") != resource.getTag(\"Squad\"))",
    "(principal.hasTag(\"Squad\") && principal.getTag(\"Squad\") == \"a\")",
    "principal in Fortem::Team::\"red\"",
    "principal in [Fortem::Team::\"company\", Fortem::Team::\"blue\"]",
    "principal == Fortem::User::\"alice\"",
    "resource in Fortem::Tier::\"nonproduction\"",
    "resource in Fortem::Environment::\"alpha\"",
    "resource is Fortem::Task",
    "action in [Fortem::Action::\"operate\"]",
];

fn expression() -> impl Strategy<Value = String> {
    let atom = select(ATOMS.to_vec()).prop_map(str::to_owned);
    atom.prop_recursive(3, 6, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} && {right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} || {right})")),
            inner.clone().prop_map(|one| format!("!{one}")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(one, then, other)| format!("(if {one} then {then} else {other})")),
        ]
    })
}

fn clause() -> impl Strategy<Value = String> {
    let word = select(vec!["when", "unless"]);
    let some = (word, expression()).prop_map(|(word, one)| format!(" {word} {{ {one} }}"));
    prop_oneof![1 => Just(String::new()), 4 => some]
}

fn actions() -> impl Strategy<Value = String> {
    let named = select(vec![
        "action == Fortem::Action::\"stopTask\"",
        "action == Fortem::Action::\"viewLogs\"",
        "action == Fortem::Action::\"tailLogs\"",
        "action == Fortem::Action::\"execCommand\"",
        "action in [Fortem::Action::\"restartService\", Fortem::Action::\"redeployService\"]",
        "action in [Fortem::Action::\"observe\"]",
        "action in [Fortem::Action::\"operate\"]",
        "action in [Fortem::Action::\"viewStatus\", Fortem::Action::\"runTask\"]",
    ]);
    named.prop_map(str::to_owned)
}

fn role() -> impl Strategy<Value = String> {
    let resource = select(vec![
        "resource in ?resource",
        "resource in ?resource",
        "resource in ?resource",
        "resource is Fortem::Task in ?resource",
        "resource in Fortem::Environment::\"beta\"",
        "resource in Fortem::Tier::\"nonproduction\"",
    ]);
    (actions(), resource, clause()).prop_map(|(actions, resource, clause)| {
        let principal = if resource.contains('?') {
            "principal in ?principal"
        } else {
            "principal == Fortem::User::\"alice\""
        };
        format!("permit ({principal}, {actions}, {resource}){clause};")
    })
}

fn guard() -> impl Strategy<Value = String> {
    let actions = prop_oneof![Just("action".to_owned()), actions()];
    let principal = select(vec!["principal", "principal", "principal in Fortem::Team::\"red\""]);
    let resource = select(vec![
        "resource",
        "resource",
        "resource is Fortem::LogGroup",
        "resource in Fortem::Tier::\"production\"",
    ]);
    (principal, actions, resource, clause()).prop_map(|(principal, actions, resource, clause)| {
        format!("forbid ({principal}, {actions}, {resource}){clause};")
    })
}

/// The circumstances of a call: condition keys with their values.
type Circumstances = BTreeMap<&'static str, &'static str>;

const VALUES: [(&str, &[&str]); 10] = [
    ("aws:MultiFactorAuthPresent", &["true", "false"]),
    ("aws:MultiFactorAuthAge", &["60", "3599", "3600", "9999"]),
    ("aws:SourceIp", &["10.1.2.3", "10.9.9.9", "192.0.2.1", "2001:db8::1"]),
    (
        "aws:CurrentTime",
        &[
            "2026-03-01T23:59:59Z",
            "2026-03-02T00:00:00Z",
            "2026-03-07T12:00:00Z",
            "2026-03-07T11:59:59Z",
        ],
    ),
    ("aws:PrincipalTag/Approval", &["yes", "CHG-1", "C*-1", ""]),
    ("aws:PrincipalTag/Squad", &["a", "b", "*"]),
    ("aws:PrincipalTag/Team/red", &["true", "no"]),
    ("aws:PrincipalTag/Team/blue", &["true"]),
    ("aws:ResourceTag/Class", &["public", "internal", "secret", ""]),
    ("aws:ResourceTag/Squad", &["a", "b", "c"]),
];

fn circumstances() -> impl Strategy<Value = Circumstances> {
    let one = |(key, values): (&'static str, &'static [&'static str])| {
        prop::option::of(select(values)).prop_map(move |value| value.map(|value| (key, value)))
    };
    VALUES.map(one).prop_map(|all| all.into_iter().flatten().collect())
}

/// Somebody with a role in one environment does something to a thing of another.
#[derive(Debug)]
struct Question<'a> {
    assigned: &'a str,
    action: &'a str,
    environment: Option<&'a str>,
    when: &'a Circumstances,
}

fn tags(when: &Circumstances, prefix: &str) -> Vec<(String, RestrictedExpression)> {
    let own = when.iter().filter_map(|(key, value)| Some((key.strip_prefix(prefix)?, value)));
    own.map(|(key, value)| (key.to_owned(), RestrictedExpression::new_string((*value).to_owned())))
        .collect()
}

fn entities(source: &Source, kind: &str, question: &Question) -> Entities {
    let when = question.when;
    let is_in =
        |team: &str| when.get(format!("aws:PrincipalTag/Team/{team}").as_str()) == Some(&"true");
    let teams: HashSet<EntityUid> = ["red", "blue"]
        .into_iter()
        .filter(|team| is_in(team))
        .map(|team| uid("Team", team))
        .collect();
    let alice =
        Entity::new_with_tags(uid("User", "alice"), [], teams, tags(when, "aws:PrincipalTag/"));
    let parents: HashSet<EntityUid> =
        question.environment.map(|name| uid("Environment", name)).into_iter().collect();
    let thing =
        Entity::new_with_tags(uid(kind, "thing"), [], parents, tags(when, "aws:ResourceTag/"));
    let mut all = vec![
        alice.unwrap(),
        thing.unwrap(),
        Entity::new_no_attrs(uid("Team", "company"), HashSet::new()),
        Entity::new_no_attrs(uid("Team", "red"), HashSet::from([uid("Team", "company")])),
        Entity::new_no_attrs(uid("Team", "blue"), HashSet::new()),
    ];
    for environment in source.fleet().environments() {
        let tier = HashSet::from([uid("Tier", environment.tier().as_str())]);
        all.push(Entity::new_no_attrs(uid("Environment", environment.name()), tier));
    }
    let actions = source.vocabulary().schema().action_entities().unwrap();
    actions.add_entities(all, None).unwrap()
}

fn cedar_context(when: &Circumstances) -> CedarContext {
    use RestrictedExpression as Value;
    let mut pairs = HashMap::from([
        ("mfa", Value::new_bool(when.get("aws:MultiFactorAuthPresent") == Some(&"true"))),
        ("pattern", Value::new_string("*".to_owned())),
        ("cluster", Value::new_entity_uid(uid("Cluster", "c"))),
    ]);
    let mut put = |name, key: &str, value: fn(&str) -> Value| {
        pairs.extend(when.get(key).map(|text| (name, value(text))));
    };
    put("source_ip", "aws:SourceIp", |text| Value::new_ip(text));
    put("now", "aws:CurrentTime", |text| Value::new_datetime(text));
    put("approval", "aws:PrincipalTag/Approval", |text| Value::new_string(text.to_owned()));
    put("mfa_age", "aws:MultiFactorAuthAge", |text| Value::new_long(text.parse().unwrap()));
    CedarContext::from_pairs(pairs.into_iter().map(|(key, value)| (key.to_owned(), value))).unwrap()
}

/// The policies, with the role assigned in an environment.
fn assigned(source: &Source, environment: &str) -> PolicySet {
    let mut policies = source.policy_set();
    let slots = HashMap::from([
        (SlotId::principal(), uid("User", "alice")),
        (SlotId::resource(), uid("Environment", environment)),
    ]);
    if let Some(role) = source.roles().next() {
        policies.link(PolicyId::new(role.id()), PolicyId::new("link"), slots).unwrap();
    }
    policies
}

fn cedar_allows(source: &Source, policies: &PolicySet, question: &Question) -> bool {
    let kind = ACTIONS.iter().find(|(action, _)| *action == question.action).unwrap().1;
    let request = Request::new(
        uid("User", "alice"),
        uid("Action", question.action),
        uid(kind, "thing"),
        cedar_context(question.when),
        None,
    );
    let entities = entities(source, kind, question);
    let answer = Authorizer::new().is_authorized(&request.unwrap(), policies, &entities);
    assert_eq!(answer.diagnostics().errors().count(), 0);
    answer.decision() == Decision::Allow
}

/// Whether the calls are allowed of which AWS shows the resource.
fn iam_allows(documents: &[Value], source: &Source, question: &Question) -> bool {
    let fleet = source.fleet();
    let steps = steps(fleet, question.action, question.environment).into_iter();
    // A cluster's tags are not those of the task in it.
    let on_thing = |step: &crate::calls::Step| {
        step.shows_tag && (question.action != "execCommand" || step.resource.contains(":task/"))
    };
    steps.filter(on_thing).all(|step| {
        let mut context: Context = question
            .when
            .iter()
            .map(|(key, value)| (key.to_lowercase(), vec![(*value).to_owned()]))
            .collect();
        let mut put =
            |key: &str, value: &str| context.insert(key.to_lowercase(), vec![value.to_owned()]);
        put("aws:PrincipalTag/Environment", question.assigned);
        put("aws:PrincipalTag/User", "alice");
        if let Some(environment) = question.environment {
            put("aws:ResourceTag/Environment", environment);
            if step.sets_tag {
                put("aws:RequestTag/Environment", environment);
                put("aws:TagKeys", fleet.tag_key());
            }
        }
        for (key, value) in &step.keys {
            put(key, value);
        }
        allows(documents, &Call { action: step.api, resource: &step.resource, context: &context }).0
    })
}

/// The documents of the first permit; nothing when the policies are refused: for what they ask, or by the verifier, which
/// lets nothing be written that differs from Cedar.
fn documents(source: &Source) -> Option<Vec<Value>> {
    match compile(source, &[]) {
        Ok(compiled) => {
            let all = output::documents(&compiled);
            Some(all.iter().map(|(_, text)| serde_json::from_str(text).unwrap()).collect())
        }
        Err(
            CompileError::TooLarge { .. } | CompileError::Refused(_) | CompileError::Differs(_),
        ) => None,
        Err(CompileError::Unverified(error)) if error.is_limit() => None,
        Err(other) => panic!("{other:?}"),
    }
}

/// What is said in a roundabout way is the same.
#[test]
fn alternatives_that_say_no_more_than_one_are_one() {
    let role = "permit (principal in ?principal, action == Fortem::Action::\"stopTask\", resource in ?resource);";
    let guard = |clause: &str| format!("forbid (principal, action, resource) when {{ {clause} }};");
    let statements = |clause: &str| {
        let source = try_source(FLEET, &[role.to_owned()], &[guard(clause)]).unwrap();
        documents(&source).unwrap_or_else(|| panic!("{clause}"))
    };
    for roundabout in [
        "if resource is Fortem::Task then context.mfa else context.mfa",
        "(resource is Fortem::Task || !(resource is Fortem::Task)) && context.mfa",
        "context.mfa && (context has approval || !(context has approval))",
        "resource is Fortem::Task && context.mfa || resource is Fortem::Service && context.mfa || \
         !(resource is Fortem::Task) && !(resource is Fortem::Service) && context.mfa",
    ] {
        assert_eq!(statements(roundabout), statements("context.mfa"), "{roundabout}");
    }
}

/// Each comparison alone, asked for and excluded, by a role and by a guard on every action, has documents.
#[test]
fn each_comparison_compiles() {
    let mut wrong = Vec::new();
    for atom in ATOMS {
        for word in ["when", "unless"] {
            let clause = format!("{word} {{ {atom} }}");
            let role = |clause: &str| {
                format!(
                    "permit (principal in ?principal, action == Fortem::Action::\"stopTask\", resource in ?resource) {clause};"
                )
            };
            let guard = format!("forbid (principal, action, resource) {clause};");
            for (role, guards) in [(role(&clause), vec![]), (role(""), vec![guard])] {
                let Ok(source) = try_source(FLEET, std::slice::from_ref(&role), &guards) else {
                    continue;
                };
                if let Err(error) = compile(&source, &[]) {
                    wrong.push(format!("{role} {guards:?}: {error}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_global_rejects: 4096, ..ProptestConfig::default() })]

    #[test]
    fn whatever_compiles_means_the_same_in_cedar_and_in_iam(
        role in role(),
        guards in prop::collection::vec(guard(), 0..=2),
        when in prop::collection::vec(circumstances(), 8),
    ) {
        // Cedar itself refuses what can never apply.
        let source = try_source(FLEET, std::slice::from_ref(&role), &guards);
        prop_assume!(source.is_ok());
        let source = source.unwrap();
        let documents = documents(&source);
        prop_assume!(documents.is_some());
        let documents = documents.unwrap_or_default();
        let places = [Some("alpha"), Some("beta"), Some("gamma"), Some("unknown"), None];
        let mut wrong = BTreeSet::new();
        for assigned in ["alpha", "beta", "gamma"] {
            let policies = self::assigned(&source, assigned);
            for when in &when {
                for (environment, (action, _)) in places.iter().flat_map(|place| ACTIONS.map(|one| (*place, one))) {
                    let question = Question { assigned, action, environment, when };
                    let (cedar, iam) = (cedar_allows(&source, &policies, &question), iam_allows(&documents, &source, &question));
                    if cedar != iam {
                        wrong.insert(format!("{question:?}: Cedar {cedar}, IAM {iam}"));
                    }
                }
            }
        }
        prop_assert!(wrong.is_empty(), "{role}\n{guards:#?}\n{:#?}", wrong.first());
    }
}
