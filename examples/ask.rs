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
    let Some(arguments) = arguments() else {
        let _ = writeln!(stderr(), "{USAGE}");
        return ExitCode::from(2);
    };
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(stderr(), "{error}");
            ExitCode::from(1)
        }
    }
}

fn arguments() -> Option<Arguments> {
    let mut found = Arguments::default();
    let mut all = std::env::args().skip(1);
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

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let engine = Engine::load(arguments.policies.as_deref().unwrap_or("policies"))?;
    match arguments.words.as_slice() {
        [user, action, target] => ask(&engine, arguments, user, action, target),
        [user] => show(&engine, user),
        _ => Err(USAGE.into()),
    }
}

fn ask(
    engine: &Engine,
    arguments: &Arguments,
    user: &str,
    action: &str,
    target: &str,
) -> Result<ExitCode, Box<dyn Error>> {
    let (environment, id) = target.split_once('/').unwrap_or((target, ""));
    let kind = match &arguments.kind {
        Some(kind) => kind.clone(),
        None if id.is_empty() => "Environment".to_owned(),
        None => only_kind(engine, user, action)?,
    };
    let resource = match kind.as_str() {
        "Environment" => Resource::environment(environment),
        kind => Resource::new(kind, id).within(environment),
    };
    let session = Session::at(SystemTime::now()).mfa(arguments.mfa);
    let request = Request::new(user, action, resource, session);
    let decision = engine.authorize(&request)?;
    let word = if decision.is_allowed() { "allowed" } else { "denied" };
    writeln!(stdout(), "{word}: {}", decision.explain().reason)?;
    Ok(if decision.is_allowed() { ExitCode::SUCCESS } else { ExitCode::from(10) })
}

/// The kind of resource that the action applies to, if there is one only.
fn only_kind(engine: &Engine, user: &str, action: &str) -> Result<String, Box<dyn Error>> {
    let kinds = engine.permissions(user)?;
    let of_action = kinds.environments.first().into_iter().flat_map(|one| &one.actions);
    let kinds: Vec<&str> =
        of_action.filter(|one| one.action == action).map(|one| one.kind).collect();
    match kinds.as_slice() {
        [kind] => Ok((*kind).to_owned()),
        [] => Ok("Service".to_owned()),
        several => Err(format!("say --kind: one of {}", several.join(", ")).into()),
    }
}

/// A row for each action, a column for each environment.
fn show(engine: &Engine, user: &str) -> Result<ExitCode, Box<dyn Error>> {
    let permissions = engine.permissions(user)?;
    let mut out = stdout().lock();
    let Some(first) = permissions.environments.first() else {
        writeln!(out, "{user} may do nothing")?;
        return Ok(ExitCode::SUCCESS);
    };
    write!(out, "{:24}", "")?;
    for one in &permissions.environments {
        write!(out, "{:16}", one.environment)?;
    }
    let mut actions: Vec<&str> = first.actions.iter().map(|one| one.action).collect();
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
    Ok(ExitCode::SUCCESS)
}
