//! Small documents made at random, with variables and wildcards, over so few letters that nearly every call
//! can be made.

use std::collections::BTreeMap;

use fortem_compile::diff::{Direction, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Call, compared, examples_hold, says};

const ENVIRONMENT: &str = "aws:PrincipalTag/Environment";
const TEAM: &str = "aws:PrincipalTag/Team";
const RESOURCE_TAG: &str = "aws:ResourceTag/Environment";
const TAG_KEYS: &str = "aws:TagKeys";

/// What stands in conditions and at the end of resources.
const TEXTS: [&str; 21] = [
    "a",
    "b",
    "ab",
    "aba",
    "A",
    "a*",
    "*b",
    "a?",
    "?b?",
    "*",
    "b*a",
    "${aws:PrincipalTag/Environment}",
    "${aws:PrincipalTag/Environment}b",
    "a${aws:PrincipalTag/Environment}",
    "${aws:PrincipalTag/Environment}*",
    "*${aws:PrincipalTag/Environment}",
    "a${aws:PrincipalTag/Environment}*",
    "${aws:PrincipalTag/Team}",
    "${aws:PrincipalTag/Team}a",
    "${aws:PrincipalTag/Environment}${aws:PrincipalTag/Team}",
    "${aws:PrincipalTag/Environment}${aws:PrincipalTag/Environment}",
];

const OPERATORS: [&str; 8] = [
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "StringEqualsIfExists",
    "StringLikeIfExists",
    "Null",
];

fn texts() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(&TEXTS, 1..=2)
}

fn condition() -> impl Strategy<Value = (String, &'static str, Value)> {
    let single = (
        prop::sample::select(&OPERATORS),
        prop::sample::select(&[ENVIRONMENT, TEAM, RESOURCE_TAG, RESOURCE_TAG]),
        texts(),
        any::<bool>(),
    );
    let single = single.prop_map(|(operator, key, values, absent)| {
        let values = if operator == "Null" { json!(absent.to_string()) } else { json!(values) };
        (operator.to_owned(), key, values)
    });
    let sets = prop::sample::select(&[
        "ForAllValues:StringEquals",
        "ForAnyValue:StringLike",
        "ForAllValues:StringLike",
    ]);
    let set = (sets, texts())
        .prop_map(|(operator, values)| (operator.to_owned(), TAG_KEYS, json!(values)));
    prop_oneof![3 => single, 1 => set]
}

fn statement() -> impl Strategy<Value = Value> {
    let resources = prop_oneof![
        1 => Just(json!("*")),
        3 => texts().prop_map(|all| {
            let arns = |text: &&str| ["cluster/", "task/"].map(|kind| format!("arn:aws:ecs:*:*:{kind}{text}"));
            json!(all.iter().flat_map(arns).collect::<Vec<_>>())
        }),
        1 => Just(json!("arn:aws:ecs:*")),
    ];
    let actions = prop::sample::select(&[
        "ecs:StopTask",
        "ecs:DescribeClusters",
        "ecs:TagResource",
        "ecs:T*",
        "ecs:*",
    ]);
    (
        prop::sample::select(&["Allow", "Allow", "Deny"]),
        actions,
        resources,
        prop::collection::vec(condition(), 0..=2),
    )
        .prop_map(|(effect, action, resource, conditions)| {
            let mut block = json!({});
            for (operator, key, values) in conditions {
                block[operator][key] = values;
            }
            json!({"Effect": effect, "Action": action, "Resource": resource, "Condition": block})
        })
}

/// Two documents that have some statements in common.
fn documents() -> impl Strategy<Value = (Value, Value)> {
    let some = |most| prop::collection::vec(statement(), 0..=most);
    (some(3), prop::collection::vec(statement(), 1..=2), some(2)).prop_map(|(common, a, b)| {
        let document = |own: &[Value]| {
            let all: Vec<Value> = common.iter().chain(own).cloned().collect();
            // A document has a statement.
            let nothing = json!({"Effect": "Deny", "Action": "s3:Nothing", "Resource": "*"});
            json!({"Version": "2012-10-17", "Statement": all.into_iter().chain([nothing]).collect::<Vec<_>>()})
        };
        (document(&a), document(&b))
    })
}

/// Every text of at most so many letters, the empty one left out.
fn words(most: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    for length in 0..most {
        let longer = all.iter().filter(|word| word.len() == length);
        let longer: Vec<_> = longer
            .flat_map(|word| ["a", "b", "c"].map(|letter| format!("{word}{letter}")))
            .collect();
        all.extend(longer);
    }
    all.retain(|word| !word.is_empty());
    all
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let maybe = |values: Vec<String>| prop::option::weighted(0.85, prop::sample::select(values));
    let with = |most: usize, more: &[&str]| {
        words(most)
            .into_iter()
            .chain(more.iter().map(|text| (*text).to_owned()))
            .collect::<Vec<_>>()
    };
    let (own, tags) = (with(2, &["a/b", "/"]), with(3, &["A"]));
    let tag_keys = prop::sample::subsequence(vec!["a", "b", "ab", "c"], 0..=3);
    let call = (
        prop::sample::select(&[
            ("ecs:StopTask", "task/"),
            ("ecs:DescribeClusters", "cluster/"),
            ("ecs:TagResource", "task/"),
            ("ecs:TagResource", "cluster/"),
        ]),
        (prop::sample::select(words(3)), prop::sample::select(words(1))),
        (maybe(own.clone()), maybe(own), maybe(tags)),
        tag_keys,
    );
    let call = call.prop_map(|((api, kind), (name, id), (environment, team, tag), tag_keys)| {
        let mut context = BTreeMap::new();
        let mut put = |key: &str, values: Vec<String>| {
            if !values.is_empty() {
                context.insert(key.to_lowercase(), values);
            }
        };
        put(ENVIRONMENT, environment.into_iter().collect());
        put(TEAM, team.into_iter().collect());
        put(RESOURCE_TAG, tag.into_iter().collect());
        if api == "ecs:TagResource" {
            put(TAG_KEYS, tag_keys.into_iter().map(str::to_owned).collect());
        }
        let id = if kind == "task/" { format!("/{id}") } else { String::new() };
        let resource = format!("arn:aws:ecs:eu-west-1:111122223333:{kind}{name}{id}");
        Call { api: api.to_owned(), resource, context }
    });
    prop::collection::vec(call, 400).no_shrink()
}

/// Every variable of the documents has a value, so that nothing is left open by AWS's pages.
fn is_settled(call: &Call) -> bool {
    [ENVIRONMENT, TEAM].iter().all(|key| call.context.contains_key(&key.to_lowercase()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_call_shows_is_told_and_whatever_is_told_is_so((a, b) in documents(), calls in calls()) {
        let found = compared(&a, &b);
        examples_hold(&found, &a, &b);
        for call in calls {
            let Some(direction) = call.direction(&a, &b) else { continue };
            let all = [Direction::Widened, Direction::GuardLoosened, Direction::Narrowed, Direction::GuardTightened];
            let alike = all.into_iter().filter(|one| {
                *one == direction || !is_settled(&call) && one.is_wider() == direction.is_wider()
            });
            let mut alike = alike.peekable();
            prop_assert!(alike.any(|one| says(&found, &call.api, one)), "{direction:?} {call:?}\n{a:#}\n{b:#}\n{found}");
        }
    }

    #[test]
    fn a_document_is_equal_to_itself_in_another_order((a, _) in documents()) {
        let mut reversed = a.clone();
        reversed["Statement"].as_array_mut().unwrap().reverse();
        prop_assert_eq!(compared(&a, &reversed).verdict, Verdict::Equal);
    }
}
