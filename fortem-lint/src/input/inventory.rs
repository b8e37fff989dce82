//! What runs in a Region: a file of a snapshot, or what the AWS CLI prints of ECS.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{InputError, Kind, NotAssessed};
use crate::snapshot::{Inventory, Lists, Resources, Tags, TaskDefinition};
use crate::source::Source;
use crate::unit::Unit;

/// What a file of a snapshot may say of itself; those of ECS are recognised without it.
const SCHEMA: &str = "fortem-inventory";

type Members<'t> = BTreeMap<Cow<'t, str>, &'t RawValue>;

/// Whether a text is a file of a Region, or the output of an ECS command.
pub(super) fn looks_like_one(text: &str) -> bool {
    let Ok(members) = serde_json::from_str::<Members<'_>>(text) else { return false };
    let says_so = members.get("schema").is_some_and(|raw| raw.get() == format!("\"{SCHEMA}\""));
    says_so
        || members.get("taskDefinition").is_some_and(|raw| identifies(raw.get()))
        || members.contains_key("containerDefinitions")
        || ["clusters", "services", "tasks", "taskDefinitions", "containerInstances"]
            .iter()
            .filter_map(|name| members.get(*name))
            .filter_map(|raw| serde_json::from_str::<Vec<&RawValue>>(raw.get()).ok())
            .any(|list| list.first().is_some_and(|first| identifies(first.get())))
}

/// Whether an object has one of the fields that identify what ECS runs.
fn identifies(text: &str) -> bool {
    let Ok(members) = serde_json::from_str::<Members<'_>>(text) else { return false };
    [
        "clusterArn",
        "serviceArn",
        "taskArn",
        "taskDefinitionArn",
        "containerInstanceArn",
        "containerDefinitions",
    ]
    .iter()
    .any(|field| members.contains_key(*field))
}

/// The unit of a lone file.
pub(super) fn unit(source: Source) -> Result<(Kind, Vec<Unit>, Vec<NotAssessed>), InputError> {
    let (inventory, not_assessed) = inventory(&source, 0)?;
    let unit = Unit {
        account: inventory.account.clone(),
        resources: Some(Resources { regions: vec![inventory], is_whole: false }),
        sources: vec![source],
        ..Unit::default()
    };
    Ok((Kind::Inventory, vec![unit], not_assessed))
}

/// Reads the text of a Region; `index` is that of the source in its unit.
pub(super) fn inventory(
    source: &Source,
    index: usize,
) -> Result<(Inventory, Vec<NotAssessed>), InputError> {
    let text = source.text().trim_start_matches('\u{feff}');
    let members: Members<'_> =
        serde_json::from_str(text).map_err(|error| InputError::json(&error))?;
    let word = |name: &str| {
        members.get(name).and_then(|raw| serde_json::from_str::<String>(raw.get()).ok())
    };
    let (account, region) = (word("account"), word("region"));
    let mut lists = Lists { source, index, members, problems: Vec::new() };
    let mut inventory = Inventory::of_lists(&mut lists);
    lone_definition(&mut lists, text, &mut inventory);
    let (of_account, of_region) = of_arns(&inventory);
    inventory.account = account.or(of_account);
    inventory.region = region.or(of_region);
    let problem = |(what, error): (String, serde_json::Error)| {
        let message = format!("`{what}` cannot be read: {error}");
        let why = InputError::Shape { kind: Kind::Inventory, message }.to_string();
        NotAssessed { what: source.name().to_owned(), why, incomplete: true }
    };
    Ok((inventory, lists.problems.into_iter().map(problem).collect()))
}

/// What `describe-task-definition` prints, or what `register-task-definition` takes.
fn lone_definition(lists: &mut Lists<'_>, text: &str, inventory: &mut Inventory) {
    let (part, pointer) = match lists.members.get("taskDefinition") {
        Some(raw) if identifies(raw.get()) => (raw.get(), "/taskDefinition"),
        _ if lists.members.contains_key("containerDefinitions") => (text.trim(), ""),
        _ => return,
    };
    let mut definition: TaskDefinition = match serde_json::from_str(part) {
        Ok(definition) => definition,
        Err(error) => return lists.problems.push((pointer.to_owned(), error)),
    };
    if definition.tags.is_none() {
        let tags = lists.members.get("tags");
        definition.tags = tags.and_then(|raw| serde_json::from_str::<Tags>(raw.get()).ok());
    }
    let item = lists.item(definition, part, pointer.to_owned());
    inventory.task_definitions.get_or_insert_default().push(item);
}

/// The account and Region of the first ARN that tells both.
fn of_arns(inventory: &Inventory) -> (Option<String>, Option<String>) {
    let mut found = (None, None);
    inventory.each(|one| {
        let mut parts = one.arn.split(':').skip(3);
        if let (None, Some(region), Some(account)) = (&found.0, parts.next(), parts.next())
            && account.len() == 12
            && !region.is_empty()
        {
            found = (Some(account.to_owned()), Some(region.to_owned()));
        }
    });
    found
}

/// The access keys of users, as `aws iam list-access-keys` prints them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AccessKeys {
    pub(super) access_key_metadata: Vec<AccessKey>,
}

/// One access key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AccessKey {
    pub(super) user_name: String,
    #[serde(default)]
    pub(super) status: String,
}
