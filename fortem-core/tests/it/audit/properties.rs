//! Random logs: what queries find, what pages give, what exports say.

use std::collections::BTreeSet;

use fortem_core::audit::{
    Actor, Attempt, COLUMNS, Decision, Effect, Filter, Outcome, OutcomeKind, Record, RecordId,
    Redaction, Resource,
};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::stores::{Fixture, KINDS, Kind, at, policies};

/// What happens to a log, one thing at a time.
#[derive(Debug, Clone)]
enum Step {
    Attempt(Box<Attempt>),
    End(usize, Outcome, Option<Value>),
    Wait(i64),
}

const NAMES: &[&str] = &["dev", "staging", "=cmd|' /C calc'!A0", "stägüng \u{1f600}", "a\"b,c"];
const REASONS: &[&str] = &[
    "orders hang",
    "Orders HANG again",
    "OPS-12",
    "\t=1+1",
    "-",
    "\0",
    "line\r\nbreak, \"quoted\"",
    "'",
];

fn state() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let fields = proptest::collection::btree_map("\\PC{0,6}", inner.clone(), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
            fields.prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let names = (select(NAMES), select(NAMES), select(NAMES), proptest::option::of(select(NAMES)));
    let reason = proptest::option::of(select(REASONS));
    (names, any::<bool>(), reason, proptest::option::of(state())).prop_map(
        |((actor, action, resource, environment), allowed, reason, before)| {
            let decision = if allowed {
                Decision::allow(["developer"], policies())
            } else {
                Decision::deny(["never-prod"], policies())
            };
            let mut attempt = Attempt::new(
                Actor::new(actor).groups([action]),
                action,
                Resource::new("Service", resource),
                decision,
            );
            attempt.environment = environment.map(str::to_owned);
            attempt.reason = reason.map(str::to_owned);
            attempt.before = before.filter(|state| !state.is_null());
            attempt
        },
    )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Completed),
        select(REASONS).prop_map(|error| Outcome::Failed { error: error.to_owned() }),
        Just(Outcome::Abandoned),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => attempt().prop_map(|attempt| Step::Attempt(Box::new(attempt))),
        2 => (any::<usize>(), outcome(), proptest::option::of(state()))
            .prop_map(|(at, outcome, after)| Step::End(at, outcome, after)),
        1 => (0..20_i64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 0..40)
}

fn filters() -> impl Strategy<Value = Filter> {
    let name = || proptest::option::weighted(0.3, select(NAMES));
    let outcomes =
        [OutcomeKind::Open, OutcomeKind::Completed, OutcomeKind::Failed, OutcomeKind::Denied];
    let time = || proptest::option::weighted(0.3, 0..150_i64);
    let texts = ["", "orders", "HANG orders", "12 ops", "break"];
    (
        (name(), name(), name(), name()),
        proptest::option::weighted(0.3, select(&[Effect::Allow, Effect::Deny][..])),
        proptest::option::weighted(0.3, select(outcomes.to_vec())),
        (time(), time(), select(texts.to_vec()), any::<bool>()),
    )
        .prop_map(
            |(
                (environment, actor, action, resource),
                effect,
                outcome,
                (from, to, text, newest),
            )| {
                let mut filter = Filter::new().reason(text);
                filter = environment.into_iter().fold(filter, Filter::environment);
                filter = actor.into_iter().fold(filter, Filter::actor);
                filter = action.into_iter().fold(filter, Filter::action);
                let resource = resource.map(|id| Resource::new("Service", id));
                filter = resource.into_iter().fold(filter, Filter::resource);
                filter = effect.into_iter().fold(filter, Filter::effect);
                filter = outcome.into_iter().fold(filter, Filter::outcome);
                filter = from.map(at).into_iter().fold(filter, Filter::from);
                filter = to.map(at).into_iter().fold(filter, Filter::to);
                if newest { filter.newest_first() } else { filter }
            },
        )
}

