//! A request that the solver found, in words.

use cedar_policy::EntityUid;
use cedar_policy_symcc::Env;
use serde_json::Value;

use super::pattern::PARTS;
use super::view::View;

/// Who, what, and what IAM sees, a line each.
pub(super) fn describe(found: &Env, view: &View) -> String {
    let Env { request, entities } = found;
    let entity = |uid: &EntityUid| {
        let ancestors = entities.ancestors(uid).into_iter().flatten();
        let mut ancestors: Vec<String> = ancestors.map(ToString::to_string).collect();
        ancestors.sort();
        let data = entities.get(uid).and_then(|entity| entity.to_json_value().ok());
        let tags = data.as_ref().and_then(|data| data.get("tags")).cloned().unwrap_or_default();
        format!("{uid} in [{}], tags {tags}", ancestors.join(", "))
    };
    let mut lines = vec![
        format!("principal {}", request.principal().map(entity).unwrap_or_default()),
        format!("resource {}", request.resource().map(entity).unwrap_or_default()),
    ];
    let context = request.context().and_then(|context| context.to_json_value().ok());
    lines.extend(context.iter().flat_map(|context| seen(context, view)));
    lines.join("\n")
}

/// The second factor, the resource and the condition keys of the call.
fn seen(context: &Value, view: &View) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(context.get("mfa").map(|mfa| format!("mfa {mfa}")));
    if view.on.on.is_some() {
        lines.extend(context.pointer("/iam/resource").map(|arn| format!("on {}", value(arn))));
    }
    let field = |name: &str, key: &str| context.get("iam")?.get(name)?.get(key);
    for (key, _) in view.keys.iter().filter(|(key, _)| view.is_attribute(key)) {
        match (field("present", key), field("keys", key)) {
            (Some(Value::Bool(true)), Some(held)) => lines.push(format!("{key} {}", value(held))),
            _ => lines.push(format!("{key} absent")),
        }
    }
    lines
}

/// A record is an ARN.
fn value(value: &Value) -> String {
    let Some(parts) = value.as_object() else {
        return value.to_string();
    };
    let parts = PARTS.map(|part| parts.get(part).and_then(Value::as_str).unwrap_or_default());
    format!("\"arn:{}\"", parts.join(":"))
}
