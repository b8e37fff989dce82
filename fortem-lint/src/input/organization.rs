//! The file of an Organization; [`Organization`] says its shape.

use std::collections::BTreeMap;

use fortem_compile::iam::{DocumentKind, Json, JsonValue};

use super::{InputError, Kind};
use crate::organization::{Attachment, Node, Organization, TagPolicy};
use crate::source::{Place, Source};
use crate::unit::{Owner, Policy};

/// What names the shape.
pub(super) const SCHEMA: &str = "fortem-organization";

/// Reads the file.
pub(super) fn read(source: Source, json: &Json) -> Result<Organization, InputError> {
    let fault =
        |message: &str| InputError::Shape { kind: Kind::Organization, message: message.to_owned() };
    if json.get("version").map(ToString::to_string).as_deref() != Some("1") {
        return Err(fault("its version is not 1"));
    }
    let mut organization = Organization {
        management_account: text(json, "management_account").map(str::to_owned),
        ..Organization::default()
    };
    let nodes = json.get("nodes").ok_or_else(|| fault("`nodes` is missing"))?;
    for (index, node) in nodes.items().iter().enumerate() {
        let id = text(node, "id").ok_or_else(|| fault("a node has no `id`"))?;
        organization.nodes.push(Node {
            id: id.to_owned(),
            name: text(node, "name").unwrap_or(id).to_owned(),
            parent: text(node, "parent").map(str::to_owned),
            tags: tags(node),
            state: text(node, "state").map(str::to_owned),
            place: place(node, format!("/nodes/{index}")),
        });
    }
    let policies = json.get("policies").map(Json::items).unwrap_or_default();
    for (index, policy) in policies.iter().enumerate() {
        let content = policy.get("content").ok_or_else(|| fault("a policy has no `content`"))?;
        let place = place(content, format!("/policies/{index}/content"));
        add_policy(&mut organization, &source, policy, content, place)?;
    }
    organization.unit.sources = vec![source];
    Ok(organization)
}

fn add_policy(
    organization: &mut Organization,
    source: &Source,
    policy: &Json,
    content: &Json,
    place: Place,
) -> Result<(), InputError> {
    let name = text(policy, "name").or_else(|| text(policy, "id")).unwrap_or("policy").to_owned();
    let targets = policy.get("targets").map(Json::items).unwrap_or_default();
    let targets: Vec<String> = targets.iter().filter_map(as_text).map(str::to_owned).collect();
    let kind = match text(policy, "type") {
        Some("SERVICE_CONTROL_POLICY") => DocumentKind::ServiceControl,
        Some("RESOURCE_CONTROL_POLICY") => DocumentKind::ResourceControl,
        Some("TAG_POLICY") => {
            let content = match as_text(content) {
                Some(text) => Json::parse(text).map_err(|error| InputError::Shape {
                    kind: Kind::Organization,
                    message: format!("the tag policy `{name}` is not JSON: {error}"),
                })?,
                None => content.clone(),
            };
            organization.tag_policies.push(TagPolicy { name, targets, content, place });
            return Ok(());
        }
        // Backup policies and the like say nothing of environments.
        _ => return Ok(()),
    };
    let owner = Owner::Organization(name.clone());
    let mut read = match as_text(content) {
        Some(text) => {
            let mut read = Policy::read(text, kind, owner, place);
            read.verbatim = false;
            read
        }
        None => Policy::read(source.slice(place.range.clone()), kind, owner, place),
    };
    read.name = Some(name);
    organization.attachments.push(Attachment { policy: organization.unit.policies.len(), targets });
    organization.unit.policies.push(read);
    Ok(())
}

fn place(json: &Json, pointer: String) -> Place {
    Place { source: 0, range: json.span().range(), pointer }
}

fn as_text(json: &Json) -> Option<&str> {
    match json.value() {
        JsonValue::Text(text) => Some(text),
        _ => None,
    }
}

fn text<'j>(json: &'j Json, key: &str) -> Option<&'j str> {
    as_text(json.get(key)?)
}

/// None if the file says that they could not be read.
fn tags(node: &Json) -> Option<BTreeMap<String, String>> {
    let members = match node.get("tags").map(Json::value) {
        Some(JsonValue::Object(members)) => members.as_slice(),
        Some(JsonValue::Null) => return None,
        _ => &[],
    };
    let pairs = members
        .iter()
        .filter_map(|one| Some((one.key().to_owned(), as_text(one.value())?.to_owned())));
    Some(pairs.collect())
}
