//! Random fleets, policies and requests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use std::sync::LazyLock;

use cedar_policy::{Policy, PolicyId, PolicySet, Template, ValidationMode, Validator};
use fortem_core::{Source, SourceFile, Vocabulary};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

const ENVIRONMENTS: [(&str, &str); 4] = [
    ("dev", "nonproduction"),
    ("staging", "nonproduction"),
    ("live", "production"),
    ("prod", "production"),
];
/// What `prod` is also called; no Cedar entity has this name.
pub(super) const ALIAS: &str = "production";
/// Names that an environment can get at run time.
pub(super) const NEW_ENVIRONMENTS: [&str; 2] = ["ghost", "fresh"];
pub(super) const TEAMS: [&str; 4] = ["ops", "payments", "orders", "guests"];
pub(super) const USERS: [&str; 4] = ["alice", "bob", "carol", "o'dd \"one\""];
/// Nobody of the fleet.
pub(super) const STRANGER: &str = "zoe";
/// Groups of the identity provider, with the teams whose members are in them.
pub(super) const GROUPS: [(&str, &[&str]); 4] = [
    ("g-ops", &["ops"]),
    ("g-all", &["payments", "orders"]),
    ("g-guests", &["guests"]),
    ("g-unknown", &[]),
];
const KINDS: [&str; 7] =
    ["Service", "Task", "Cache", "LogGroup", "Environment", "TaskDefinition", "Queue"];
const ACTIONS: [&str; 12] = [
    "maintain",
    "purgeQueue",
    "observe",
    "operate",
    "administer",
    "viewStatus",
    "viewEnvironment",
    "restartService",
    "stopTask",
    "runTask",
    "flushCache",
    "execCommand",
];

/// What the fleet adds to the context of every action.
const CONTEXT: &str = r#"
[context]
age = { key = "aws:MultiFactorAuthAge", type = "Long" }
device = { key = "aws:PrincipalTag/Device", type = "String" }
managed = { key = "aws:ViaAWSService", type = "Bool" }
network = { key = "aws:VpcSourceIp", type = "ipaddr" }
since = { key = "aws:TokenIssueTime", type = "datetime" }
"#;

/// A kind and actions that stand in a schema of their own.
const SCHEMA: &str = "namespace Fortem {
  entity Queue in [Environment] tags String;
  action maintain;
  action purgeQueue in [operate, maintain] appliesTo { principal: User, resource: [Queue, Service], context: Session };
}
";

/// The vocabulary with all that.
pub(super) static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let fleet = format!("{CONTEXT}[[environment]]\nname = \"dev\"\ntier = \"nonproduction\"\n");
    let schema = SourceFile::new("queues.cedarschema", SCHEMA);
    let source = Source::parse(&SourceFile::new("fleet.toml", fleet), &[schema]).unwrap();
    source.vocabulary().clone()
});

/// A role, to which team (true) or user, and in which environment, as far as the role has slots for that.
pub(super) type Assignment = (String, Option<(bool, &'static str)>, Option<&'static str>);

/// Whether a role has `?principal`, and whether `?resource`.
pub(super) type Slots = (bool, bool);

/// Whether an assignment names what a role has slots for.
pub(super) fn fits(slots: Option<&Slots>, who: bool, place: bool) -> bool {
    slots == Some(&(who, place))
}

/// A fleet, as data from which both a fleet file and Cedar entities are made.
#[derive(Debug, Clone)]
pub(super) struct Fleet {
    /// Name → tier and aliases.
    pub(super) environments: BTreeMap<&'static str, (&'static str, Vec<&'static str>)>,
    /// Team → the teams it is part of; later ones only, so that none is part of itself.
    pub(super) teams: BTreeMap<&'static str, Vec<&'static str>>,
    pub(super) users: BTreeMap<&'static str, Vec<&'static str>>,
    pub(super) assignments: BTreeSet<Assignment>,
}

impl Fleet {
    pub(super) fn text(&self) -> String {
        let mut text = CONTEXT.to_owned();
        for (name, (tier, aliases)) in &self.environments {
            writeln!(
                text,
                "[[environment]]\nname = {name:?}\ntier = {tier:?}\naliases = {aliases:?}"
            )
            .unwrap();
        }
        for (name, teams) in &self.teams {
            let groups = GROUPS.iter().filter(|(_, teams)| teams.contains(name));
            let groups: Vec<&str> = groups.map(|(group, _)| *group).collect();
            writeln!(text, "[[team]]\nname = {name:?}\nteams = {teams:?}\ngroups = {groups:?}")
                .unwrap();
        }
        for (name, teams) in &self.users {
            writeln!(text, "[[user]]\nname = {name:?}\nteams = {teams:?}").unwrap();
        }
        for (role, assignee, environment) in &self.assignments {
            writeln!(text, "[[assignment]]\nrole = {role:?}").unwrap();
            if let Some((is_team, who)) = assignee {
                let key = if *is_team { "team" } else { "user" };
                writeln!(text, "{key} = {who:?}").unwrap();
            }
            if let Some(environment) = environment {
                writeln!(text, "environments = [{environment:?}]").unwrap();
            }
        }
        text
    }

    /// The environment of a name or an alias.
    pub(super) fn find(&self, spelling: &str) -> Option<&'static str> {
        let mut all = self.environments.iter();
        let found =
            all.find(|(name, (_, aliases))| **name == spelling || aliases.contains(&spelling));
        found.map(|(name, _)| *name)
    }
}

