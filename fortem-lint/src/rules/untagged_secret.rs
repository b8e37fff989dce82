//! FL010.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use std::collections::BTreeSet;

use super::untagged;

/// A secret that tasks get, without the environment's tag.
#[derive(Debug)]
pub(super) struct UntaggedSecret;

static META: Meta = Meta {
    id: "FL010",
    name: "untagged-secret",
    summary: "A secret or parameter of a task definition has no environment tag",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "`secretsmanager:GetSecretValue` and `ssm:GetParameters` are scoped by tag; without it a grant reaches the \
          secrets of every environment or none.",
    remediation: "Tag the secret or parameter with its environment",
    example: r#"{"taskDefinitions": [{"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/prod-web:7", "family": "prod-web", "revision": 7,
  "containerDefinitions": [{"name": "web", "image": "web:1",
   "secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1b2c3"}]}]}],
 "secrets": [{"Name": "prod/db", "ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1b2c3", "Tags": []}]}"#,
    limits: "Where grants name secrets by path, the tag is a second line.",
    peers: &[],
};

impl Rule for UntaggedSecret {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            let mut named: BTreeSet<&str> = BTreeSet::new();
            for definition in findings.list(&META, region, &region.inventory.task_definitions) {
                for container in &definition.container_definitions {
                    let log =
                        container.log_configuration.iter().flat_map(|log| &log.secret_options);
                    named.extend(
                        container.secrets.iter().chain(log).map(|one| one.value_from.as_str()),
                    );
                }
            }
            if named.is_empty() {
                continue;
            }
            // A reference may go on after the ARN with the key and version within the secret.
            let is_named = |arn: &str, name: &str| {
                named.iter().any(|one| *one == name || (!arn.is_empty() && one.starts_with(arn)))
            };
            let likely = |name: &str| facts.environment_named(name);
            let secrets = findings.list(&META, region, &region.inventory.secrets).iter();
            let secrets = secrets.filter(|one| is_named(&one.arn, &one.name));
            untagged::report(&META, facts, region, findings, secrets, |one| likely(&one.name));
            let parameters = findings.list(&META, region, &region.inventory.parameters).iter();
            let parameters = parameters.filter(|one| is_named(&one.arn, &one.name));
            untagged::report(&META, facts, region, findings, parameters, |one| likely(&one.name));
        }
    }
}
