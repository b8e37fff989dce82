//! The attributes of an action's context.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::NAMESPACE;
use crate::fleet::ContextType;

/// The attributes of the context of an action, however the schema writes it: on the spot or by a name.
pub(super) fn attributes<'s>(
    schema: &'s Value,
    action: &'s Value,
) -> Option<&'s Map<String, Value>> {
    record(schema, action.pointer("/appliesTo/context")?)
}

/// The record that a type is. A name stands for a common type, perhaps for another name; a schema in which that goes
/// in a circle is none, so the names come to an end.
fn record<'s>(schema: &'s Value, one: &'s Value) -> Option<&'s Map<String, Value>> {
    let mut one = one;
    for _ in 0..=common_types(schema)?.len() {
        if let Some(attributes) = one.get("attributes") {
            return attributes.as_object();
        }
        one = common_types(schema)?.get(name(one)?)?;
    }
    None
}

fn common_types(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get(NAMESPACE)?.get("commonTypes")?.as_object()
}

/// The name of a type, without the namespace.
fn name(one: &Value) -> Option<&str> {
    let name = match one.get("type")?.as_str()? {
        "EntityOrCommon" => one.get("name")?.as_str()?,
        name => name,
    };
    Some(without_namespace(name))
}

/// A name of the vocabulary as its own files write it.
pub(super) fn without_namespace(name: &str) -> &str {
    name.strip_prefix(NAMESPACE).and_then(|rest| rest.strip_prefix("::")).unwrap_or(name)
}

/// The attributes of a common type that is a record.
pub(super) fn of_common_type<'s>(schema: &'s Value, name: &str) -> Option<&'s Map<String, Value>> {
    record(schema, common_types(schema)?.get(name)?)
}

/// The type of an attribute, if it is one of those that a condition key can have.
pub(super) fn value_type(attribute: &Value) -> Option<ContextType> {
    let name = name(attribute)?;
    let name = name.strip_prefix("__cedar::").unwrap_or(name);
    ContextType::ALL.iter().copied().find(|one| one.as_str() == name)
}

/// The type of each attribute of an action's context.
pub(super) fn types(schema: &Value, action: &Value) -> BTreeMap<String, Option<ContextType>> {
    let all = attributes(schema, action).into_iter().flatten();
    all.map(|(name, attribute)| (name.clone(), value_type(attribute))).collect()
}

/// Adds optional attributes to the context of every action that has one, but for those that it has already.
pub(super) fn add(schema: &mut Value, added: &[(&str, ContextType)]) {
    let before = schema.clone();
    let actions = schema.get_mut(NAMESPACE).and_then(|namespace| namespace.get_mut("actions"));
    for action in actions.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        let Some(mut attributes) = attributes(&before, action).cloned() else { continue };
        for (name, kind) in added {
            let optional =
                json!({ "type": "EntityOrCommon", "name": kind.as_str(), "required": false });
            attributes.entry(*name).or_insert(optional);
        }
        if let Some(context) = action.pointer_mut("/appliesTo/context") {
            *context = json!({ "type": "Record", "attributes": attributes });
        }
    }
}