/// Policies with the text of each, by id; those that do not fit the vocabulary are left out.
#[derive(Clone)]
pub(super) struct Policies {
    pub(super) texts: BTreeMap<String, String>,
    pub(super) set: PolicySet,
    pub(super) roles: BTreeMap<String, Slots>,
}

impl std::fmt::Debug for Policies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.texts.fmt(f)
    }
}

impl Policies {
    fn of(texts: Vec<String>) -> Self {
        let mut all =
            Self { texts: BTreeMap::new(), set: PolicySet::new(), roles: BTreeMap::new() };
        let validator = Validator::new(VOCABULARY.schema().clone());
        for (number, text) in texts.into_iter().enumerate() {
            let id =
                if number % 3 == 0 { format!("odd/{number} é\"") } else { format!("p{number}") };
            let mut one = PolicySet::new();
            let slots = (text.contains("?principal"), text.contains("?resource"));
            let is_role = slots != (false, false);
            if is_role {
                one.add_template(Template::parse(Some(PolicyId::new(&id)), &text).unwrap())
                    .unwrap();
            } else {
                one.add(Policy::parse(Some(PolicyId::new(&id)), &text).unwrap()).unwrap();
            }
            if !validator.validate(&one, ValidationMode::Strict).validation_passed() {
                continue;
            }
            all.set.merge(&one, false).unwrap();
            if is_role {
                all.roles.insert(id.clone(), slots);
            }
            all.texts.insert(id, text);
        }
        all
    }
}

/// A request, as owned data.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) user: &'static str,
    pub(super) action: &'static str,
    pub(super) kind: &'static str,
    pub(super) id: &'static str,
    pub(super) place: Place,
    /// Without the one that tells the environment.
    pub(super) tags: Vec<(&'static str, &'static str)>,
    /// What a token says of the user, if there is one.
    pub(super) token: Option<Token>,
    /// Where the cluster is in which a task is to run.
    pub(super) cluster: Option<&'static str>,
    pub(super) mfa: bool,
    pub(super) approval: Option<&'static str>,
    pub(super) source_ip: Option<&'static str>,
    pub(super) now: SystemTime,
    pub(super) added: Added,
}

/// What the session has of the context that the fleet adds.
#[derive(Debug, Clone, Default)]
pub(super) struct Added {
    pub(super) age: Option<i64>,
    pub(super) device: Option<&'static str>,
    pub(super) managed: Option<bool>,
    pub(super) network: Option<&'static str>,
    pub(super) since: Option<&'static str>,
}

/// How a request tells the environment, by any spelling.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Nowhere,
    Within(&'static str),
    Tagged(&'static str),
}

impl Place {
    pub(super) fn spelling(self) -> Option<&'static str> {
        match self {
            Self::Nowhere => None,
            Self::Within(spelling) | Self::Tagged(spelling) => Some(spelling),
        }
    }
}

/// What a token adds: groups and tags.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) groups: Vec<&'static str>,
    pub(super) tags: Vec<(&'static str, &'static str)>,
}

