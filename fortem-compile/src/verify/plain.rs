//! The plain reading: what the documents of a role ought to say, written from Cedar's answers, the
//! lowering table and the fleet's names.
//!
//! It shares no code with the lowering: each statement is spelt out for one environment by its name,
//! without variables, and none is merged, shortened or split. The emitted documents must come to the same.

mod forbidden;
mod granted;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use fortem_core::Fleet;
use serde_json::{Map, Value, json};

use super::VerifyError;
use super::answers::Answers;
use super::environments::Environments;
use crate::domain::{Calls, Shapes};
use crate::iam::{Document, Statement};
use crate::lower::World;
use crate::reference::{Carries, Reference};
use crate::table::{Call, Kind, Table, Where, holds};

/// What follows where a plain statement applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The call is allowed, unless it is forbidden.
    Granted,
    /// The call is denied, whatever another policy allows.
    Forbidden,
    /// The call may be denied: it shows a forbidden environment in some way, if not in one on which the
    /// documents promise to act.
    Deniable,
}

/// A statement of the plain reading.
pub(super) struct Plain {
    pub(super) part: Part,
    pub(super) calls: Calls,
    /// Resources and conditions; its own actions are left open.
    pub(super) statement: Statement,
    /// The policies that ask for it, by id; none for what no policy has to ask for.
    pub(super) policies: BTreeSet<String>,
}

/// A role, as Cedar has it.
pub(super) struct Role {
    pub(super) id: String,
    /// The actions it permits in some environment and under some circumstance, guards left aside.
    pub(super) actions: BTreeSet<Rc<str>>,
    /// The API actions of those; one that only serves actions which guards forbid everywhere is not granted.
    pub(super) apis: BTreeSet<String>,
}

/// Actions with types of resource.
type Pairs = BTreeSet<(Rc<str>, Rc<str>)>;

/// How a person's environment is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound<'b> {
    /// By the environment's tag of the principal.
    ByTag,
    /// By one of several tags of the principal.
    BySlot,
    /// The documents are for people of this one.
    To(&'b str),
    /// It does not matter.
    ToNone,
}

/// What the plain reading of a role is made from: for some API actions, under one circumstance.
pub(super) struct Reader<'r, 'a> {
    pub(super) world: &'r World<'a>,
    pub(super) shapes: &'r Shapes<'a>,
    pub(super) environments: &'r Environments,
    pub(super) places: &'r [Option<String>],
    /// Every action with the types of resource it applies to.
    pub(super) targets: &'r Pairs,
    pub(super) role: &'r Role,
    pub(super) bound: Bound<'r>,
    /// Cedar's answers about calls on the resource of an action.
    pub(super) answers: &'r Answers,
    /// Cedar's answers about calls that only come with an action: of its resource they show nothing.
    pub(super) companions: &'r Answers,
    /// The guards, by id, that ask about tags of the resource which the calls show.
    pub(super) tag_guards: &'r BTreeSet<String>,
    /// The guards, by id, that ask about something which the calls hide: those promise no explicit Deny.
    pub(super) blind_guards: &'r BTreeSet<String>,
}

impl Reader<'_, '_> {
    /// The rows of the role's actions.
    fn calls(&self) -> impl Iterator<Item = &Call> {
        let rows = self.world.table.calls.iter();
        rows.filter(|call| {
            self.holds(call.schedule.as_deref())
                && call.actions.iter().any(|action| self.role.actions.contains(action.as_str()))
        })
    }

    /// The actions and types of resource that a call is made for, and whether it is made on that resource.
    fn about(&self, call: &Call) -> (Pairs, bool) {
        let named =
            call.kinds.iter().filter_map(|kind| self.world.table.kind(kind)?.entity.as_ref());
        let named: BTreeSet<&str> = named.chain(&call.entity).map(String::as_str).collect();
        let own = self.targets.iter().filter(|(action, _)| {
            self.role.actions.contains(action) && call.actions.contains(&**action)
        });
        let own: Pairs = own.cloned().collect();
        let on: BTreeSet<_> =
            own.iter().filter(|(_, kind)| named.contains(&**kind)).cloned().collect();
        if on.is_empty() { (own, false) } else { (on, !call.supporting) }
    }

    fn holds(&self, schedule: Option<&str>) -> bool {
        holds(schedule, self.world.fleet.schedule().as_str())
    }

    /// `aws:PrincipalTag/…`, `aws:ResourceTag/…` or `aws:RequestTag/…` of the environment.
    fn tag(&self, of: &str) -> String {
        format!("aws:{of}Tag/{}", self.world.fleet.tag_key())
    }

    /// The ARNs of a kind that an environment's names reach.
    fn named(&self, kind: &Kind, spelling: &str) -> Vec<String> {
        let own = own_names(self.world.fleet, kind, spelling);
        own.iter().map(|name| self.arn(&kind.service, name)).collect()
    }

