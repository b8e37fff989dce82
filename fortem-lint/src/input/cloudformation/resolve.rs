//! The functions of templates (AWS `CloudFormation` User Guide, "Intrinsic function reference").
//!
//! What is only known when a stack is made is given a value that stands for it: a parameter its default, the account
//! and the Region an example, everything else its name.

use std::collections::{BTreeMap, BTreeSet};

use fortem_compile::iam::{Json, JsonValue, Member};
use serde_json::{Map, Value};

use crate::input::assembly::ACCOUNT;

/// What stands for the Region.
const REGION: &str = "eu-west-1";

/// A template's parameters and resources, and what could not be resolved.
pub(super) struct Template<'j> {
    parameters: BTreeMap<&'j str, &'j Json>,
    resources: BTreeMap<&'j str, &'j Json>,
    unresolved: BTreeSet<String>,
}

impl<'j> Template<'j> {
    pub(super) fn of(json: &'j Json) -> Self {
        let members = |key: &str| match json.get(key).map(Json::value) {
            Some(JsonValue::Object(members)) => {
                members.iter().map(|one| (one.key(), one.value())).collect()
            }
            _ => BTreeMap::new(),
        };
        Self {
            parameters: members("Parameters"),
            resources: members("Resources"),
            unresolved: BTreeSet::new(),
        }
    }

    /// Whether a text may hold a function.
    pub(super) fn has_functions(text: &str) -> bool {
        text.contains("\"Ref\"") || text.contains("\"Fn::")
    }

    /// What could not be resolved, by name.
    pub(super) fn unresolved(&self) -> Vec<String> {
        self.unresolved.iter().map(|name| format!("`{name}`")).collect()
    }

    /// The text that a value gives.
    pub(super) fn text(&mut self, json: &Json) -> Option<String> {
        match self.resolve(json) {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The logical id that a value refers to, if it is a reference to a resource of the template.
    pub(super) fn logical_id(&self, json: &Json) -> Option<String> {
        let (function, argument) = function(json)?;
        let id = match (function, argument.value()) {
            ("Ref", JsonValue::Text(id)) => id.as_str(),
            ("Fn::GetAtt", JsonValue::Text(text)) => text.split('.').next()?,
            ("Fn::GetAtt", JsonValue::List(items)) => match items.first()?.value() {
                JsonValue::Text(id) => id.as_str(),
                _ => return None,
            },
            ("Fn::Sub", JsonValue::Text(text)) => {
                text.strip_prefix("${")?.strip_suffix('}')?.split('.').next()?
            }
            _ => return None,
        };
        self.resources.contains_key(id).then(|| id.to_owned())
    }

    /// A value with its functions replaced.
    pub(super) fn resolve(&mut self, json: &Json) -> Value {
        if let Some((function, argument)) = function(json) {
            return self.call(function, argument);
        }
        match json.value() {
            JsonValue::Null => Value::Null,
            JsonValue::Scalar(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
            }
            JsonValue::Text(text) => Value::String(text.clone()),
            JsonValue::List(items) => {
                let items = items.iter().map(|item| self.resolve(item));
                Value::Array(items.filter(|item| !item.is_null()).collect())
            }
            JsonValue::Object(members) => {
                let mut object = Map::new();
                for member in members {
                    let value = self.resolve(member.value());
                    // `AWS::NoValue` takes the property away.
                    if !value.is_null() {
                        object.insert(member.key().to_owned(), value);
                    }
                }
                Value::Object(object)
            }
        }
    }

    fn call(&mut self, function: &str, argument: &Json) -> Value {
        match (function, argument.value()) {
            ("Ref", JsonValue::Text(name)) => self.reference(name),
            ("Fn::GetAtt", _) => {
                let parts: Vec<String> =
                    argument.items().iter().filter_map(|item| self.text(item)).collect();
                Value::String(self.attribute(&parts.join(".")))
            }
            ("Fn::Sub", JsonValue::Text(text)) => {
                Value::String(self.substitute(text, &BTreeMap::new()))
            }
            ("Fn::Sub", JsonValue::List(items)) => self.substitute_with(items),
            ("Fn::Join", JsonValue::List(items)) => self.join(items),
            // Conditions of the template are read as true.
            ("Fn::If", JsonValue::List(items)) => {
                self.unresolved.extend(items.first().and_then(text_of).map(str::to_owned));
                items.get(1).map_or(Value::Null, |then| self.resolve(then))
            }
            ("Fn::Select", JsonValue::List(items)) => self.select(items),
            ("Fn::Split", JsonValue::List(items)) => self.split(items),
            (other, _) => {
                self.unresolved.insert(other.to_owned());
                Value::String(other.trim_start_matches("Fn::").to_owned())
            }
        }
    }

    fn reference(&mut self, name: &str) -> Value {
        let text = match name {
            "AWS::AccountId" => ACCOUNT,
            "AWS::Region" => REGION,
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::NoValue" => return Value::Null,
            _ => return self.parameter_or_resource(name),
        };
        Value::String(text.to_owned())
    }

    fn parameter_or_resource(&mut self, name: &str) -> Value {
        if let Some(parameter) = self.parameters.get(name).copied() {
            let default = parameter.get("Default").or_else(|| {
                parameter.get("AllowedValues").and_then(|values| values.items().first())
            });
            if let Some(default) = default {
                return self.resolve(default);
            }
            self.unresolved.insert(name.to_owned());
        } else if let Some(resource) = self.resources.get(name).copied() {
            let named =
                ["RoleName", "UserName", "GroupName", "ClusterName", "ServiceName", "BucketName"];
            let properties = resource.get("Properties");
            let name_property =
                named.iter().find_map(|key| properties.and_then(|all| all.get(key)));
            if let Some(name) = name_property {
                return self.resolve(name);
            }
        }
        Value::String(name.to_owned())
    }

    /// `Role.Arn` as an ARN, other attributes by their name.
    fn attribute(&mut self, path: &str) -> String {
        let (id, attribute) = path.split_once('.').unwrap_or((path, ""));
        let kind = self.resources.get(id).and_then(|one| one.get("Type")).and_then(text_of);
        let kind = kind.unwrap_or_default().to_owned();
        if attribute != "Arn" {
            return path.to_owned();
        }
        let name = match self.parameter_or_resource(id) {
            Value::String(name) => name,
            _ => id.to_owned(),
        };
        match kind.as_str() {
            "AWS::IAM::Role" => format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
            "AWS::IAM::User" => format!("arn:aws:iam::{ACCOUNT}:user/{name}"),
            "AWS::ECS::Cluster" => format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{name}"),
            "AWS::Logs::LogGroup" => format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"),
            "AWS::S3::Bucket" => format!("arn:aws:s3:::{name}"),
            _ => {
                let service = kind.split("::").nth(1).unwrap_or("unknown").to_lowercase();
                format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}")
            }
        }
    }

    fn substitute_with(&mut self, items: &[Json]) -> Value {
        let mut given = BTreeMap::new();
        if let Some(JsonValue::Object(members)) = items.get(1).map(Json::value) {
            for member in members {
                let value = self.text(member.value()).unwrap_or_default();
                given.insert(member.key(), value);
            }
        }
        let text = items.first().and_then(text_of).unwrap_or_default();
        Value::String(self.substitute(text, &given))
    }

    /// Replaces `${Name}` and `${Name.Attribute}`; `${!Name}` is `${Name}` itself.
    fn substitute(&mut self, text: &str, given: &BTreeMap<&str, String>) -> String {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            match name.strip_prefix('!') {
                Some(literal) => {
                    result.push_str("${");
                    result.push_str(literal);
                    result.push('}');
                }
                None => result.push_str(&self.variable(name, given)),
            }
            rest = after;
        }
        result.push_str(rest);
        result
    }

