//! What the schemas beside the policies may add to the vocabulary.

use std::ops::Range;

use cedar_policy::{Schema, SchemaFragment};
use miette::Diagnostic;
use serde_json::Value;

use super::NAMESPACE;
use super::context::{attributes, of_common_type, value_type, without_namespace};
use crate::fleet::ContextType;
use crate::near::nearest;
use crate::problem::{Problem, SourceFile};
use crate::schema_text::{Declared, declared, nesting};

const ENVIRONMENT: &str = "Environment";
/// Kinds that nothing is done to.
const NO_RESOURCES: [&str; 3] = ["User", "Team", "Tier"];
/// What a request brings whatever the action: the context of every action has it.
const SESSION: &str = "Session";
/// Names of types that are Cedar's own.
const OF_CEDAR: [&str; 13] = [
    "Action",
    "Bool",
    "Boolean",
    "Entity",
    "Extension",
    "Long",
    "Record",
    "Set",
    "String",
    "datetime",
    "decimal",
    "duration",
    "ipaddr",
];

/// Types can be nested so deeply, and there can be so many to name each other: Cedar's parser has the stack for the
/// product many times over.
const MOST_NESTED: usize = 10;
const MOST_TYPES: usize = 30;

/// What a namespace of a schema holds, and the keyword that declares it.
const SORTS: [(&str, &str); 3] = [(KINDS, "entity"), (ACTIONS, "action"), (TYPES, "type")];
const KINDS: &str = "entityTypes";
const ACTIONS: &str = "actions";
const TYPES: &str = "commonTypes";

/// A schema, parsed.
struct Addition<'a> {
    file: &'a SourceFile,
    fragment: SchemaFragment,
    /// What it declares in each namespace, as JSON.
    json: Value,
    places: Vec<Declared>,
    /// Where its text begins in those of all files, one behind the other.
    begin: usize,
}

/// The schema with what the files add to it, as JSON.
pub(super) fn added(schema: &Value, files: &[&SourceFile]) -> Result<Value, Vec<Problem>> {
    let mut additions = Vec::new();
    let mut problems = Vec::new();
    let mut begin = 0;
    for file in files {
        match Addition::parse(file, begin) {
            Ok(addition) => additions.push(addition),
            Err(problem) => problems.push(problem),
        }
        begin += file.text().len();
    }
    let types = additions.iter().map(|addition| addition.declarations(TYPES).count());
    let types: usize = types.sum();
    if types > MOST_TYPES {
        let message = format!("the schemas have {types} types, where {MOST_TYPES} are the most");
        problems.push(Problem::new("fortem::vocabulary::nesting", message));
    }
    // Each stage rests on the one before.
    passed(problems)?;
    let mut merged = schema.clone();
    passed(additions.iter().flat_map(|one| one.merge_into(&mut merged)).collect())?;
    passed(additions.iter().flat_map(|one| one.check(&merged)).collect())?;
    passed(refused(schema, &additions).into_iter().collect())?;
    Ok(merged)
}

fn passed(problems: Vec<Problem>) -> Result<(), Vec<Problem>> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

impl<'a> Addition<'a> {
    fn parse(file: &'a SourceFile, begin: usize) -> Result<Self, Problem> {
        let nesting = nesting(file.text());
        if nesting > MOST_NESTED {
            let message = format!("nested {nesting} deep, where {MOST_NESTED} is the most");
            let problem = Problem::new("fortem::vocabulary::nesting", message);
            return Err(problem.at(file, 0..0, "in this file"));
        }
        // Blanks in front, so that Cedar's places tell the file.
        let text = " ".repeat(begin) + file.text();
        let of_cedar =
            |error: &dyn Diagnostic| of_cedar("fortem::vocabulary::syntax", file, begin, error);
        let parsed = SchemaFragment::from_cedarschema_str(&text);
        let (fragment, _warnings) = parsed.map_err(|error| of_cedar(&error))?;
        let json = fragment.clone().to_json_value().map_err(|error| of_cedar(&error))?;
        Ok(Self { file, fragment, json, places: declared(file.text()), begin })
    }