/// Runs the steps, and tells what there should be, which it keeps itself.
fn run(fixture: &Fixture, steps: &[Step]) -> Vec<(RecordId, i64, Attempt, Outcome, Option<Value>)> {
    let (mut expected, mut second) = (Vec::new(), 0);
    for step in steps {
        match step {
            Step::Attempt(attempt) if attempt.decision.effect == Effect::Allow => {
                let id = fixture.log.begin((**attempt).clone()).unwrap();
                expected.push((id, second, (**attempt).clone(), Outcome::Open, None));
            }
            Step::Attempt(attempt) => {
                let id = fixture.log.record_denied((**attempt).clone()).unwrap();
                expected.push((id, second, (**attempt).clone(), Outcome::Denied, None));
            }
            Step::End(index, outcome, state) => {
                let mut open: Vec<_> =
                    expected.iter_mut().filter(|one| one.3 == Outcome::Open).collect();
                if open.is_empty() {
                    continue;
                }
                let index = index % open.len();
                let (id, _, _, found, after) = &mut *open[index];
                match outcome {
                    Outcome::Failed { error } => fixture.log.fail(*id, error, state.clone()),
                    Outcome::Abandoned => fixture.log.abandon(*id),
                    _ => fixture.log.complete(*id, state.clone()),
                }
                .unwrap();
                *found = outcome.clone();
                let state = state.clone().filter(|state| !state.is_null());
                *after = state.filter(|_| *outcome != Outcome::Abandoned);
            }
            Step::Wait(seconds) => {
                second += seconds;
                fixture.set(second);
            }
        }
    }
    expected
}

/// Words as the documentation has them, written apart from the code.
fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::from([String::new()]);
    let mut word = String::new();
    for character in text.chars().chain([' ']) {
        if character.is_alphanumeric() {
            word.push_str(&character.to_lowercase().to_string());
        } else {
            words.insert(std::mem::take(&mut word));
        }
    }
    words
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_query_finds_what_going_through_everything_finds(
        steps in steps(), filters in proptest::collection::vec(filters(), 8), limit in 1..5_usize,
    ) {
        for kind in KINDS {
            let fixture = Fixture::new(*kind);
            let log = fixture.log.redaction(Redaction::none());
            let fixture = Fixture { log, ..fixture };
            let expected = run(&fixture, &steps);
            for filter in &filters {
                let all: Vec<Record> = fixture.log.records(filter).map(Result::unwrap).collect();
                let wanted = naive(&expected, filter);
                let found: Vec<_> = all.iter().map(|one| (one.id, one.attempt.clone(), one.outcome.clone(), one.after.clone())).collect();
                prop_assert_eq!(&found, &wanted, "{:?} {:?}", kind, filter);
                let mut paged = Vec::new();
                let mut after = None;
                loop {
                    let page = fixture.log.page(filter, after, limit).unwrap();
                    prop_assert!(page.records.len() <= limit);
                    paged.extend(page.records);
                    after = page.next;
                    if after.is_none() { break }
                }
                prop_assert_eq!(&paged, &all, "{:?}", kind);
            }
            let open = fixture.log.open_entries().unwrap().len();
            prop_assert_eq!(open, expected.iter().filter(|one| one.3 == Outcome::Open).count());
            prop_assert_eq!(fixture.log.verify().unwrap().open, open as u64);
        }
    }

    #[test]
    fn what_is_exported_reads_back_as_what_was_recorded(steps in steps()) {
        let fixture = Fixture::new(Kind::Memory);
        run(&fixture, &steps);
        let records: Vec<Record> = fixture.log.records(&Filter::new()).map(Result::unwrap).collect();

        let mut lines = Vec::new();
        let count = fixture.log.export_json_lines(&Filter::new(), &mut lines).unwrap();
        prop_assert_eq!(count, records.len() as u64);
        let read: Vec<Record> = std::str::from_utf8(&lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(&read, &records);

        let mut table = Vec::new();
        fixture.log.export_csv(&Filter::new(), &mut table).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_slice());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        prop_assert!(rows[0].iter().eq(COLUMNS));
        prop_assert_eq!(rows.len(), records.len() + 1);
        for (row, record) in rows.iter().skip(1).zip(&records) {
            for cell in row {
                let visible = cell.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
                prop_assert!(!visible.starts_with(['=', '+', '-', '@']), "{:?}", cell);
            }
            let cell = |name: &str| {
                let at = COLUMNS.iter().position(|column| *column == name).unwrap();
                row[at].strip_prefix('\'').unwrap_or(&row[at]).to_owned()
            };
            prop_assert_eq!(cell("id"), record.id.to_string());
            prop_assert_eq!(cell("actor"), record.attempt.actor.id.clone());
            prop_assert_eq!(cell("environment"), record.attempt.environment.clone().unwrap_or_default());
            prop_assert_eq!(cell("reason"), record.attempt.reason.clone().unwrap_or_default());
            prop_assert_eq!(cell("outcome"), record.outcome.kind().as_str());
            let before = record.attempt.before.as_ref().map(ToString::to_string);
            prop_assert_eq!(cell("before"), before.unwrap_or_default());
            prop_assert_eq!(cell("time").parse::<fortem_core::audit::Timestamp>().unwrap(), record.time);
        }
    }

    #[test]
    fn a_secret_under_a_secret_key_is_nowhere(
        outer in state(), key in select(vec!["password", "clientSecret", "API-KEY", "x_token_y", "Authorization"]),
    ) {
        let secret = json!({ "it": ["Zk81x-secret", { "is": "Zk81x-secret" }] });
        let variable = json!({ "name": key, "value": "Zk81x-secret" });
        let arguments = json!([format!("--{key}"), "Zk81x-secret", format!("{key}=Zk81x-secret")]);
        let state = json!({ "a": outer, "b": [{ key: secret }, variable, arguments], "c": format!("{{\"{key}\": \"Zk81x-secret\"}}") });
        let redacted = Redaction::default().key("authorization").state(state).to_string();
        // What only looks like `name=value` is known for the names of the built-in patterns.
        let known = key != "Authorization";
        prop_assert!(!known || !redacted.contains("Zk81x"), "{}", redacted);
    }
}

