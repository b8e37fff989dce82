//! Statements to IAM policy documents: JSON that is the same for the same statements.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::statement::{ApiActions, Effect, Statement};

/// One policy document.
#[derive(Debug, Clone)]
pub struct Document {
    statements: Vec<Statement>,
}

impl Document {
    /// A document of these statements, in this order.
    #[must_use]
    pub fn of(statements: Vec<Statement>) -> Self {
        Self { statements }
    }

    fn json(&self) -> Value {
        json!({
            "Version": "2012-10-17",
            "Statement": self.statements.iter().map(statement).collect::<Vec<_>>(),
        })
    }

    /// The statements, in the order they are written.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The document as indented JSON with a final line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.json())
    }

    /// The document as JSON without white space between tokens.
    #[must_use]
    pub fn to_compact_json(&self) -> String {
        self.json().to_string()
    }

    /// Characters, white space between JSON tokens not counted.
    ///
    /// IAM does not count white space at all; whether that holds inside strings is not documented,
    /// so those are counted.
    #[must_use]
    pub fn characters(&self) -> usize {
        self.json().to_string().chars().count()
    }
}

/// A single grant does not fit into a document with the guards it depends on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("statement `{sid}` and the guards it depends on take {characters} characters of {limit}")]
pub struct TooLargeError {
    /// The grant.
    pub sid: String,
    /// The size with every guard.
    pub characters: usize,
    /// The quota.
    pub limit: usize,
}

/// The documents of a role: one if it fits into `limit` characters, else as few as it takes.
///
/// Every document holds all guards, so that each is safe without the others.
///
/// # Errors
///
/// [`TooLargeError`] when a grant and the guards alone exceed the limit.
pub fn documents(statements: &[Statement], limit: usize) -> Result<Vec<Document>, TooLargeError> {
    let of = |effect: Effect| statements.iter().filter(move |s| s.effect() == effect).cloned();
    let guards: Vec<Statement> = of(Effect::Deny).collect();
    // The last statement has no comma.
    let empty = Document::of(Vec::new()).characters() - 1;
    let with_guards = empty + guards.iter().map(characters_in_list).sum::<usize>();
    let mut packed: Vec<(Vec<Statement>, usize)> = Vec::new();
    for grant in of(Effect::Allow) {
        let more = characters_in_list(&grant);
        let fits = packed.iter_mut().find(|(_, characters)| characters + more <= limit);
        if let Some((grants, characters)) = fits {
            grants.push(grant);
            *characters += more;
            continue;
        }
        let characters = with_guards + more;
        if characters > limit {
            return Err(TooLargeError { sid: grant.sid, characters, limit });
        }
        packed.push((vec![grant], characters));
    }
    let with = |grants: Vec<Statement>| grants.into_iter().chain(guards.iter().cloned()).collect();
    Ok(packed.into_iter().map(|(grants, _)| Document::of(with(grants))).collect())
}

/// What a statement takes in a document, with a comma.
fn characters_in_list(one: &Statement) -> usize {
    statement(one).to_string().chars().count() + 1
}

fn statement(statement: &Statement) -> Value {
    let mut fields = Map::new();
    let mut field = |name: &str, value| fields.insert(name.to_owned(), value);
    field("Sid", json!(statement.sid));
    field(
        "Effect",
        json!(match statement.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        }),
    );
    match &statement.actions {
        ApiActions::These(actions) => field("Action", one_or_many(actions)),
        // AWS refuses an empty list.
        ApiActions::AllBut(actions) if actions.is_empty() => field("Action", json!("*")),
        ApiActions::AllBut(actions) => field("NotAction", one_or_many(actions)),
    };
    field("Resource", one_or_many(&statement.resources));
    if !statement.conditions.is_empty() {
        field("Condition", conditions(statement));
    }
    Value::Object(fields)
}

fn conditions(statement: &Statement) -> Value {
    let mut block = Map::new();
    for ((operator, key), values) in &statement.conditions {
        let keys = block.entry(operator.clone()).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(keys) = keys {
            keys.insert(key.clone(), one_or_many(values));
        }
    }
    Value::Object(block)
}

fn one_or_many(values: &BTreeSet<String>) -> Value {
    match values.first() {
        Some(only) if values.len() == 1 => json!(only),
        _ => json!(values),
    }
}
