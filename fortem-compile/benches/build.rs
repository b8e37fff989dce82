//! How long a verified build takes: the sample, and fleets of ten and of a thousand environments with twenty roles. The
//! ratio of the last two shows what the size of the fleet costs.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "it measures what the tests check, for developers to read"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use fortem_compile::compile;
use fortem_core::{Source, SourceFile};

/// How often each measurement is taken; the median counts.
const RUNS: usize = 7;

/// Of these, each role has those that its number says.
const ACTIONS: [&str; 8] = [
    "viewEnvironment",
    "viewStatus",
    "viewLogs",
    "tailLogs",
    "stopTask",
    "runTask",
    "flushCache",
    "execCommand",
];

fn main() {
    // Cargo passes it when it measures, and not when it tests.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    measure("sample", || Source::load("../policies").unwrap());
    let small = measure("10 environments, 20 roles", || fleet(10));
    let large = measure("1,000 environments, 20 roles", || fleet(1_000));
    println!("ratio: {:.1}", large.as_secs_f64() / small.as_secs_f64());
}

/// The median time to read and check a source, compile it and verify the documents.
fn measure(name: &str, source: impl Fn() -> Source) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let source = source();
            black_box(compile(&source, &[]).unwrap());
            start.elapsed()
        })
        .collect();
    times.sort();
    println!("{name}: {:.1} ms", times[RUNS / 2].as_secs_f64() * 1e3);
    times[RUNS / 2]
}

/// Environments of which five are production, which a guard closes.
fn fleet(count: usize) -> Source {
    let environments = (0..count).map(|number| {
        let tier = if number < 5 { "production" } else { "nonproduction" };
        format!("[[environment]]\nname = \"e{number:04}x\"\ntier = \"{tier}\"\n")
    });
    let roles = (0..20).map(|number| {
        let own = ACTIONS.iter().enumerate().filter(|(bit, _)| (number * 37 + 11) >> bit & 1 == 1);
        let own: Vec<String> = own.map(|(_, name)| format!("Fortem::Action::\"{name}\"")).collect();
        format!(
            "@id(\"role-{number}\")\npermit (principal in ?principal, action in [{}], resource in ?resource);\n",
            own.join(", ")
        )
    });
    let guard = "@id(\"never-prod\")\n\
        forbid (principal, action, resource) when { resource in Fortem::Tier::\"production\" };\n";
    let cedar = SourceFile::new("all.cedar", roles.collect::<String>() + guard);
    let fleet = SourceFile::new("fleet.toml", environments.collect::<String>());
    Source::parse(&fleet, &[cedar]).unwrap()
}
