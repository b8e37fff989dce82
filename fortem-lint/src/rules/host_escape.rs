//! FL609.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::inventory::{last_part, worst};
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::{Listed, Summary, TaskDefinition};

/// Settings that open the host to a container.
#[derive(Debug)]
pub(super) struct HostEscape;

static META: Meta = Meta {
    id: "FL609",
    name: "host-escape-flags",
    summary: "A container can leave its bounds",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.8"],
    why: "A container with the host's rights, processes, network or container runtime can take over the host, and \
          with it the credentials of every task there.",
    remediation: "Remove the setting, or run that task on hosts of its own",
    example: r#"{"taskDefinitions": [{"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/agent:3", "family": "agent", "revision": 3,
  "requiresCompatibilities": ["EC2"], "containerDefinitions": [{"name": "agent", "image": "agent:1", "privileged": true}]}]}"#,
    limits: "On Fargate none of these settings reaches another task; definitions for Fargate alone are left out.",
    peers: &["Security Hub: ECS.3, ECS.4", "Prowler", "Checkov"],
};

impl Rule for HostEscape {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            for definition in findings.list(&META, region, &region.inventory.task_definitions) {
                let fargate =
                    definition.requires_compatibilities.iter().all(|one| one == "FARGATE");
                let on_fargate_only = fargate && !definition.requires_compatibilities.is_empty();
                if on_fargate_only || !region.is_current(definition) {
                    continue;
                }
                let ways = ways_out(definition);
                if ways.is_empty() {
                    continue;
                }
                let message = format!(
                    "task definition `{}` can reach its host: {}",
                    last_part(definition.arn()),
                    ways.join(", ")
                );
                let draft = META.at_resource(facts, &Summary::of(definition), message);
                let environments = region.environments_of_definition(facts, definition);
                findings.report(worst(&environments).into_iter().fold(draft, Draft::to));
            }
        }
    }
}

/// Kernel capabilities that open the host or its network (capabilities(7), 2026-09).
const CAPABILITIES: [&str; 7] =
    ["ALL", "NET_ADMIN", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH"];
/// Paths of the host whose owner commands the host.
const PATHS: [&str; 6] =
    ["/", "/etc", "/proc", "/root", "/var/run/docker.sock", "/run/containerd/containerd.sock"];

/// What lets the containers of a task definition reach their host.
fn ways_out(definition: &TaskDefinition) -> Vec<String> {
    let mut ways = Vec::new();
    for (what, mode) in [
        ("network", &definition.network_mode),
        ("processes", &definition.pid_mode),
        ("shared memory", &definition.ipc_mode),
    ] {
        if mode.as_deref() == Some("host") {
            ways.push(format!("the {what} of the host"));
        }
    }
    for container in &definition.container_definitions {
        if container.privileged == Some(true) {
            ways.push(format!("`{}` is privileged", container.name));
        }
        let linux = container.linux_parameters.as_ref();
        let added = linux.and_then(|one| one.capabilities.as_ref()).map(|one| &one.add);
        for capability in added.into_iter().flatten() {
            if CAPABILITIES.contains(&capability.as_str()) {
                ways.push(format!("`{}` has `{capability}`", container.name));
            }
        }
    }
    for volume in &definition.volumes {
        let path = volume.host.as_ref().and_then(|host| host.source_path.as_deref());
        if let Some(path) = path.filter(|path| PATHS.contains(path)) {
            ways.push(format!("`{path}` of the host is mounted"));
        }
    }
    ways
}
