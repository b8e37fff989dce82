//! What a decision costs, beside Cedar's own authorizer, casbin and regorus on the same fleet, in one run:
//! `cargo bench --manifest-path fortem-core/benches/engine/Cargo.toml`.

mod cedar;
mod peers;

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use fortem_core::Assignee;
use fortem_core::engine::{Answer, Caller, Change, Engine, Request, Resource, Session, Target};
use fortem_core_benches::{Size, assignments, engine, environment, fleet, policies, user};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// Where Cedar over everything is asked too.
const PEERS: usize = 1_000;

/// Names of a question: who, and in which environment.
pub(crate) type Question = (String, String);

/// Questions of many different people about the environments they have a role in.
fn questions(size: Size) -> Vec<Question> {
    let people = assignments(size).filter(|(role, _, is_team, _)| *role == "developer" && !is_team);
    people.take(4_096).map(|(_, who, _, place)| (user(who), environment(place))).collect()
}

fn request<'a>((who, place): &'a Question, session: Session<'a>) -> Request<'a> {
    let service = Resource::new("Service", "orders-api").within(place);
    Request::new(who.as_str(), "restartService", service, session)
}

fn is_allowed(engine: &Engine, question: &Question, session: Session<'_>) -> bool {
    engine.authorize(&request(question, session)).expect("a request").is_allowed()
}

/// From strings: the same request again and again, and everybody in turn.
fn authorize(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("authorize");
    let session = Session::at(SystemTime::now());
    for environments in SIZES {
        let size = Size::of(environments);
        let (engine, questions) = (engine(size), questions(size));
        group.bench_with_input(BenchmarkId::new("same", environments), &questions, |bench, all| {
            bench.iter(|| is_allowed(&engine, black_box(&all[0]), session));
        });
        group.bench_with_input(
            BenchmarkId::new("everybody", environments),
            &questions,
            |bench, all| {
                let mut turn = all.iter().cycle();
                bench.iter(|| is_allowed(&engine, turn.next().expect("a cycle"), session));
            },
        );
    }
}

/// With who and what looked up beforehand.
fn resolved(criterion: &mut Criterion) {
    let size = Size::of(10_000);
    let engine = engine(size);
    let resolve = |(who, place): &Question| -> (Caller, Target) {
        let target = engine.target("restartService", "Service", place);
        (engine.caller(who).expect("a person"), target.expect("a target"))
    };
    let all: Vec<(Caller, Target)> = questions(size).iter().map(resolve).collect();
    let mut turn = all.iter().cycle();
    criterion.bench_function("resolved/10000", |bench| {
        bench.iter(|| {
            let (caller, target) = turn.next().expect("a cycle");
            engine.answer(caller, target).expect("an answer") == Answer::Allowed
        });
    });
}

/// The same questions to the peers, whose answers must be ours.
fn beside_peers(criterion: &mut Criterion) {
    let size = Size::of(PEERS);
    let (engine, questions) = (engine(size), questions(size));
    let session = Session::at(SystemTime::now());
    let mut group = criterion.benchmark_group("peers");
    let casbin = peers::Casbin::new(size);
    let mut regorus = peers::Regorus::new(size);
    let slices: Vec<cedar::Slice> = questions.iter().map(cedar::Slice::of_developer).collect();
    for (question, slice) in questions.iter().zip(&slices) {
        let ours = is_allowed(&engine, question, session);
        assert_eq!(casbin.is_allowed(question), ours, "{question:?}");
        assert_eq!(regorus.is_allowed(question), ours, "{question:?}");
        assert_eq!(slice.is_allowed(), ours, "{question:?}");
    }
    let mut turn = questions.iter().cycle();
    let mut next = || turn.next().expect("a cycle");
    group.bench_function("fortem", |bench| bench.iter(|| is_allowed(&engine, next(), session)));
    group.bench_function("casbin", |bench| bench.iter(|| casbin.is_allowed(next())));
    group.bench_function("regorus", |bench| bench.iter(|| regorus.is_allowed(next())));
    let mut turn = slices.iter().cycle();
    group.bench_function("cedar, ideal slice, all built beforehand", |bench| {
        bench.iter(|| turn.next().expect("a cycle").is_allowed());
    });
    let everything = cedar::Everything::new(size, &questions[0]);
    assert_eq!(everything.is_allowed(), is_allowed(&engine, &questions[0], session));
    group.sample_size(10);
    group.bench_function("cedar, all links", |bench| {
        bench.iter(|| everything.is_allowed());
    });
}

