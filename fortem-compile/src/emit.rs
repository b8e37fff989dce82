//! Statements to IAM policy documents: JSON that is the same for the same statements.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::statement::{ApiActions, Effect, Statement};

/// One policy document.
#[derive(Debug, Clone)]
pub struct Document {
    statements: Vec<Statement>,
    json: Value,
}

impl Document {
    /// A document of these statements, in this order.
    #[must_use]
    pub fn of(statements: Vec<Statement>) -> Self {
        let json = json!({
            "Version": "2012-10-17",
            "Statement": statements.iter().map(statement).collect::<Vec<_>>(),
        });
        Self { statements, json }
    }

    /// The statements, in the order they are written.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The document as indented JSON with a final line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.json)
    }

    /// The document as JSON without white space between tokens.
    #[must_use]
    pub fn to_compact_json(&self) -> String {
        self.json.to_string()
    }

    /// Characters, white space between JSON tokens not counted.
    ///
    /// IAM does not count white space at all; whether that holds inside strings is not documented,
    /// so those are counted.
    #[must_use]
    pub fn characters(&self) -> usize {
        self.json.to_string().chars().count()
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
    let mut documents: Vec<Document> = Vec::new();
    for grant in of(Effect::Allow) {
        let fits = documents.iter_mut().find_map(|document| {
            let larger = with_grant(&document.statements, &grant);
            (larger.characters() <= limit).then_some((document, larger))
        });
        if let Some((document, larger)) = fits {
            *document = larger;
            continue;
        }
        let fresh = with_grant(&guards, &grant);
        if fresh.characters() > limit {
            let characters = fresh.characters();
            return Err(TooLargeError { sid: grant.sid, characters, limit });
        }
        documents.push(fresh);
    }
    Ok(documents)
}

fn with_grant(statements: &[Statement], grant: &Statement) -> Document {
    let grants = statements.iter().filter(|s| s.effect() == Effect::Allow).cloned();
    let guards = statements.iter().filter(|s| s.effect() == Effect::Deny).cloned();
    Document::of(grants.chain([grant.clone()]).chain(guards).collect())
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