impl Asked {
    /// The tags of the resource.
    pub(super) fn tags(&self) -> Vec<(&'static str, &'static str)> {
        let mut tags = self.tags.clone();
        if let Place::Tagged(spelling) = self.place {
            tags.push(("Environment", spelling));
        }
        tags
    }
}

fn environment_name() -> impl Strategy<Value = &'static str> {
    select(vec!["dev", "staging", "live", "prod", "ghost", "fresh", ALIAS])
}

fn action_scope() -> impl Strategy<Value = String> {
    let action = || select(&ACTIONS[..]).prop_map(|name| format!("Fortem::Action::\"{name}\""));
    prop_oneof![
        Just("action".to_owned()),
        action().prop_map(|one| format!("action == {one}")),
        action().prop_map(|one| format!("action in {one}")),
        prop::collection::vec(action(), 1..3)
            .prop_map(|many| format!("action in [{}]", many.join(", "))),
    ]
}

fn user_literal() -> impl Strategy<Value = String> {
    select(vec!["alice", "bob", STRANGER]).prop_map(|name| format!("Fortem::User::\"{name}\""))
}

fn team_literal() -> impl Strategy<Value = String> {
    select(&TEAMS[..]).prop_map(|name| format!("Fortem::Team::\"{name}\""))
}

fn place_literal() -> impl Strategy<Value = String> {
    prop_oneof![
        environment_name().prop_map(|name| format!("Fortem::Environment::\"{name}\"")),
        select(vec!["production", "nonproduction"])
            .prop_map(|name| format!("Fortem::Tier::\"{name}\"")),
    ]
}

/// Principal and resource of a policy's scope, each with a slot or without.
fn scope() -> impl Strategy<Value = (String, String)> {
    let principals = vec![
        "principal in ?principal",
        "principal == ?principal",
        "principal is Fortem::User in ?principal",
        "principal is Fortem::Team in ?principal",
    ];
    let resources = vec![
        "resource in ?resource",
        "resource == ?resource",
        "resource is Fortem::Service in ?resource",
        "resource is Fortem::Task in ?resource",
    ];
    let assigned = select(principals).prop_map(str::to_owned);
    let placed = select(resources).prop_map(str::to_owned);
    let principal = prop_oneof![
        2 => Just("principal".to_owned()),
        1 => Just("principal is Fortem::User".to_owned()),
        2 => user_literal().prop_map(|one| format!("principal == {one}")),
        1 => user_literal().prop_map(|one| format!("principal in {one}")),
        2 => team_literal().prop_map(|one| format!("principal in {one}")),
        1 => team_literal().prop_map(|one| format!("principal is Fortem::User in {one}")),
    ];
    let kind = || select(&KINDS[..]);
    let resource = prop_oneof![
        2 => Just("resource".to_owned()),
        2 => place_literal().prop_map(|one| format!("resource in {one}")),
        1 => environment_name().prop_map(|one| format!("resource == Fortem::Environment::\"{one}\"")),
        1 => kind().prop_map(|one| format!("resource is Fortem::{one}")),
        1 => (kind(), place_literal()).prop_map(|(one, place)| format!("resource is Fortem::{one} in {place}")),
        1 => Just("resource == Fortem::Service::\"one\"".to_owned()),
        1 => Just("resource in Fortem::Task::\"one\"".to_owned()),
    ];
    let (principal, resource) = (principal.boxed(), resource.boxed());
    prop_oneof![
        3 => (assigned.clone(), placed.clone()),
        2 => (assigned, resource.clone()),
        2 => (principal.clone(), placed),
        3 => (principal, resource),
    ]
}

const SAME_DATA: &str = "(principal.hasTag(\"data\") && resource.hasTag(\"data\") && principal.getTag(\"data\") == resource.getTag(\"data\"))";