    fn variable(&mut self, name: &str, given: &BTreeMap<&str, String>) -> String {
        if let Some(value) = given.get(name) {
            return value.clone();
        }
        if name.contains('.') && !name.starts_with("AWS::") {
            return self.attribute(name);
        }
        match self.reference(name) {
            Value::String(text) => text,
            _ => String::new(),
        }
    }

    fn join(&mut self, items: &[Json]) -> Value {
        let separator = items.first().and_then(text_of).unwrap_or_default().to_owned();
        let Some(list) = items.get(1) else { return Value::Null };
        let parts = match self.resolve(list) {
            Value::Array(parts) => parts,
            other => vec![other],
        };
        let parts =
            parts.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned));
        Value::String(parts.collect::<Vec<_>>().join(&separator))
    }

    fn select(&mut self, items: &[Json]) -> Value {
        let index = items.first().and_then(|index| self.text(index)?.parse::<usize>().ok());
        let list = items.get(1).map(|list| self.resolve(list));
        let chosen = index.zip(list).and_then(|(index, list)| list.get(index).cloned());
        chosen.unwrap_or_else(|| Value::String("Select".to_owned()))
    }

    fn split(&mut self, items: &[Json]) -> Value {
        let separator = items.first().and_then(text_of).unwrap_or_default().to_owned();
        let text = items.get(1).and_then(|text| self.text(text)).unwrap_or_default();
        Value::Array(
            text.split(separator.as_str()).map(|part| Value::String(part.to_owned())).collect(),
        )
    }
}

fn text_of(json: &Json) -> Option<&str> {
    match json.value() {
        JsonValue::Text(text) => Some(text),
        _ => None,
    }
}

/// The function of an object that has nothing but one.
fn function(json: &Json) -> Option<(&str, &Json)> {
    let JsonValue::Object(members) = json.value() else { return None };
    let [member] = members.as_slice() else { return None };
    let name = Member::key(member);
    let is_function = name == "Ref" || name.starts_with("Fn::");
    is_function.then(|| (name, member.value()))
}
