//! FL610.

use super::{Findings, Input, Meta, Rule};
use crate::finding::{Confidence, Persona, Severity};
use std::collections::BTreeMap;

use crate::environments::Environment;
use crate::facts::inventory::{distinct, listed, worst};
use crate::facts::{Facts, Region};
use crate::snapshot::{Item, Summary, TaskDefinition};

/// One movable tag for several environments.
#[derive(Debug)]
pub(super) struct SharedImageTag;

static META: Meta = Meta {
    id: "FL610",
    name: "mutable-image-shared",
    summary: "Several environments run an image by a tag that can be moved",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC8.1"],
    why: "Whoever pushes an image for one environment replaces what the others start next, production included.",
    remediation: "Make the tags of the repository immutable and name images by digest or by commit; or one \
          repository for each environment",
    example: r#"{"taskDefinitions": [
  {"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web-staging:3", "family": "web-staging", "revision": 3, "tags": [{"key": "Environment", "value": "staging"}],
   "containerDefinitions": [{"name": "web", "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:latest"}]},
  {"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web-prod:3", "family": "web-prod", "revision": 3, "tags": [{"key": "Environment", "value": "prod"}],
   "containerDefinitions": [{"name": "web", "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:latest"}]}]}"#,
    limits: "A tag other than `latest` counts only where the repository is known to allow that tags are moved. \
          Public images are reported too when they run as `latest`.",
    peers: &["Prowler: ecr_repositories_tag_immutability"],
};

impl Rule for SharedImageTag {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            findings.uses(&META, region);
            findings.list(&META, region, &region.inventory.repositories);
            let mut images: BTreeMap<&str, Vec<(&Environment, &Item<TaskDefinition>)>> =
                BTreeMap::new();
            for definition in findings.list(&META, region, &region.inventory.task_definitions) {
                if !region.is_current(definition) {
                    continue;
                }
                let environments = region.environments_of_definition(facts, definition);
                for container in &definition.container_definitions {
                    let uses = images.entry(&container.image).or_default();
                    uses.extend(environments.iter().map(|one| (*one, definition)));
                }
            }
            for (image, uses) in images {
                let environments = distinct(uses.iter().map(|(one, _)| *one));
                let Some(worst) = worst(&environments) else { continue };
                let of_worst = uses.iter().find(|(one, _)| one.name == worst.name);
                let (Some((_, definition)), true) = (of_worst, environments.len() > 1) else {
                    continue;
                };
                if !can_move(region, image) {
                    continue;
                }
                let names = listed(environments.iter().map(|one| one.name.as_str()));
                let message =
                    format!("image `{image}` is run by {names}, and its tag can be moved");
                let draft = META.at_resource(facts, &Summary::of(*definition), message);
                findings.report(draft.to(worst));
            }
        }
    }
}

/// Whether the name of an image can come to mean another one.
fn can_move(region: &Region<'_>, image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let file = image.rsplit('/').next().unwrap_or(image);
    let (name, tag) = file.split_once(':').unwrap_or((file, "latest"));
    let uri = image.strip_suffix(file).map(|start| format!("{start}{name}")).unwrap_or_default();
    let mut repositories = region.inventory.repositories.iter().flatten();
    let repository = repositories.find(|one| one.repository_uri == uri);
    match repository.and_then(|one| one.image_tag_mutability.as_deref()) {
        Some(mutability) => mutability.starts_with("MUTABLE"),
        None => tag == "latest" && !may_be_unread(region, image),
    }
}

/// Whether an image may be of a repository that was not read.
fn may_be_unread(region: &Region<'_>, image: &str) -> bool {
    let (account, name) = (&region.inventory.account, &region.inventory.region);
    let (Some(account), Some(name)) = (account, name) else { return false };
    let is_of_here = image.starts_with(&format!("{account}.dkr.ecr.{name}."));
    is_of_here && region.lacks(&region.inventory.repositories)
}
