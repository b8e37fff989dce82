//! Roles for IAM Identity Center: permission sets with the role's policy inline, and the attributes that give
//! people's sessions their environment.
//!
//! A file of a role holds the inputs of two calls, `CreatePermissionSet` and `PutInlinePolicyToPermissionSet`, but
//! for the ARNs that only the account knows.

use serde_json::{Value, json};

use super::{Input, Target, Targets, indented, relied_on};
use crate::Identity;
use crate::emit::Document;
use crate::output::Artifact;
use crate::statement::Statement;

pub(super) fn write<'a>(input: &Input<'a>, output: &mut Targets<'a>) {
    for (identity, documents) in &input.compiled.documents {
        add(input, output, *identity, documents);
    }
    attributes(input, output);
}

fn add<'a>(
    input: &Input,
    output: &mut Targets<'a>,
    identity: Identity<'a>,
    documents: &[Document],
) {
    let path = format!("permission-set/{}.json", identity.name("/"));
    let name = identity.name("-");
    let quota = &input.quotas.permission_set_name;
    if !quota.size(&name).fits() {
        let why = format!("`{name}` is longer than the {} characters of a name", quota.limit);
        let help = "shorten the role's id, or the environment's name";
        output.leave_out(Target::PermissionSet, path, &why, help);
        return;
    }
    let policy = Document::of(once(documents));
    let text = policy.to_compact_json();
    let quota = &input.quotas.permission_set_policy;
    let size = quota.size(&text);
    let mut create = json!({"Name": name});
    if let (Some(doc), Value::Object(create)) = (doc(input, identity.role), &mut create) {
        create.insert("Description".to_owned(), json!(doc));
    }
    let calls = json!({
        "CreatePermissionSet": create,
        "PutInlinePolicyToPermissionSet": {"InlinePolicy": text},
    });
    let artifact = Artifact::new(path, indented(&calls)).for_identity(identity);
    output.add_of_size(Target::PermissionSet, artifact.with_statements(&policy), size, quota);
}

/// The statements of a role's documents, each once: all of them repeat what is denied.
fn once(documents: &[Document]) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for statement in documents.iter().flat_map(Document::statements) {
        if !statements.contains(statement) {
            statements.push(statement.clone());
        }
    }
    statements.sort_by_key(|statement| statement.effect);
    statements
}

/// What the role is for, if Identity Center takes it (API Reference, `CreatePermissionSet`).
fn doc<'a>(input: &Input<'a>, role: &str) -> Option<&'a str> {
    let policy = input.source.roles().find(|policy| policy.id() == role)?;
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    let fits = (1..=700).contains(&policy.doc().chars().count());
    (fits && policy.doc().chars().all(allowed)).then(|| policy.doc())
}

/// The input of `CreateInstanceAccessControlAttributeConfiguration`, but for the instance.
fn attributes(input: &Input, output: &mut Targets) {
    let documents = input.compiled.documents.values().flatten();
    let keys = relied_on::session_keys_in(documents);
    let key = input.fleet().tag_key();
    if keys.is_empty() {
        return;
    }
    let path = "permission-set/attributes.json";
    let others: Vec<&String> = keys.iter().filter(|one| *one != key).collect();
    let why = match input.organization().identity_center_attribute() {
        Some(source) if others.is_empty() => {
            let attributes =
                json!({"AccessControlAttributes": [{"Key": key, "Value": {"Source": [source]}}]});
            let text =
                indented(&json!({"InstanceAccessControlAttributeConfiguration": attributes}));
            output.artifacts.push(Artifact::new(path, text));
            return;
        }
        Some(_) => format!(
            "sessions have the tags {} as well, and the fleet has an attribute for one",
            words(&others)
        ),
        None => {
            "nothing says in which attribute of the directory a person's environment is".to_owned()
        }
    };
    let help = "set `identity_center_attribute = \"${path:…}\"` under [organization], or let the identity provider \
                send the attribute `AccessControl:KEY` for each tag";
    output.leave_out(Target::PermissionSet, path, &why, help);
}

fn words(keys: &[&String]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}