    fn clusters(&self, spelling: &str) -> Vec<String> {
        let kind = self.world.table.kind("cluster");
        kind.map(|kind| self.named(kind, spelling)).unwrap_or_default()
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        arn(self.world.fleet, service, resource)
    }

    /// The conditions of a row for an environment.
    fn conditions(&self, rows: &[Where], place: &str) -> Vec<Condition> {
        let fleet = self.world.fleet;
        let values = |row: &Where| {
            let own = row.own.as_deref().and_then(|name| self.world.table.kind(name));
            let own = own.into_iter().flat_map(|kind| self.named(kind, place));
            let tag = (row.tag_key || row.tag_keys).then(|| fleet.tag_key().to_owned());
            let tags = if row.tag_keys { fleet.task_tags() } else { &[] };
            let more = tag.into_iter().chain(tags.iter().cloned());
            row.values.iter().cloned().chain(own).chain(more).collect::<Vec<_>>()
        };
        rows.iter().map(|row| condition(&row.operator, &row.key, values(row))).collect()
    }
}

/// Operator, key and values.
type Condition = (String, String, Vec<String>);

fn condition(
    operator: &str,
    key: &str,
    values: impl IntoIterator<Item = impl Into<String>>,
) -> Condition {
    (operator.to_owned(), key.to_owned(), values.into_iter().map(Into::into).collect())
}

fn everything() -> BTreeSet<String> {
    BTreeSet::from(["*".to_owned()])
}

/// The service of an API action.
fn service_of(api: &str) -> &str {
    api.split(':').next().unwrap_or_default()
}

fn shows(reference: &Reference, api: &str, kind: &str, key: &str) -> bool {
    reference.carries(api, Some(kind), key) == Carries::Yes
}

/// The name of an environment, and the ARNs of all kinds that its names reach.
pub(super) fn names_of(fleet: &Fleet, table: &Table, spelling: &str) -> Vec<String> {
    let arns = table.kinds.iter().flat_map(|kind| {
        let names = own_names(fleet, kind, spelling);
        names.into_iter().map(|name| arn(fleet, &kind.service, &name)).collect::<Vec<_>>()
    });
    arns.chain([spelling.to_owned()]).collect()
}

/// The resource parts of a kind's ARNs that an environment's names reach.
fn own_names(fleet: &Fleet, kind: &Kind, spelling: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut owners = fleet.environments().iter();
    let owner = owners.find(|one| one.spellings().any(|own| own == spelling));
    let patterns = owner.map_or(fleet.names(), fortem_core::Environment::names);
    for template in &kind.own {
        let (before, rest) = template.split_once('{').unwrap_or((template, ""));
        let Some((placeholder, after)) = rest.split_once('}') else {
            names.push(template.clone());
            continue;
        };
        for pattern in crate::arn::patterns(patterns, placeholder) {
            let name = pattern.with(spelling);
            // The ARN of a log group goes on after its name.
            let open = placeholder == "log-group" && !name.ends_with('*');
            names.push(format!("{before}{name}{}{after}", if open { ":*" } else { "" }));
        }
    }
    names
}

fn arn(fleet: &Fleet, service: &str, resource: &str) -> String {
    let region = if service == "iam" { "" } else { "*" };
    format!("arn:{}:{service}:{region}:*:{resource}", fleet.partition().as_str())
}

/// Statements as JSON, to be read as any document is.
#[derive(Default)]
struct Draft {
    statements: Vec<Value>,
    about: Vec<(Part, Calls, BTreeSet<String>)>,
}

/// What a plain statement is about.
struct About {
    part: Part,
    calls: Calls,
    resources: BTreeSet<String>,
    policies: BTreeSet<String>,
}

impl Draft {
    fn add(&mut self, about: About, conditions: Vec<Condition>) {
        let About { part, calls, resources, policies } = about;
        let mut block: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for (operator, key, values) in conditions {
            block.entry(operator).or_default().insert(key, json!(values));
        }
        let statement = json!({
            "Effect": if part == Part::Granted { "Allow" } else { "Deny" },
            "Action": "*",
            "Resource": resources,
            "Condition": block,
        });
        // What is said of several calls alike is one statement.
        let mut known = self.statements.iter().zip(&self.about);
        let same =
            known.position(|(one, (of, _, by))| (*of, by, one) == (part, &policies, &statement));
        if let Some((_, all, _)) = same.and_then(|place| self.about.get_mut(place)) {
            all.extend(&calls);
        } else {
            self.statements.push(statement);
            self.about.push((part, calls, policies));
        }
    }

    fn finish(self) -> Result<Vec<Plain>, VerifyError> {
        // A document without statements is none.
        if self.statements.is_empty() {
            return Ok(Vec::new());
        }
        let document = json!({"Version": "2012-10-17", "Statement": self.statements}).to_string();
        let document = Document::parse(&document).map_err(VerifyError::Plain)?;
        let read = document.statements().iter().cloned().zip(self.about);
        let plain = read.map(|(statement, (part, calls, policies))| Plain {
            part,
            calls,
            statement,
            policies,
        });
        Ok(plain.collect())
    }
}