fn atom() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("true".to_owned()),
        Just("context.mfa".to_owned()),
        Just("(context has approval && context.approval == \"ok\")".to_owned()),
        Just(
            "(context has source_ip && context.source_ip.isInRange(ip(\"10.0.0.0/8\")))".to_owned()
        ),
        Just("(context has now && context.now < datetime(\"2026-07-01\"))".to_owned()),
        Just("(context has now && context.now.toTime() > duration(\"12h\"))".to_owned()),
        Just("(context has age && context.age < 3600)".to_owned()),
        Just("(context has device && context.device like \"lap*\")".to_owned()),
        Just("(context has managed && context.managed)".to_owned()),
        Just("(context has network && context.network.isInRange(ip(\"10.0.0.0/8\")))".to_owned()),
        Just("(context has since && context.since < datetime(\"2026-07-01\"))".to_owned()),
        place_literal().prop_map(|one| format!("resource in {one}")),
        (place_literal(), place_literal()).prop_map(|(a, b)| format!("resource in [{a}, {b}]")),
        select(&KINDS[..]).prop_map(|one| format!("resource is Fortem::{one}")),
        (select(&KINDS[..]), place_literal())
            .prop_map(|(one, place)| format!("resource is Fortem::{one} in {place}")),
        select(&ACTIONS[..]).prop_map(|one| format!("action in Fortem::Action::\"{one}\"")),
        select(&ACTIONS[..]).prop_map(|one| format!("action == Fortem::Action::\"{one}\"")),
        team_literal().prop_map(|one| format!("principal in {one}")),
        user_literal().prop_map(|one| format!("principal == {one}")),
        (user_literal(), team_literal()).prop_map(|(one, team)| format!("{one} in {team}")),
        (team_literal(), team_literal()).prop_map(|(one, team)| format!("{one} in {team}")),
        (environment_name(), place_literal())
            .prop_map(|(one, place)| format!("Fortem::Environment::\"{one}\" in {place}")),
        Just("(resource.hasTag(\"data\") && resource.getTag(\"data\") == \"public\")".to_owned()),
        Just("(resource.hasTag(\"data\") && resource.getTag(\"data\") like \"p*\")".to_owned()),
        Just("(context.mfa && 9223372036854775807 + 1 > 0)".to_owned()),
        Just("(principal.hasTag(\"data\") && principal.getTag(\"data\") == \"public\")".to_owned()),
        Just(SAME_DATA.to_owned()),
        Just("(resource.hasTag(\"Environment\") && resource.getTag(\"Environment\") like \"prod*\")".to_owned()),
        place_literal().prop_map(|place| format!("(action == Fortem::Action::\"runTask\" && context.cluster in {place})")),
        Just("(action == Fortem::Action::\"runTask\" && context.cluster == Fortem::Cluster::\"main\")".to_owned()),
        place_literal().prop_map(|place| format!("Fortem::Cluster::\"main\" in {place}")),
        place_literal().prop_map(|place| format!("Fortem::Service::\"one\" in {place}")),
        (team_literal(), team_literal()).prop_map(|(a, b)| format!("principal in [{a}, {b}]")),
        team_literal().prop_map(|team| format!(
            "(context has source_ip && context.source_ip.isInRange(if principal in {team} then ip(\"10.0.0.0/8\") else ip(\"::1\")))"
        )),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    atom().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("!({one})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("(if {a} then {b} else {c})")),
        ]
    })
}

fn policy() -> impl Strategy<Value = String> {
    let clause = (select(vec!["when", "unless"]), condition());
    let clause = clause.prop_map(|(word, one)| format!(" {word} {{ {one} }}"));
    (
        prop_oneof![3 => Just("permit"), 1 => Just("forbid")],
        scope(),
        action_scope(),
        prop::collection::vec(clause, 0..3),
    )
        .prop_map(|(effect, (principal, resource), action, clauses)| {
            format!("{effect} ({principal}, {action}, {resource}){};", clauses.concat())
        })
}

pub(super) fn policies() -> impl Strategy<Value = Policies> {
    prop::collection::vec(policy(), 1..9).prop_map(Policies::of)
}

