//! TOML to [`Fleet`].

use toml::Spanned;
use toml::de::DeTable;

use super::modes::Modes;
use super::names::{KEYS, Names};
use super::organization;
use super::read::{Found, Reader, Table};
use super::roles::Roles;
use super::session_tags::SessionTags;
use super::{
    Acceptance, Assignee, Assignment, Environment, Fleet, Named, Partition, ScheduleKind, Team,
    Tier, User, check, context, is_alias, is_slug,
};
use crate::problem::{Problem, SourceFile};

const TOP: [&str; 18] = [
    "tag_key",
    "partition",
    "schedule",
    "task_tags",
    "names",
    "environment",
    "team",
    "user",
    "assignment",
    "accept_leaks",
    "accept_merged",
    "mode",
    "modes",
    "slots",
    "team_tag_key",
    "user_tag_key",
    "context",
    "organization",
];

pub(super) fn fleet(file: &SourceFile, roles: &Roles) -> (Option<Fleet>, Vec<Problem>) {
    let (document, errors) = DeTable::parse_recoverable(file.text());
    let syntax = errors.iter().map(|error| {
        let span = error.span().unwrap_or_default();
        let message = error.message().trim_end().replace('\n', ", ");
        Problem::new("fortem::fleet::syntax", message).at(file, span, "not TOML")
    });
    // What stands behind a syntax error may be read wrongly, so it is not judged.
    let syntax: Vec<Problem> = syntax.collect();
    if !syntax.is_empty() {
        return (None, syntax);
    }
    let mut reader = Reader::new(file);
    let top = Table { entries: document.get_ref(), span: 0..0 };
    let fleet = read(&mut reader, &top);
    check::fleet(&mut reader, &fleet, roles);
    (Some(fleet), reader.problems)
}

fn read(reader: &mut Reader, top: &Table) -> Fleet {
    reader.only(top, &TOP);
    let names = match reader.table(top, "names") {
        Some(table) => {
            reader.only(&table, &KEYS);
            Names::default().read(reader, &table, false)
        }
        None => Names::default(),
    };
    let tag_key = reader.string(top, "tag_key");
    let tag_key = tag_key.and_then(|found| tag(reader, found));
    let tag_key = tag_key.map_or_else(|| "Environment".to_owned(), |found| found.value);
    let environments = reader.tables(top, "environment");
    let environments =
        environments.iter().filter_map(|table| environment(reader, table, &names)).collect();
    let teams = reader.tables(top, "team");
    let teams = teams.iter().filter_map(|table| team(reader, table)).collect();
    let users = reader.tables(top, "user");
    let users = users.iter().filter_map(|table| user(reader, table)).collect();
    let assignments = reader.tables(top, "assignment");
    let assignments = assignments.iter().filter_map(|table| assignment(reader, table)).collect();
    let partition = word(reader, top, "partition", "partition", Partition::ALL, Partition::as_str)
        .unwrap_or(Partition::Aws);
    Fleet {
        file: reader.file.clone(),
        task_tags: task_tags(reader, top, &tag_key),
        tag_key,
        partition,
        schedule: word(
            reader,
            top,
            "schedule",
            "schedule",
            ScheduleKind::ALL,
            ScheduleKind::as_str,
        )
        .unwrap_or(ScheduleKind::EventBridgeRule),
        schedule_span: top.entries.get("schedule").map(Spanned::span).unwrap_or_default(),
        names,
        environments,
        teams,
        users,
        assignments,
        accepted_leaks: acceptances(reader, top, "accept_leaks"),
        accepted_merges: acceptances(reader, top, "accept_merged"),
        modes: Modes::read(reader, top),
        session_tags: SessionTags::read(reader, top),
        context: context::read(reader, top),
        organization: organization::read(reader, top, partition),
    }
}

impl From<Found<String>> for Named {
    fn from(found: Found<String>) -> Self {
        Self { text: found.value, span: found.span }
    }
}