/// The filter again, written apart from the code, over what the test kept itself.
fn naive(
    expected: &[(RecordId, i64, Attempt, Outcome, Option<Value>)],
    filter: &Filter,
) -> Vec<(RecordId, Attempt, Outcome, Option<Value>)> {
    let mut found: Vec<_> = expected
        .iter()
        .filter(|(_, second, attempt, outcome, _)| wants(filter, *second, attempt, outcome))
        .map(|(id, _, attempt, outcome, after)| {
            (*id, attempt.clone(), outcome.clone(), after.clone())
        })
        .collect();
    if *filter == filter.clone().newest_first() {
        found.reverse();
    }
    found
}

fn wants(filter: &Filter, second: i64, attempt: &Attempt, outcome: &Outcome) -> bool {
    let same = |other: Filter| other == *filter;
    let name = |with: fn(Filter, String) -> Filter, found: Option<&str>| {
        // A filter that already asks for a name stays the same when it is asked for that name again.
        NAMES.iter().all(|name| {
            let asks = same(with(filter.clone(), (*name).to_owned()));
            !asks || found == Some(*name)
        })
    };
    let text_words: BTreeSet<String> = words(attempt.reason.as_deref().unwrap_or_default());
    let asked_words = ["orders", "hang", "12", "ops", "break"];
    name(Filter::environment, attempt.environment.as_deref())
        && name(Filter::actor, Some(&attempt.actor.id))
        && name(Filter::action, Some(&attempt.action))
        && name(
            |filter, id| filter.resource(Resource::new("Service", id)),
            Some(&attempt.resource.id),
        )
        && [Effect::Allow, Effect::Deny]
            .into_iter()
            .all(|effect| !same(filter.clone().effect(effect)) || effect == attempt.decision.effect)
        && [OutcomeKind::Open, OutcomeKind::Completed, OutcomeKind::Failed, OutcomeKind::Denied]
            .into_iter()
            .all(|kind| !same(filter.clone().outcome(kind)) || kind == outcome.kind())
        && (0..150).all(|from| !same(filter.clone().from(at(from))) || from <= second)
        && (0..150).all(|to| !same(filter.clone().to(at(to))) || second < to)
        && asked_words
            .iter()
            .all(|word| !same(filter.clone().reason(word)) || text_words.contains(*word))
}