/// A fleet in which some of the roles are assigned.
pub(super) fn fleet(roles: BTreeMap<String, Slots>) -> impl Strategy<Value = Fleet> {
    let later = |from: usize| subsequence(TEAMS[from..].to_vec(), 0..=TEAMS.len() - from);
    let teams = (later(1), later(2), later(3));
    let users = prop::collection::vec(subsequence(TEAMS.to_vec(), 0..3), USERS.len());
    let assignment = (any::<Index>(), any::<bool>(), 0..4usize, 0..4usize);
    let assignments = prop::collection::vec(assignment, 0..14);
    (teams, users, assignments).prop_map(move |((first, second, third), users, assignments)| {
        let teams = TEAMS.into_iter().zip([first, second, third, Vec::new()]).collect();
        let roles: Vec<(&String, &Slots)> = roles.iter().collect();
        let assigned = |(role, is_team, who, place): (Index, bool, usize, usize)| {
            let (role, slots) = if roles.is_empty() { return None } else { role.get(&roles) };
            let who = if is_team { TEAMS[who] } else { USERS[who] };
            let assignee = slots.0.then_some((is_team, who));
            Some(((*role).clone(), assignee, slots.1.then_some(ENVIRONMENTS[place].0)))
        };
        let aliases = |name| if name == "prod" { vec![ALIAS] } else { Vec::new() };
        Fleet {
            environments: ENVIRONMENTS.map(|(name, tier)| (name, (tier, aliases(name)))).into(),
            teams,
            users: USERS.into_iter().zip(users).collect(),
            assignments: assignments.into_iter().filter_map(assigned).collect(),
        }
    })
}

pub(super) fn asked() -> impl Strategy<Value = Asked> {
    let actions: Vec<(&'static str, &'static str)> = VOCABULARY
        .schema()
        .request_envs()
        .filter_map(|one| {
            let action = VOCABULARY.action(one.action().id().unescaped())?.name();
            let kind = one.resource().basename().to_owned();
            Some((action, &*Box::leak(kind.into_boxed_str())))
        })
        .collect();
    let tags = subsequence(vec![("data", "public"), ("data2", "private")], 0..=2);
    let session = (
        any::<bool>(),
        prop::option::of(select(vec!["ok", "no"])),
        prop::option::of(select(vec!["10.1.2.3", "192.0.2.1", "::1"])),
        1_780_000_000u64..1_785_000_000,
    );
    let who = prop_oneof![
        3 => select(&USERS[..]).prop_map(|user| (user, None)),
        1 => (select(&USERS[..]), token()).prop_map(|(user, token)| (user, Some(token))),
        1 => token().prop_map(|token| (STRANGER, Some(token))),
    ];
    let cluster = prop::option::of(environment_of_a_request());
    let session = (session, added());
    (who, select(actions), select(vec!["one", "two"]), place(), tags, session, cluster).prop_map(
        |((user, token), (action, kind), id, place, tags, (session, added), cluster)| {
            let name = place.spelling().unwrap_or("dev");
            let is_environment = kind == "Environment";
            Asked {
                user,
                action,
                kind,
                id: if is_environment { name } else { id },
                place: if is_environment { Place::Within(name) } else { place },
                tags: if is_environment { Vec::new() } else { tags },
                token,
                cluster,
                mfa: session.0,
                approval: session.1,
                source_ip: session.2,
                now: SystemTime::UNIX_EPOCH + Duration::from_secs(session.3),
                added,
            }
        },
    )
}

fn added() -> impl Strategy<Value = Added> {
    let texts = |all: [&'static str; 2]| prop::option::of(select(all.to_vec()));
    (
        prop::option::of(select(vec![60, 7200])),
        texts(["laptop", "phone"]),
        prop::option::of(any::<bool>()),
        texts(["10.9.8.7", "192.0.2.1"]),
        texts(["2026-05-01T08:00:00Z", "2026-08-01"]),
    )
        .prop_map(|(age, device, managed, network, since)| Added {
            age,
            device,
            managed,
            network,
            since,
        })
}

fn token() -> impl Strategy<Value = Token> {
    let groups = subsequence(GROUPS.map(|(group, _)| group).to_vec(), 0..=2);
    let tags = subsequence(vec![("data", "public"), ("data2", "public")], 0..=2);
    (groups, tags).prop_map(|(groups, tags)| Token { groups, tags })
}

fn environment_of_a_request() -> impl Strategy<Value = &'static str> {
    let known: Vec<&'static str> = ENVIRONMENTS.map(|(name, _)| name).to_vec();
    prop_oneof![8 => select(known), 1 => Just(ALIAS), 1 => select(&NEW_ENVIRONMENTS[..])]
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        1 => Just(Place::Nowhere),
        3 => environment_of_a_request().prop_map(Place::Within),
        2 => environment_of_a_request().prop_map(Place::Tagged),
    ]
}