/// One of a closed set of words, each of which says `what`.
pub(super) fn word<T: Copy>(
    reader: &mut Reader,
    table: &Table,
    key: &str,
    what: &str,
    all: &[T],
    text: fn(T) -> &'static str,
) -> Option<T> {
    let found = reader.string(table, key)?;
    let known = all.iter().copied().find(|one| text(*one) == found.value);
    if known.is_none() {
        let words: Vec<_> = all.iter().map(|one| format!("`{}`", text(*one))).collect();
        let message = format!("unknown {what} `{}`", found.value);
        let expected = format!("expected one of {}", words.join(", "));
        reader.report("fortem::fleet::unknown_word", message, found.span, &expected);
    }
    known
}

/// A tag key as AWS allows it (IAM User Guide, Tags for IAM resources: 1 to 128 of these letters).
pub(super) fn is_tag_key(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c);
    let reserved = text.to_ascii_lowercase().starts_with("aws:");
    (1..=128).contains(&text.len()) && text.chars().all(allowed) && !reserved
}

pub(super) fn tag(reader: &mut Reader, found: Found<String>) -> Option<Found<String>> {
    if is_tag_key(&found.value) {
        return Some(found);
    }
    let message = format!("`{}` cannot be a tag key", found.value);
    let expected = "expected 1 to 128 letters, digits, blanks and `_.:/=+-@`, not `aws:` in front";
    reader.report("fortem::fleet::bad_tag_key", message, found.span, expected);
    None
}

fn task_tags(reader: &mut Reader, top: &Table, tag_key: &str) -> Vec<String> {
    let found = reader.strings(top, "task_tags").unwrap_or_default();
    let mut keys = Vec::new();
    for one in found {
        let Some(one) = tag(reader, one) else {
            continue;
        };
        // IAM reads tag keys without regard to case: this one would be a second environment.
        if one.value.eq_ignore_ascii_case(tag_key) {
            let message = format!("`{}` is the environment's own tag key", one.value);
            let expected = "expected a key that differs by more than letter case";
            reader.report("fortem::fleet::bad_tag_key", message, one.span, expected);
            continue;
        }
        keys.push(one.value);
    }
    keys
}

fn environment(reader: &mut Reader, table: &Table, fleet: &Names) -> Option<Environment> {
    let known: Vec<&str> =
        ["name", "tier", "aliases", "accounts"].into_iter().chain(KEYS).collect();
    reader.only(table, &known);
    let name = reader.required(table, "name", "an environment");
    let name = name.and_then(|found| slug(reader, found, "an environment"));
    if table.entries.get("tier").is_none() {
        let message = match &name {
            Some(name) => format!("environment `{}` without `tier`", name.text),
            None => "an environment without `tier`".to_owned(),
        };
        let span = name.as_ref().map_or_else(|| table.span.clone(), |name| name.span.clone());
        let expected = "expected `tier = \"production\"` or `tier = \"nonproduction\"`";
        reader.report("fortem::fleet::missing_key", message, span, expected);
    }
    let tier = word(reader, table, "tier", "tier", Tier::ALL, Tier::as_str);
    let aliases = reader.strings(table, "aliases").unwrap_or_default();
    let aliases = aliases.into_iter().filter_map(|found| alias(reader, found)).collect();
    let accounts = reader.strings(table, "accounts").unwrap_or_default();
    let accounts = accounts.into_iter().filter_map(|found| account(reader, found)).collect();
    let names = fleet.read(reader, table, true);
    // An environment of unknown tier is reported already; the rest of the file is judged as if it
    // were production, which no policy treats more kindly.
    let tier = tier.unwrap_or(Tier::Production);
    Some(Environment { name: name?, tier, aliases, accounts, names })
}

fn slug(reader: &mut Reader, found: Found<String>, what: &str) -> Option<Named> {
    let text = &found.value;
    if is_slug(text) {
        return Some(found.into());
    }
    let message = format!("`{text}` cannot be the name of {what}");
    let expected = "expected 1 to 63 of `a-z`, `0-9` and `-`";
    reader.report("fortem::fleet::bad_name", message, found.span, expected);
    None
}

