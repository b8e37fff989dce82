//! Rules of AWS Config that find what in ECS has no environment: nobody reaches it, and no guard knows it.
//!
//! They are written in Guard, for rules of the owner `CUSTOM_POLICY` (AWS Config Developer Guide, "Custom Policy
//! rules"), and look at configuration items, which Config records for these types of resource. Tasks are none.

use super::{Input, Target, Targets};
use crate::output::Artifact;

/// The types of resource in ECS that Config records and that have tags, with their names in files and rules.
const TYPES: [(&str, &str, &str); 4] = [
    ("AWS::ECS::CapacityProvider", "ecs-capacity-provider", "capacity provider"),
    ("AWS::ECS::Cluster", "ecs-cluster", "cluster"),
    ("AWS::ECS::Service", "ecs-service", "service"),
    ("AWS::ECS::TaskDefinition", "ecs-task-definition", "task definition"),
];

pub(super) fn write(input: &Input, output: &mut Targets) {
    for (kind, name, words) in TYPES {
        let text = rule(input.fleet().tag_key(), kind, name, words);
        let artifact = Artifact::new(format!("config/{name}.guard"), text);
        output.add(Target::Config, artifact, &input.quotas.config_policy);
    }
}

fn rule(key: &str, kind: &str, name: &str, words: &str) -> String {
    let rule = name.replace('-', "_");
    format!(
        "# Every ECS {words} says by its tag {key} which environment it is of.\n\
         rule {rule}_has_environment when resourceType == \"{kind}\" {{\n    \
             configuration.Tags[ Key == \"{key}\" ] !empty\n    \
             configuration.Tags[ Key == \"{key}\" ] {{\n        \
                 Value exists\n        \
                 Value != \"\"\n    \
             }}\n\
         }}\n"
    )
}