    /// Where something is declared.
    fn place(&self, sort: &str, name: &str) -> Range<usize> {
        let keyword = SORTS.iter().find(|(one, _)| *one == sort).map(|(_, keyword)| *keyword);
        let is_it = |one: &&Declared| Some(one.keyword.as_str()) == keyword && one.name == name;
        self.places.iter().find(is_it).map_or(0..0, |one| one.span.clone())
    }

    fn end(&self) -> usize {
        self.begin + self.file.text().len()
    }

    fn declarations(&self, sort: &str) -> impl Iterator<Item = (&String, &Value)> {
        let all = self.json.get(NAMESPACE).and_then(|namespace| namespace.get(sort));
        all.and_then(Value::as_object).into_iter().flatten()
    }

    /// Adds the declarations, but for those of what is there already.
    fn merge_into(&self, merged: &mut Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(stranger) = self.places.iter().find(|one| one.namespace != NAMESPACE) {
            let message = format!("`{}` is declared outside of the namespace", stranger.name);
            let problem = Problem::new("fortem::vocabulary::namespace", message)
                .at(self.file, stranger.span.clone(), "this declaration")
                .help(format!("put the declarations into `namespace {NAMESPACE} {{ … }}`"));
            problems.push(problem);
        }
        for (sort, keyword) in SORTS {
            let known = merged.get_mut(NAMESPACE).and_then(|namespace| namespace.get_mut(sort));
            let Some(known) = known.and_then(Value::as_object_mut) else { continue };
            for (name, value) in self.declarations(sort) {
                let is_of_cedar = sort != ACTIONS && OF_CEDAR.contains(&name.as_str());
                if is_of_cedar || known.contains_key(name) {
                    let message = format!("{keyword} `{name}` is there already");
                    let place = self.place(sort, name);
                    let problem = Problem::new("fortem::vocabulary::declared_twice", message).at(
                        self.file,
                        place,
                        "expected another name",
                    );
                    problems.push(problem);
                } else {
                    known.insert(name.clone(), value.clone());
                }
            }
        }
        problems
    }

    /// What no request could be about, now that everything is declared.
    fn check(&self, schema: &Value) -> Vec<Problem> {
        let kinds = self.declarations(KINDS).filter_map(|(name, kind)| {
            let message = format!("`{name}` cannot be a kind of resource");
            let problem = Problem::new("fortem::vocabulary::kind", message);
            Some(problem.at(self.file, self.place(KINDS, name), wrong_kind(kind)?))
        });
        let actions = self.declarations(ACTIONS);
        let groups = actions.flat_map(|(name, action)| {
            let place = self.place(ACTIONS, name);
            let unknown = unknown_groups(schema, action).into_iter();
            unknown.map(move |(group, near)| {
                let message =
                    format!("`{name}` is part of `{group}`, which is no group of actions");
                let problem = Problem::new("fortem::vocabulary::group", message);
                let problem = problem.at(self.file, place.clone(), "this action");
                match near {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem,
                }
            })
        });
        let actions = self.declarations(ACTIONS).filter_map(|(name, action)| {
            let message = format!("no request could be about `{name}`");
            let problem = Problem::new("fortem::vocabulary::action", message);
            Some(problem.at(self.file, self.place(ACTIONS, name), wrong_action(schema, action)?))
        });
        kinds.chain(groups).chain(actions).collect()
    }
}

/// What requests say of a resource is its environment and its tags. A policy that looked at anything else would pass
/// over every resource, a guard too.
fn wrong_kind(kind: &Value) -> Option<&'static str> {
    let parents: Vec<&str> = names(kind.get("memberOfTypes")).collect();
    let attributes = kind.pointer("/shape/attributes").and_then(Value::as_object);
    let tags = kind.get("tags").map(value_type);
    if parents != [ENVIRONMENT] {
        Some("expected `in [Environment]`, and nothing else")
    } else if kind.get("shape").is_some() && attributes.is_none_or(|all| !all.is_empty()) {
        Some("expected no attributes: requests tell the tags of a resource alone")
    } else if tags.is_some_and(|tags| tags != Some(ContextType::String)) {
        Some("expected `tags String`, as AWS has them")
    } else {
        None
    }
}

