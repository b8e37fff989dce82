//! FL226.

use fortem_compile::iam::Truth;

use super::{Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::{Facts, Reached, Region, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::{Item, Repository};

/// A right to push images over those that production runs.
#[derive(Debug)]
pub(super) struct ImageCrossesEnvironment;

static META: Meta = Meta {
    id: "FL226",
    name: "image-crosses-env",
    summary: "An image that production runs can be replaced from another environment",
    severity: Severity::High,
    confidence: Confidence::Medium,
    persona: Persona::Regular,
    needs: &[Input::Account, Input::Resources],
    criteria: &["CC8.1"],
    why: "Whoever may push to a repository whose tags can be moved decides what production starts next, and with it \
          what happens with production's roles and secrets.",
    remediation: "Make the tags of the repository immutable, or give each environment its own repository",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Push", "Effect": "Allow", "Action": "ecr:PutImage",
  "Resource": "*"}]}"#,
    limits: "Only principals that belong to an environment are judged, so a build that serves all of them is not. \
             Images are told by the address of the repository.",
    peers: &["Prowler: ecr_repositories_tag_immutability"],
};

const CALL: &str = "ecr:PutImage";

impl Rule for ImageCrossesEnvironment {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        &[CALL]
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let foreign = subject.foreign(facts);
        let Some(production) = foreign.filter(|one| one.is_production && subject.is_scoped())
        else {
            return;
        };
        for region in &facts.regions {
            findings.uses(&META, region);
            findings.list(&META, region, &region.inventory.task_definitions);
            for repository in findings.list(&META, region, &region.inventory.repositories) {
                if !is_movable(repository) || !runs_in(facts, region, repository, production) {
                    continue;
                }
                let Some(reached) = push(subject, facts, repository, production) else { continue };
                let message = format!(
                    "`{CALL}` reaches repository `{}`, whose images `{}` runs by tags that can be moved",
                    repository.repository_name, production.name
                );
                let draft = META.at_reached(subject, &reached, message);
                findings.report(draft.resource(&repository.repository_arn).to(production));
            }
        }
    }
}

fn is_movable(repository: &Repository) -> bool {
    repository.image_tag_mutability.as_deref().is_some_and(|one| one.starts_with("MUTABLE"))
}

/// Whether an environment runs images of a repository by tag.
fn runs_in(
    facts: &Facts<'_>,
    region: &Region<'_>,
    repository: &Repository,
    environment: &Environment,
) -> bool {
    let definitions = region.inventory.task_definitions.iter().flatten();
    let mut current = definitions.filter(|one| region.is_current(one));
    current.any(|definition| {
        let mut images = definition.container_definitions.iter().map(|one| one.image.as_str());
        let of_repository = images.any(|image| {
            let rest = image.strip_prefix(repository.repository_uri.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        });
        of_repository
            && region
                .environments_of_definition(facts, definition)
                .iter()
                .any(|one| one.name == environment.name)
    })
}

/// A push that a statement covering the repository allows.
fn push<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    repository: &Item<Repository>,
    production: &Environment,
) -> Option<Reached<'u>> {
    let call = facts.catalogue.call(CALL)?;
    let tag = facts.environment_of(repository.tags.as_ref()).map(|one| one.name.as_str());
    let target = Target { tag, ..Target::untagged(&production.name) };
    subject.grants(call).find_map(|(policy, statement)| {
        let reached = subject.reach_through(facts, call, &target, policy, statement)?;
        let arn = repository.repository_arn.as_str();
        let covers = statement.covers_resource(arn, reached.request.context()) == Truth::Yes;
        covers.then_some(reached)
    })
}
