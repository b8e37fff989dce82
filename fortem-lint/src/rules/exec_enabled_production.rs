//! FL602.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::inventory::last_part;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// ECS Exec on services and tasks of production.
#[derive(Debug)]
pub(super) struct ExecEnabledProduction;

static META: Meta = Meta {
    id: "FL602",
    name: "exec-enabled-prod",
    summary: "ECS Exec is on in production",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1", "CC7.2"],
    why: "Whoever may call `ecs:ExecuteCommand` gets a shell in production with the credentials of the task and \
          every secret that was injected.",
    remediation: "Switch it off: `aws ecs update-service --disable-execute-command --force-new-deployment`; switch \
          it on for the time of an incident only",
    example: r#"{"services": [{"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/fleet-prod/web", "serviceName": "web", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-prod",
  "enableExecuteCommand": true, "tags": [{"key": "Environment", "value": "prod"}]}]}"#,
    limits: "Tasks of a service that has it on are not reported one by one.",
    peers: &[],
};

impl Rule for ExecEnabledProduction {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            findings.list(&META, region, &region.inventory.clusters);
            for service in findings.list(&META, region, &region.inventory.services) {
                let environment = region.environment_of_service(facts, service);
                let production = environment.filter(|one| one.is_production);
                if let (Some(production), true, Some(true)) =
                    (production, service.is_active(), service.enable_execute_command)
                {
                    let message = format!(
                        "ECS Exec is on for service `{}` of `{}`",
                        service.service_name, production.name
                    );
                    findings.report(
                        META.at_resource(facts, &Summary::of(service), message).to(production),
                    );
                }
            }
            for task in findings.list(&META, region, &region.inventory.tasks) {
                let environment = region.environment_of_task(facts, task);
                let production = environment.filter(|one| one.is_production);
                if let (Some(production), true, Some(true)) =
                    (production, task.is_standalone(), task.enable_execute_command)
                {
                    let definition = last_part(&task.task_definition_arn);
                    let message = format!(
                        "ECS Exec is on for a task of `{definition}` of `{}`",
                        production.name
                    );
                    findings.report(
                        META.at_resource(facts, &Summary::of(task), message).to(production),
                    );
                }
            }
        }
    }
}