fn alias(reader: &mut Reader, found: Found<String>) -> Option<Named> {
    if is_alias(&found.value) {
        return Some(found.into());
    }
    let message = format!("`{}` cannot be an alias", found.value.escape_default());
    let expected = "expected printable Latin-1 characters without `*?${}`";
    reader.report("fortem::fleet::bad_name", message, found.span, expected);
    None
}

fn account(reader: &mut Reader, found: Found<String>) -> Option<String> {
    if found.value.len() == 12 && found.value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(found.value);
    }
    let message = format!("`{}` is no AWS account id", found.value);
    reader.report("fortem::fleet::bad_account", message, found.span, "expected 12 digits");
    None
}

fn team(reader: &mut Reader, table: &Table) -> Option<Team> {
    reader.only(table, &["name", "teams", "groups"]);
    let teams = reader.strings(table, "teams").unwrap_or_default();
    let groups = reader.strings(table, "groups").unwrap_or_default();
    let name = reader.required(table, "name", "a team")?;
    let name = person(reader, name, "a team")?;
    Some(Team {
        name,
        teams: teams.into_iter().map(Named::from).collect(),
        groups: groups.into_iter().map(|group| group.value).collect(),
    })
}

fn user(reader: &mut Reader, table: &Table) -> Option<User> {
    reader.only(table, &["name", "teams"]);
    let teams = reader.strings(table, "teams").unwrap_or_default();
    let name = reader.required(table, "name", "a user")?;
    let name = person(reader, name, "a user")?;
    Some(User { name, teams: teams.into_iter().map(Named::from).collect() })
}

/// Ids of identity providers come in many shapes; only what cannot be printed is refused.
fn person(reader: &mut Reader, found: Found<String>, what: &str) -> Option<Named> {
    if !found.value.is_empty() && !found.value.chars().any(char::is_control) {
        return Some(found.into());
    }
    let message = format!("`{}` cannot be the name of {what}", found.value.escape_default());
    let expected = "expected at least one character, all of them printable";
    reader.report("fortem::fleet::bad_name", message, found.span, expected);
    None
}

fn assignment(reader: &mut Reader, table: &Table) -> Option<Assignment> {
    reader.only(table, &["role", "team", "user", "environments"]);
    let role = reader.required(table, "role", "an assignment");
    let team = reader.string(table, "team");
    let user = reader.string(table, "user");
    if let (Some(_), Some(user)) = (&team, &user) {
        let message = "an assignment to two".to_owned();
        let expected = "expected `team` or `user`, one of them, in this table";
        reader.report("fortem::fleet::assignee", message, user.span.clone(), expected);
    }
    let team = team.map(|found| (Assignee::Team(found.value), found.span));
    let user = user.map(|found| (Assignee::User(found.value), found.span));
    let (assignee, assignee_span) = team.or(user).unzip();
    let environments = reader.strings(table, "environments").unwrap_or_default();
    Some(Assignment {
        role: role?.into(),
        assignee,
        assignee_span: assignee_span.unwrap_or_else(|| table.span.clone()),
        environments: environments.into_iter().map(Named::from).collect(),
        span: table.span.clone(),
        line: reader.file.line(table.span.start),
    })
}

fn acceptances(reader: &mut Reader, top: &Table, key: &str) -> Vec<Acceptance> {
    let Some(table) = reader.table(top, key) else {
        return Vec::new();
    };
    let mut accepted = Vec::new();
    for (name, value) in table.entries {
        let Some(reason) = reader.text(value, "a reason, as a string") else {
            continue;
        };
        if reason.value.trim().is_empty() {
            let message = format!("`{}` accepted without a reason", name.get_ref());
            let expected = "expected why, for whoever reads the report";
            reader.report("fortem::fleet::no_reason", message, reason.span, expected);
            continue;
        }
        let name = Named { text: name.get_ref().clone().into_owned(), span: name.span() };
        accepted.push(Acceptance { name, reason: reason.value });
    }
    accepted
}