/// A role with a condition: both sides build the request.
fn conditional(criterion: &mut Criterion) {
    let source = fortem_core::Source::load("../../../policies").expect("the shipped policies");
    let engine = Engine::new(&source.policy_set(), source.fleet()).expect("an engine");
    let session = Session::at(SystemTime::now()).mfa(true);
    let task = Resource::new("Task", "4f3a").within("staging");
    let request = Request::new("carol", "execCommand", task, session);
    let slice = cedar::Conditional::new();
    assert!(engine.authorize(&request).expect("a request").is_allowed() && slice.is_allowed());
    let mut group = criterion.benchmark_group("conditional");
    group.bench_function("fortem", |bench| {
        bench.iter(|| engine.authorize(black_box(&request)).expect("a request").is_allowed());
    });
    group.bench_function("cedar, ideal slice, request built", |bench| {
        bench.iter(|| slice.is_allowed());
    });
}

/// What a frontend draws: everything that somebody may do.
fn permissions(criterion: &mut Criterion) {
    let size = Size::of(10_000);
    let engine = engine(size);
    let name = "newcomer@example.com".to_owned();
    let mut changes = vec![Change::PutUser { name: name.clone(), teams: Vec::new() }];
    changes.extend((0..5).map(|number| Change::Assign {
        role: "developer".to_owned(),
        assignee: Some(Assignee::User(name.clone())),
        environment: Some(environment(number * 1_001)),
    }));
    engine.apply(&changes).expect("a newcomer");
    assert_eq!(engine.permissions(&name).expect("a person").environments.len(), 5);
    criterion.bench_function("permissions/5 of 10000", |bench| {
        bench.iter(|| engine.permissions(black_box(&name)).expect("a person"));
    });
}

/// Decisions a second of one thread, and of two at the same time.
fn threads(_: &mut Criterion) {
    let size = Size::of(PEERS);
    let (engine, questions) = (engine(size), questions(size));
    let run = || {
        let begin = Instant::now();
        let mut count = 0.0;
        while begin.elapsed() < Duration::from_secs(2) {
            for question in &questions {
                black_box(is_allowed(&engine, question, Session::at(SystemTime::UNIX_EPOCH)));
                count += 1.0;
            }
        }
        count / begin.elapsed().as_secs_f64()
    };
    let one: f64 = run();
    let two: f64 = std::thread::scope(|scope| {
        let runs = [scope.spawn(run), scope.spawn(run)];
        runs.into_iter().map(|run| run.join().expect("a run")).sum()
    });
    println!("threads: {one:.0} decisions/s with one, {two:.0} with two, {:.2} times", two / one);
}

/// A fleet file read and an engine made of it.
fn load(criterion: &mut Criterion) {
    let size = Size::of(10_000);
    let policies = policies();
    let mut group = criterion.benchmark_group("load/10000");
    group.sample_size(10);
    group.bench_function("fleet file", |bench| bench.iter(|| fleet(size)));
    let fleet = fleet(size);
    group.bench_function("engine", |bench| {
        bench.iter_batched(
            || (),
            |()| Engine::new(&policies, &fleet).expect("an engine"),
            BatchSize::PerIteration,
        );
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = authorize, resolved, beside_peers, conditional, permissions, threads, load
}
criterion_main!(benches);
