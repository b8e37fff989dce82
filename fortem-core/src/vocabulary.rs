//! The Cedar schema that every policy is checked against.

mod additions;
mod context;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use cedar_policy::{
    CedarSchemaError, EntityId, EntityTypeName, EntityUid, Schema, SchemaError, SchemaFragment,
};
use serde_json::Value;

use crate::fleet::{CONTEXT, ContextKey, ContextType, Fleet};
use crate::near::nearest;
use crate::problem::{Problem, SourceFile};

/// The Cedar namespace of the vocabulary.
pub const NAMESPACE: &str = "Fortem";

const TEXT: &str = include_str!("../../policies/fortem.cedarschema");

/// Who, where, what and which actions there are: the Cedar schema that every policy is checked
/// against.
///
/// A [`Source`](crate::Source) has its own: the one built in, with what `.cedarschema` files beside the policies and the
/// fleet's `[context]` add to it. Clones share what they hold.
///
/// ```
/// use fortem_core::Vocabulary;
///
/// let vocabulary = Vocabulary::builtin();
/// let action = vocabulary.action("stopTask").expect("an action of the vocabulary");
/// assert_eq!(action.doc(), "Stop one task.");
/// assert_eq!(action.kinds(), ["Task"]);
/// assert!(vocabulary.members("operate").contains("stopTask"));
/// assert!(!vocabulary.members("operate").contains("execCommand"));
/// ```
///
/// # The schema
///
#[doc = concat!("```text\n", include_str!("../../policies/fortem.cedarschema"), "```")]
#[derive(Debug, Clone)]
pub struct Vocabulary(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// The schema as JSON, from which it is extended.
    json: Value,
    schema: Schema,
    actions: BTreeMap<String, Action>,
    groups: BTreeMap<String, BTreeSet<String>>,
    kinds: BTreeMap<String, EntityTypeName>,
}

/// An action that a person can be allowed, such as `restartService`; not a group of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    name: String,
    doc: String,
    kinds: Vec<String>,
    context: BTreeMap<String, Option<ContextType>>,
}

impl Action {
    /// The name without the namespace, `restartService`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the action does, as one sentence for a report.
    #[must_use]
    pub fn doc(&self) -> &str {
        &self.doc
    }

    /// The kinds of resource that it applies to, such as `Service`.
    #[must_use]
    pub fn kinds(&self) -> &[String] {
        &self.kinds
    }

    /// The attributes of the context, sorted, with the type of those that a condition key could hold.
    pub fn context(&self) -> impl Iterator<Item = (&str, Option<ContextType>)> {
        self.context.iter().map(|(name, kind)| (name.as_str(), *kind))
    }

    /// The type of an attribute of the context, if there is one of that name and a condition key could hold it.
    #[must_use]
    pub fn context_type(&self, attribute: &str) -> Option<ContextType> {
        self.context.get(attribute).copied().flatten()
    }
}

