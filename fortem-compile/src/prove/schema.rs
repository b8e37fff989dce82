//! The shipped vocabulary, extended by what IAM sees of a call.
//!
//! Each action's context gets an attribute `iam`: the resource's ARN (`resource`), the condition keys
//! that are there (`present`) and what they hold (`keys`), and those that IAM compares without regard
//! to letter case in lower case (`lower`). Presence is apart, rather than an optional attribute, since
//! solvers are twice as fast so. Environments get tags, as every other resource has them.

use cedar_policy::{Schema, SchemaFragment};
use fortem_core::{NAMESPACE, Vocabulary};
use serde_json::{Map, Value, json};

use super::error::ProveError;
use super::keys::{Keys, Kind};
use super::pattern::PARTS;

pub(super) fn extended(keys: &Keys) -> Result<Schema, ProveError> {
    let (fragment, _warnings) = SchemaFragment::from_cedarschema_str(Vocabulary::text())
        .map_err(ProveError::translation("vocabulary"))?;
    let mut json = fragment.to_json_value().map_err(ProveError::translation("vocabulary"))?;
    if let Some(namespace) = json.get_mut(NAMESPACE) {
        extend(namespace, &seen(keys));
    }
    Schema::from_json_value(json).map_err(ProveError::translation("extended vocabulary"))
}

fn extend(namespace: &mut Value, seen: &Value) {
    let types = namespace.get("commonTypes").cloned().unwrap_or_default();
    let actions = namespace.get_mut("actions").and_then(Value::as_object_mut);
    for action in actions.into_iter().flat_map(Map::values_mut) {
        let Some(context) = action.pointer_mut("/appliesTo/context") else { continue };
        let named = context.get("type").and_then(Value::as_str).and_then(|name| types.get(name));
        if let Some(attributes) = named.and_then(|named| named.get("attributes")) {
            *context = json!({ "type": "Record", "attributes": attributes });
        }
        if let Some(attributes) = context.get_mut("attributes").and_then(Value::as_object_mut) {
            attributes.insert("iam".to_owned(), seen.clone());
        }
    }
    if let Some(Value::Object(environment)) = namespace.pointer_mut("/entityTypes/Environment") {
        environment.insert("tags".to_owned(), string());
    }
}

fn seen(keys: &Keys) -> Value {
    let all = keys.iter().map(|(key, kind)| (key.to_owned(), of_kind(kind)));
    let present = keys.iter().map(|(key, _)| (key.to_owned(), of_kind(Kind::Flag)));
    let lower = keys.folded().map(|(key, _)| (key.to_owned(), of_kind(keys.kind(key))));
    record([
        ("resource".to_owned(), arn()),
        ("present".to_owned(), record(present)),
        ("keys".to_owned(), record(all)),
        ("lower".to_owned(), record(lower)),
    ])
}

fn of_kind(kind: Kind) -> Value {
    match kind {
        Kind::Text => string(),
        Kind::Flag => json!({ "type": "Boolean" }),
        Kind::Arn => arn(),
        Kind::Texts => json!({ "type": "Set", "element": string() }),
    }
}

fn string() -> Value {
    json!({ "type": "String" })
}

fn arn() -> Value {
    record(PARTS.map(|part| (part.to_owned(), string())))
}

fn record(attributes: impl IntoIterator<Item = (String, Value)>) -> Value {
    let attributes: Map<String, Value> = attributes.into_iter().collect();
    json!({ "type": "Record", "attributes": attributes })
}
