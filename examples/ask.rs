//! Asks the engine as a chat bot or a console would.
//!
//! `cargo run -p fortem-core --example ask -- alice restartService staging/orders-api`
//!
//! Exit code 0 means allowed, 10 denied, 1 an error, 2 wrong arguments. `ask alice` prints what she may do.

use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;
use std::time::SystemTime;

use fortem_core::engine::{Answer, Engine, Request, Resource, Session};
use fortem_core::{Action, Problem, Problems};

const USAGE: &str =
    "usage: ask [--policies DIR] [--mfa] [--kind KIND] USER [ACTION ENVIRONMENT/RESOURCE]";

#[derive(Default)]
struct Arguments {
    policies: Option<String>,
    mfa: bool,
    kind: Option<String>,
    words: Vec<String>,
}

fn main() -> ExitCode {
    match run(std::env::args().skip(1), &mut stdout()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let _ = writeln!(stderr(), "{error}");
            ExitCode::from(1)
        }
    }
}

pub(crate) fn run(
    arguments: impl Iterator<Item = String>,
    out: &mut dyn Write,
) -> Result<u8, Box<dyn Error>> {
    let Some(arguments) = parsed(arguments) else {
        writeln!(stderr(), "{USAGE}")?;
        return Ok(2);
    };
    let directory = arguments.policies.as_deref().unwrap_or("policies");
    let engine = Engine::load(directory).map_err(|problems| told(&problems))?;
    match arguments.words.as_slice() {
        [user, action, target] => ask(&engine, &arguments, [user, action, target], out),
        [user] => show(&engine, user, out),
        _ => Ok(2),
    }
}

/// Every problem of a policies directory, a line each.
fn told(problems: &Problems) -> String {
    let line = |one: &Problem| match one.location() {
        Some(place) => format!("{place}: {one}"),
        None => one.to_string(),
    };
    problems.as_slice().iter().map(line).collect::<Vec<_>>().join("\n")
}

fn parsed(mut all: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut found = Arguments::default();
    while let Some(one) = all.next() {
        match one.as_str() {
            "--policies" => found.policies = Some(all.next()?),
            "--kind" => found.kind = Some(all.next()?),
            "--mfa" => found.mfa = true,
            option if option.starts_with('-') => return None,
            _ => found.words.push(one),
        }
    }
    matches!(found.words.len(), 1 | 3).then_some(found)
}

fn ask(
    engine: &Engine,
    arguments: &Arguments,
    [user, action, target]: [&str; 3],
    out: &mut dyn Write,
) -> Result<u8, Box<dyn Error>> {
    let (environment, id) = target.split_once('/').unwrap_or((target, ""));
    let kind = match &arguments.kind {
        Some(kind) => kind.clone(),
        None if id.is_empty() => "Environment".to_owned(),
        None => only_kind(engine, action)?,
    };
    let resource = match kind.as_str() {
        "Environment" => Resource::environment(environment),
        kind => Resource::new(kind, id).within(environment),
    };
    let session = Session::at(SystemTime::now()).mfa(arguments.mfa);
    let request = Request::new(user, action, resource, session);
    let decision = engine.authorize(&request)?;
    let word = if decision.is_allowed() { "allowed" } else { "denied" };
    writeln!(out, "{word}: {}", decision.explain().reason)?;
    Ok(if decision.is_allowed() { 0 } else { 10 })
}

/// The kind of resource that the action applies to, if there is one only.
fn only_kind(engine: &Engine, action: &str) -> Result<String, Box<dyn Error>> {
    let vocabulary = engine.vocabulary();
    let known = vocabulary.action(action);
    match known.map(Action::kinds).ok_or_else(|| format!("unknown action `{action}`"))? {
        [kind] => Ok(kind.clone()),
        several => Err(format!("say --kind: one of {}", several.join(", ")).into()),
    }
}

/// A row for each action, a column for each environment.
fn show(engine: &Engine, user: &str, out: &mut dyn Write) -> Result<u8, Box<dyn Error>> {
    let permissions = engine.permissions(user)?;
    let Some(first) = permissions.environments.first() else {
        writeln!(out, "{user} may do nothing")?;
        return Ok(0);
    };
    write!(out, "{:24}", "")?;
    for one in &permissions.environments {
        write!(out, "{:16}", one.environment)?;
    }
    let mut actions: Vec<&str> = first.actions.iter().map(|one| &*one.action).collect();
    actions.dedup();
    for action in actions {
        write!(out, "\n{action:24}")?;
        for one in &permissions.environments {
            let word = match one.answer(action) {
                Answer::Allowed => "yes",
                Answer::Conditional => "it depends",
                Answer::Denied => "-",
            };
            write!(out, "{word:16}")?;
        }
    }
    writeln!(out)?;
    Ok(0)
}