impl Vocabulary {
    /// The vocabulary that is built into this crate.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the text is fixed at compile time and every test parses it"
    )]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Vocabulary> = LazyLock::new(|| {
            Vocabulary::parse(TEXT).expect("the built-in vocabulary is a valid Cedar schema")
        });
        &BUILTIN
    }

    /// The text of the built-in schema, as Cedar.
    #[must_use]
    pub fn text() -> &'static str {
        TEXT
    }

    fn parse(text: &str) -> Result<Self, Box<CedarSchemaError>> {
        let (fragment, _warnings) = SchemaFragment::from_cedarschema_str(text).map_err(Box::new)?;
        let json = fragment.to_json_value().map_err(|error| Box::new(error.into()))?;
        Self::of(json).map_err(|error| Box::new((*error).into()))
    }

    fn of(json: Value) -> Result<Self, Box<SchemaError>> {
        let declared = declared_actions(&json);
        let schema = Schema::from_json_value(json.clone()).map_err(Box::new)?;
        let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, entry) in declared.iter().filter(|(_, entry)| entry.applies) {
            for group in ancestors(&declared, name) {
                groups.entry(group).or_default().insert(name.clone());
            }
            groups.entry(name.clone()).or_default().insert(entry.action.name.clone());
        }
        let actions = declared
            .into_iter()
            .filter(|(_, entry)| entry.applies)
            .map(|(name, entry)| (name, entry.action))
            .collect();
        let kinds = schema.entity_types().chain(schema.actions().map(EntityUid::type_name));
        let kinds = kinds.map(|kind| (kind.basename().to_owned(), kind.clone())).collect();
        Ok(Self(Arc::new(Parts { json, schema, actions, groups, kinds })))
    }

    /// The vocabulary with what schemas add to it: kinds of resources, and actions.
    ///
    /// # Errors
    ///
    /// Each with its place: what is no Cedar schema or not in the namespace, what is there already, and kinds and
    /// actions that no request could be about.
    pub(crate) fn with_schemas(&self, files: &[&SourceFile]) -> Result<Self, Vec<Problem>> {
        if files.is_empty() {
            return Ok(self.clone());
        }
        let json = additions::added(&self.0.json, files)?;
        Self::of(json).map_err(|error| vec![refused(&error)])
    }

    /// The vocabulary with the attributes that a fleet adds to the context of every action.
    ///
    /// # Errors
    ///
    /// Each at its place in the fleet file: an attribute without a type that no action has, and one that some action has
    /// with another type.
    pub(crate) fn with_context(&self, fleet: &Fleet) -> Result<Self, Vec<Problem>> {
        let problems: Vec<Problem> =
            fleet.context().iter().filter_map(|one| self.wrong_attribute(fleet, one)).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut json = self.0.json.clone();
        let typed = fleet.context().iter();
        let typed: Vec<_> =
            typed.filter_map(|one| Some((one.attribute(), one.value_type()?))).collect();
        if typed.is_empty() {
            return Ok(self.clone());
        }
        context::add(&mut json, &typed);
        Self::of(json).map_err(|error| vec![refused(&error)])
    }

    fn wrong_attribute(&self, fleet: &Fleet, key: &ContextKey) -> Option<Problem> {
        let name = key.attribute();
        let types: Vec<_> = self.actions().filter_map(|action| action.context.get(name)).collect();
        let (message, expected) = match key.value_type() {
            None if !types.is_empty() => return None,
            None => (
                format!("no action has `{name}` in its context"),
                "expected an attribute of the vocabulary, or `{ key = \"…\", type = \"…\" }` to add one",
            ),
            Some(kind) if types.iter().all(|one| **one == Some(kind)) => return None,
            Some(kind) => (
                format!("`{name}` of an action's context is no `{}`", kind.as_str()),
                "expected the type it has there, or another name",
            ),
        };
        let problem = Problem::new(CONTEXT, message);
        let problem = problem.at(fleet.file(), key.span(), expected);
        let all = self.actions().flat_map(|action| action.context.keys());
        let near = nearest(name, all.map(String::as_str)).filter(|near| *near != name);
        Some(match near {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem,
        })
    }

    /// The schema as Cedar's JSON form, for extending it.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.0.json
    }

    /// The schema, for validating policies and requests.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.0.schema
    }

    /// Every action, by name; groups are not among them.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.0.actions.values()
    }

    /// The action of that name.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.0.actions.get(name)
    }

    /// The Cedar type of a name without the namespace, such as `Service`, `User` or `Action`, and that name.
    pub(crate) fn kind(&self, name: &str) -> Option<(&str, &EntityTypeName)> {
        self.0.kinds.get_key_value(name).map(|(name, kind)| (name.as_str(), kind))
    }

    /// The entity of a kind; an error, in words, if there is no such kind.
    pub(crate) fn uid(&self, kind: &str, id: &str) -> Result<EntityUid, String> {
        let (_, name) = self.kind(kind).ok_or_else(|| format!("`{kind}` is no kind"))?;
        Ok(EntityUid::from_type_name_and_id(name.clone(), EntityId::new(id)))
    }

    /// The names of the actions in a group, or of the one action that is named itself.
    ///
    /// Empty when there is no such group or action.
    #[must_use]
    pub fn members(&self, group_or_action: &str) -> BTreeSet<&str> {
        let members = self.0.groups.get(group_or_action);
        members.into_iter().flatten().map(String::as_str).collect()
    }

    /// The names of the actions that a Cedar action entity stands for.
    #[must_use]
    pub fn members_of(&self, action: &EntityUid) -> BTreeSet<&str> {
        self.members(action.id().unescaped())
    }
}

fn refused(error: &SchemaError) -> Problem {
    Problem::new("fortem::vocabulary::refused", error.to_string())
}

struct Declared {
    action: Action,
    parents: Vec<String>,
    /// Groups apply to nothing themselves.
    applies: bool,
}

fn declared_actions(schema: &Value) -> BTreeMap<String, Declared> {
    let actions = schema.get(NAMESPACE).and_then(|namespace| namespace.get("actions"));
    let actions = actions.and_then(Value::as_object).into_iter().flatten();
    actions.map(|(name, value)| (name.clone(), declared(schema, name, value))).collect()
}

fn declared(schema: &Value, name: &str, value: &Value) -> Declared {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let doc = value.pointer("/annotations/doc").map(text).unwrap_or_default();
    let parents = value.get("memberOf").and_then(Value::as_array).into_iter().flatten();
    let resources = value.pointer("/appliesTo/resourceTypes").and_then(Value::as_array);
    let kind = |kind: &Value| text(kind).rsplit("::").next().unwrap_or_default().to_owned();
    let kinds = resources.into_iter().flatten().map(kind).collect();
    Declared {
        action: Action {
            name: name.to_owned(),
            doc,
            kinds,
            context: context::types(schema, value),
        },
        parents: parents.filter_map(|parent| parent.get("id")).map(text).collect(),
        applies: resources.is_some_and(|types| !types.is_empty()),
    }
}

fn ancestors(declared: &BTreeMap<String, Declared>, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(next) = open.pop() {
        for parent in declared.get(&next).into_iter().flat_map(|entry| &entry.parents) {
            if found.insert(parent.clone()) {
                open.push(parent.clone());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_documented_in_one_sentence() {
        for action in Vocabulary::builtin().actions() {
            assert!(action.doc().ends_with('.'), "{}: {:?}", action.name(), action.doc());
        }
    }

    #[test]
    fn exec_is_in_no_group() {
        let vocabulary = Vocabulary::builtin();
        for group in ["observe", "operate", "administer"] {
            assert!(!vocabulary.members(group).is_empty(), "{group}");
            assert!(!vocabulary.members(group).contains("execCommand"), "{group}");
        }
        assert_eq!(vocabulary.members("execCommand"), BTreeSet::from(["execCommand"]));
    }

    #[test]
    fn groups_are_not_actions() {
        assert_eq!(Vocabulary::builtin().action("operate"), None);
    }
}
