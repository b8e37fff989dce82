//! One call in the words of AWS.

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::Problem;
use serde::Serialize;

use super::documents::Documents;
use super::{Call, Deciding, ExplainError, Somebody};
use crate::iam::{Condition, Effect, Request, Statement, Truth, Values};
use crate::table::Channel;

/// Whether somebody may make a call, and why.
#[derive(Debug, Clone, Serialize)]
pub struct CallAnswer {
    /// The version of this shape.
    pub version: u32,
    /// The role.
    pub role: String,
    /// The environment in which somebody has it.
    pub environment: Option<String>,
    /// The call.
    pub call: Call,
    /// Whether it is allowed, as far as the role goes.
    pub allowed: bool,
    /// The statements that apply to it.
    pub statements: Vec<Deciding>,
    /// Statements about the API action that would allow it, and what they lack.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<Near>,
    /// What the call is good for.
    pub uses: Vec<Use>,
    /// Points that AWS leaves open, here taken for the reading that denies.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unclear: BTreeSet<String>,
}

/// A statement that would allow the call if it were otherwise.
#[derive(Debug, Clone, Serialize)]
pub struct Near {
    /// The statement.
    pub statement: Deciding,
    /// What the call would have to be, a sentence each.
    pub lacks: Vec<String>,
}

/// What a call is good for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Use {
    /// The actions of the vocabulary that take it.
    pub actions: BTreeSet<String>,
    /// By what IAM sees the environment.
    pub channels: Vec<&'static str>,
    /// What IAM does not see of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
    /// What it shows of other environments: nothing ties it to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shows: Option<String>,
}

/// Whether somebody may make this call; of a point that AWS leaves open, the reading that denies is taken.
///
/// # Errors
///
/// When the service reference does not know the API action.
pub fn call(
    somebody: Somebody<'_>,
    api: &str,
    resource: &str,
    keys: &BTreeMap<String, Vec<String>>,
) -> Result<CallAnswer, ExplainError> {
    let world = somebody.compiled.world();
    let Some(known) = world.reference.action(api) else {
        let message = format!("the service reference does not know the API action `{api}`");
        let help = "an API action is written `ecs:UpdateService`, an action of the vocabulary `restartService`";
        let problem = Problem::new("fortem::explain::unknown_api_action", message).help(help);
        return Err(fortem_core::Problems::from(problem).into());
    };
    let documents = Documents::of(&somebody)?;
    let mut request = Request::new(api, resource);
    let mut all = BTreeMap::new();
    for (key, values) in documents.context.iter() {
        request.context_mut().insert(key, values.clone());
    }
    for (key, values) in keys {
        let is_single = values.len() == 1 && !is_multivalued(&somebody, key);
        let values = match values.first().filter(|_| is_single) {
            Some(one) => Values::One(one.clone()),
            None => Values::Many(values.clone()),
        };
        request.context_mut().insert(key, values);
    }
    for (key, values) in request.context().iter() {
        let written = keys.keys().find(|written| written.eq_ignore_ascii_case(key));
        let written = written.cloned().unwrap_or_else(|| documents.spelling(key));
        all.insert(written, values.as_slice().to_vec());
    }
    let mut answer = CallAnswer {
        version: 1,
        role: somebody.role.policy.id().to_owned(),
        environment: somebody.environment.map(str::to_owned),
        call: Call { api: known.name().to_owned(), resource: resource.to_owned(), keys: all },
        allowed: false,
        statements: Vec::new(),
        near: Vec::new(),
        uses: uses(&somebody, known.name()),
        unclear: BTreeSet::new(),
    };
    let mut effects = BTreeSet::new();
    for (statement, deciding) in &documents.statements {
        let truth = statement.applies(&request);
        if let Truth::Unclear(point) = truth {
            answer.unclear.insert(format!("{}: {point}", deciding.sid));
        }
        let applies =
            truth == Truth::Yes || (truth != Truth::No && deciding.effect == Effect::Deny);
        if applies {
            effects.insert(deciding.effect);
            answer.statements.push(deciding.clone());
        } else if deciding.effect == Effect::Allow && statement.covers_action(request.action()) {
            let lacks = lacks(statement, &request);
            answer.near.push(Near { statement: deciding.clone(), lacks });
        }
    }
    answer.allowed = effects == BTreeSet::from([Effect::Allow]);
    if effects.contains(&Effect::Allow) {
        answer.near.clear();
    }
    Ok(answer)
}

fn is_multivalued(somebody: &Somebody<'_>, key: &str) -> bool {
    let known = somebody.compiled.world().reference.key_type(key);
    known.is_some_and(|known| known.multivalued)
}

fn uses(somebody: &Somebody<'_>, api: &str) -> Vec<Use> {
    let world = somebody.compiled.world();
    let holds = |schedule: Option<&str>| schedule.is_none_or(|one| one == world.schedule());
    let calls = world.table.calls.iter();
    let calls = calls.filter(|row| row.api == api && holds(row.schedule.as_deref()));
    let calls = calls.map(|row| Use {
        actions: row.actions.clone(),
        channels: row.channels.iter().copied().map(Channel::as_str).collect(),
        unseen: row.unseen.clone(),
        shows: None,
    });
    let blind = world.table.blind.iter();
    let blind = blind.filter(|row| row.api == api && holds(row.schedule.as_deref()));
    let blind = blind.map(|row| Use {
        actions: row.actions.clone(),
        channels: Vec::new(),
        unseen: None,
        shows: Some(row.shows.clone()),
    });
    calls.chain(blind).collect()
}

/// What a call would have to be for a statement to apply.
fn lacks(statement: &Statement, request: &Request) -> Vec<String> {
    let mut lacks = Vec::new();
    if statement.covers_resource(request.resource(), request.context()) != Truth::Yes {
        let wanted = statement.filled_resources(request.context()).join(" or ");
        lacks.push(format!("the resource would have to be {wanted}"));
    }
    let conditions = statement.conditions().iter();
    let failing = conditions.filter(|one| one.holds(request.context()) != Truth::Yes);
    lacks.extend(failing.map(|condition| unmet(condition, request)));
    lacks
}

fn unmet(condition: &Condition, request: &Request) -> String {
    let found = match condition.values_in(request.context()) {
        None => "is absent".to_owned(),
        Some(values) => format!("is `{}`", values.as_slice().join("`, `")),
    };
    let wanted = condition.filled_values(request.context()).join("`, `");
    format!(
        "`{}` {found}, and would have to pass {} `{wanted}`",
        condition.key(),
        condition.operator()
    )
}