/// The groups that an action wants to be in and that are none, each with a group of a similar name.
fn unknown_groups<'s>(schema: &'s Value, action: &'s Value) -> Vec<(&'s str, Option<&'s str>)> {
    let is_group = |action: &Value| names(action.pointer("/appliesTo/resourceTypes")).count() == 0;
    let actions = schema.get(NAMESPACE).and_then(|namespace| namespace.get(ACTIONS));
    let actions = actions.and_then(Value::as_object).into_iter().flatten();
    let groups: Vec<&str> =
        actions.filter(|(_, one)| is_group(one)).map(|(name, _)| name.as_str()).collect();
    let parents = action.get("memberOf").and_then(Value::as_array).into_iter().flatten();
    let parents = parents.filter_map(|parent| parent.get("id")?.as_str());
    let unknown = parents.filter(|parent| !groups.contains(parent));
    unknown.map(|parent| (parent, nearest(parent, groups.iter().copied()))).collect()
}

/// Requests come from users, are about resources, and bring the session along.
fn wrong_action(schema: &Value, action: &Value) -> Option<String> {
    let resources: Vec<&str> = names(action.pointer("/appliesTo/resourceTypes")).collect();
    if resources.is_empty() {
        return None;
    }
    if names(action.pointer("/appliesTo/principalTypes")).ne(["User"]) {
        return Some("expected `principal: User`".to_owned());
    }
    if let Some(kind) = resources.iter().find(|kind| NO_RESOURCES.contains(kind)) {
        return Some(format!("expected a kind of resource, not `{kind}`"));
    }
    let session = of_common_type(schema, SESSION);
    let context = attributes(schema, action);
    let is_there = |(name, wanted): (&String, &Value)| {
        let found = context.and_then(|context| context.get(name));
        found.is_some_and(|found| {
            value_type(found) == value_type(wanted)
                && found.get("required") == wanted.get("required")
        })
    };
    if session.into_iter().flatten().all(is_there) {
        return None;
    }
    Some("expected `context: Session`, or a record that has whatever `Session` has".to_owned())
}

/// The names in a list of types, without the namespace.
fn names(list: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(without_namespace)
}

/// What Cedar has against the schemas as a whole, such as a type that is not there.
fn refused(schema: &Value, additions: &[Addition]) -> Option<Problem> {
    let code = "fortem::vocabulary::refused";
    let whole = |error: &dyn Diagnostic| Problem::new(code, error.to_string());
    let base = match SchemaFragment::from_json_value(schema.clone()) {
        Ok(base) => base,
        Err(error) => return Some(whole(&error)),
    };
    let fragments = additions.iter().map(|addition| addition.fragment.clone());
    let error = Schema::from_schema_fragments([base].into_iter().chain(fragments)).err()?;
    let label = error.labels().and_then(|mut labels| labels.next());
    let is_in = |addition: &&Addition| {
        let label = label.as_ref().map(miette::LabeledSpan::offset);
        label.is_some_and(|at| (addition.begin..addition.end()).contains(&at))
    };
    Some(match additions.iter().find(is_in).or(additions.first()) {
        Some(addition) => of_cedar(code, addition.file, addition.begin, &error),
        None => whole(&error),
    })
}

/// An error of Cedar's, whose places are in a text with so many blanks before the file's.
fn of_cedar(
    code: &'static str,
    file: &SourceFile,
    begin: usize,
    error: &dyn Diagnostic,
) -> Problem {
    let end = file.text().len();
    let mut problem = Problem::new(code, error.to_string());
    let mut labels = error.labels().into_iter().flatten().peekable();
    if labels.peek().is_none() {
        problem = problem.at(file, 0..0, "in this file");
    }
    for label in labels {
        let start = label.offset().saturating_sub(begin).min(end);
        let span = start..(start + label.len()).min(end);
        problem = problem.at(file, span, label.label().unwrap_or("here"));
    }
    match error.help() {
        Some(help) => problem.help(help.to_string()),
        None => problem,
    }
}
