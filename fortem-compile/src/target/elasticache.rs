//! The users of caches: what IAM cannot see of a connection, which is keys and commands, is said here.
//!
//! One user an environment, as `CreateUser` takes it, whom people sign in as through IAM. Its access string has the
//! keys of the environment, and of the commands those of `data/cache-commands.toml`.

use std::sync::LazyLock;

use fortem_core::{Environment, NamePattern};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Input, Target, Targets, indented};
use crate::emit::Document;
use crate::output::Artifact;
use crate::statement::{ApiActions, Effect, Statement};

const TEXT: &str = include_str!("../../data/cache-commands.toml");

/// The API action that signs somebody in to a cache.
const CONNECT: &str = "elasticache:Connect";

/// What stands for a wildcard of the user's name.
const SUFFIX: &str = "flush";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "command")]
    commands: Vec<Command>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    name: String,
    #[expect(dead_code, reason = "for whoever reads the table")]
    why: String,
}

#[expect(
    clippy::expect_used,
    reason = "the text is fixed at compile time and every test parses it"
)]
fn table() -> &'static Table {
    static BUILTIN: LazyLock<Table> = LazyLock::new(|| {
        toml::from_str(TEXT).expect("the built-in table is valid TOML of this shape")
    });
    &BUILTIN
}

pub(super) fn write<'a>(input: &Input<'a>, output: &mut Targets<'a>) {
    let environments = environments(input);
    if environments.is_empty() {
        let why =
            format!("nobody is granted `{CONNECT}` in an environment where no guard forbids it");
        let help = "assign a role that permits `flushCache`";
        output.leave_out(Target::Elasticache, "elasticache/", &why, help);
    }
    for environment in environments {
        let file = format!("elasticache/{}.json", environment.name());
        if let Some(id) = user_id(input, environment) {
            let artifact = Artifact::new(file, indented(&user(input, environment, &id)));
            let environment = Some(environment.name());
            output.artifacts.push(Artifact { environment, ..artifact });
        } else {
            let why = "the fleet does not say what the user of its cache is called, in a way that ElastiCache takes";
            let help = "set `cache_users = [\"{environment}-*\"]` under [names]: 1 to 40 letters, digits and `-`";
            output.leave_out(Target::Elasticache, file, why, help);
        }
    }
}

/// The environments in which somebody may connect.
fn environments<'a>(input: &Input<'a>) -> Vec<&'a Environment> {
    let roles = input.roles().into_iter().filter(|role| {
        let mut statements = input.documents_of(role).flat_map(Document::statements);
        statements.any(connects)
    });
    let names: Vec<&str> =
        roles.flat_map(|role| input.environments_of(role)).map(Environment::name).collect();
    let all = input.fleet().environments().iter();
    all.filter(|one| names.contains(&one.name()) && !is_forbidden(input, one)).collect()
}

fn connects(statement: &Statement) -> bool {
    let named = matches!(&statement.actions, ApiActions::These(apis) if apis.contains(CONNECT));
    named && statement.effect == Effect::Allow
}

/// Whether guards forbid every action that signs in to a cache.
fn is_forbidden(input: &Input, environment: &Environment) -> bool {
    let calls = input.compiled.world().table.calls.iter().filter(|call| call.api == CONNECT);
    let mut actions = calls.flat_map(|call| &call.actions);
    actions.all(|action| {
        input.compiled.model.guards.iter().any(|guard| guard.forbids(action, environment))
    })
}

/// A user that the policies let people sign in as: a name of the environment's pattern.
fn user_id(input: &Input, environment: &Environment) -> Option<String> {
    let pattern = environment.names().cache_users.first()?;
    let id = pattern.with(environment.name()).replace('*', SUFFIX).replace('?', "1");
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_id = id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(allowed);
    (is_id && input.quotas.cache_user_id.size(&id).fits()).then_some(id)
}

fn user(input: &Input, environment: &Environment, id: &str) -> Value {
    let key = input.fleet().tag_key();
    json!({
        "UserId": id,
        // With IAM both are the same.
        "UserName": id,
        // A user of the engine `redis` may be in groups of either engine.
        "Engine": "redis",
        "AuthenticationMode": {"Type": "iam"},
        "AccessString": access_string(environment),
        "Tags": [{"Key": key, "Value": environment.name()}],
    })
}

fn access_string(environment: &Environment) -> String {
    let keys = environment.names().cache_keys.iter();
    let keys = keys.map(|key: &NamePattern| format!("~{}", key.with(environment.name())));
    let commands = table().commands.iter().map(|command| format!("+{}", command.name));
    let words = ["on".to_owned()].into_iter().chain(keys);
    let words = words.chain(["resetchannels".to_owned(), "-@all".to_owned()]).chain(commands);
    words.collect::<Vec<_>>().join(" ")
}
