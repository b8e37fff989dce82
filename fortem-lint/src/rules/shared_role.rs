//! FL206.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use std::collections::{BTreeMap, BTreeSet};

use crate::environments::Environment;
use crate::facts::inventory::{distinct, last_part, listed, worst};
use crate::snapshot::{Item, Listed, TaskDefinition};

/// A role of tasks of two environments.
#[derive(Debug)]
pub(super) struct SharedRole;

static META: Meta = Meta {
    id: "FL206",
    name: "shared-role",
    summary: "One role is used by tasks of several environments",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account, Input::Resources],
    criteria: &["CC6.1"],
    why: "Whoever runs or enters a task of one environment has the rights of its role, so with a shared role they \
          have those of every environment: an execution role that fetches production's secrets injects them \
          into a staging task.",
    remediation: "Give each environment its own task and execution roles, under a path of its own such as \
          `/ecs/staging/`",
    example: r#"{"taskDefinitions": [
  {"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web-staging:3", "family": "web-staging", "revision": 3,
   "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole", "tags": [{"key": "Environment", "value": "staging"}]},
  {"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web-prod:3", "family": "web-prod", "revision": 3,
   "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole", "tags": [{"key": "Environment", "value": "prod"}]}]}"#,
    limits: "A task definition without tag belongs to what runs it. Roles with no rights of consequence are \
          reported too.",
    peers: &[],
};

impl Rule for SharedRole {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let mut roles: BTreeMap<&str, Vec<(&Environment, &Item<TaskDefinition>)>> = BTreeMap::new();
        for region in &facts.regions {
            findings.uses(&META, region);
            for definition in findings.list(&META, region, &region.inventory.task_definitions) {
                if !region.is_current(definition) {
                    continue;
                }
                let environments = region.environments_of_definition(facts, definition);
                let of_definition =
                    definition.task_role_arn.iter().chain(&definition.execution_role_arn);
                for role in of_definition.collect::<BTreeSet<_>>() {
                    let uses = roles.entry(role).or_default();
                    uses.extend(environments.iter().map(|one| (*one, definition)));
                }
            }
        }
        for (role, uses) in roles {
            let environments = distinct(uses.iter().map(|(one, _)| *one));
            let (Some(worst), true) = (worst(&environments), environments.len() > 1) else {
                continue;
            };
            let Some((_, definition)) = uses.iter().find(|(one, _)| one.name == worst.name) else {
                continue;
            };
            let names = listed(environments.iter().map(|one| one.name.as_str()));
            let message = format!("role `{}` is used by tasks of {names}", last_part(role));
            let place = |key: &str| facts.place_in(definition.place.as_ref(), &[key]);
            let is_task_role = definition.task_role_arn.as_deref() == Some(role);
            let place = place(if is_task_role { "taskRoleArn" } else { "executionRoleArn" });
            let mut draft = META.at(place, message).principal(role).to(worst);
            for environment in &environments {
                let of_it = uses.iter().filter(|(one, _)| one.name == environment.name);
                let of_it: BTreeSet<&str> = of_it.map(|(_, one)| last_part(one.arn())).collect();
                draft = draft.evidence(format!(
                    "{} of `{}`",
                    listed(of_it.into_iter().take(5)),
                    environment.name
                ));
            }
            findings.report(draft);
        }
    }
}
