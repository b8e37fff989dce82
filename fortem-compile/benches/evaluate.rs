//! How long the evaluator takes: `decide` per call and `eval` per case, on the cases of the tests.
//!
//! With `FORTEM_PEER` set to a command that reads the same JSON lines from standard input and writes an answer a line,
//! that command runs on the same input, and the ratio is printed. `eval` and the peer are whole processes: their start
//! counts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "it measures what the tests check, for developers to read"
)]

use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fortem_compile::iam::{Document, NamedDocument, Policies, Request};
use fortem_compile::{compile, output};
use fortem_core::Source;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How often each measurement is taken; the median counts.
const RUNS: usize = 7;

/// How often the cases are repeated for a process, so that its start is little of the time.
const ROUNDS: usize = 30;

fn main() {
    // Cargo passes it when it measures, and not when it tests.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let documents = documents("developer");
    let cases: Vec<Value> = ["ordinary", "attacks", "wider"].into_iter().flat_map(cases).collect();
    report("Policies::decide", "call", decide(&cases, &documents));

    let input = Input::of(&cases, &documents);
    let own = input.time(Command::new(env!("CARGO_BIN_EXE_fortem-compile")).arg("eval"));
    report("fortem-compile eval", "case", own);
    if let Ok(peer) = std::env::var("FORTEM_PEER") {
        let other = input.time(Command::new("sh").args(["-c", &peer]));
        report(&peer, "case", other);
        println!("ratio: {:.1}", other.as_secs_f64() / own.as_secs_f64());
    }
}

fn report(name: &str, unit: &str, time: Duration) {
    println!("{name}: {:.2} µs a {unit}", time.as_secs_f64() * 1e6);
}

/// The median of several runs.
fn median(mut run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS).map(|_| run()).collect();
    times.sort();
    times[RUNS / 2]
}

/// One decision on a request that is already there.
fn decide(cases: &[Value], documents: &[String]) -> Duration {
    let parsed = documents.iter().enumerate().map(|(index, text)| {
        NamedDocument::new(format!("developer-{index}"), Document::parse(text).unwrap())
    });
    let policies = Policies::of_identity(parsed);
    let requests: Vec<Request> = cases.iter().map(request).collect();
    let rounds = u32::try_from(ROUNDS * requests.len()).unwrap();
    median(|| {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            for request in &requests {
                black_box(policies.decide(black_box(request)));
            }
        }
        start.elapsed() / rounds
    })
}

/// The first check of a case with every key that its tags and context give.
fn request(case: &Value) -> Request {
    let resources = case.get("resource").or(case.get("resources")).unwrap();
    let resource = resources.get(0).unwrap_or(resources);
    let mut request =
        Request::new(case["action"].as_str().unwrap(), resource["arn"].as_str().unwrap());
    let groups = [
        ("aws:PrincipalTag/", &case["principal"]["tags"]),
        ("aws:ResourceTag/", &resource["tags"]),
        ("ecs:ResourceTag/", &resource["tags"]),
        ("aws:RequestTag/", &case["request_tags"]),
        ("", &case["context"]),
    ];
    let arn = case["principal"]["arn"].as_str().unwrap();
    request.context_mut().insert("aws:PrincipalArn", arn);
    for (prefix, entries) in groups {
        for (key, value) in entries.as_object().into_iter().flatten() {
            let values = value.as_array().map(|all| all.iter().map(text).collect::<Vec<_>>());
            let key = format!("{prefix}{key}");
            match values {
                Some(values) => request.context_mut().insert(&key, values),
                None => request.context_mut().insert(&key, text(value)),
            };
        }
    }
    request
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The cases with their documents as a file, repeated.
struct Input {
    directory: TempDir,
    count: u32,
}

impl Input {
    fn of(cases: &[Value], documents: &[String]) -> Self {
        let documents = documents.iter().enumerate().map(|(index, text)| {
            let document: Value = serde_json::from_str(text).unwrap();
            json!({"name": format!("developer-{index}"), "document": document})
        });
        let documents: Value = documents.collect();
        let lines = cases.iter().map(|case| {
            let mut case = case.clone();
            case["identity_policies"] = documents.clone();
            // Other documents, other decisions; what is measured is time.
            case.as_object_mut().unwrap().remove("expect");
            format!("{case}\n")
        });
        let directory = tempfile::tempdir().unwrap();
        fs::write(Self::file(&directory), lines.collect::<String>().repeat(ROUNDS)).unwrap();
        Self { directory, count: u32::try_from(cases.len() * ROUNDS).unwrap() }
    }

    fn file(directory: &TempDir) -> impl AsRef<Path> {
        directory.path().join("cases.jsonl")
    }

    /// The time of a process by the number of cases that it reads.
    fn time(&self, command: &mut Command) -> Duration {
        median(|| {
            let input = File::open(Self::file(&self.directory)).unwrap();
            let start = Instant::now();
            let status = command.stdin(input).stdout(Stdio::null()).status().unwrap();
            assert!(status.success(), "{command:?}: {status}");
            start.elapsed() / self.count
        })
    }
}

fn cases(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(format!("tests/cases/{file}.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The documents that a role is emitted as.
fn documents(role: &str) -> Vec<String> {
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &[role.to_owned()]).unwrap();
    output::documents(&compiled).into_iter().map(|(_, text)| text).collect()
}
