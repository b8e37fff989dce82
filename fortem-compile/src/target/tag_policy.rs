//! The tag policy of Organizations: how the environment's tag is spelt, and which values it has.
//!
//! It holds for what is tagged, and says nothing of what is not: that is for the service control policies
//! (AWS Organizations User Guide, "Tag policies").

use fortem_core::Environment;
use serde_json::json;

use super::{Input, Target, Targets};
use crate::output::Artifact;

/// What is refused a tag that the policy does not have (AWS Organizations User Guide, "Services and resource types
/// that support enforcement").
const ENFORCED_FOR: [&str; 3] = ["ecs:cluster", "ecs:service", "ecs:task-definition"];

pub(super) fn write(input: &Input, output: &mut Targets) {
    let key = input.fleet().tag_key();
    let environments = input.fleet().environments().iter();
    let values: Vec<&str> = environments.map(Environment::name).collect();
    let rule = json!({
        "tag_key": {"@@assign": key},
        "tag_value": {"@@assign": values},
        "enforced_for": {"@@assign": ENFORCED_FOR},
    });
    // Organizations counts white space.
    let text = json!({"tags": {key: rule}}).to_string();
    let path = format!("tag-policy/{}.json", file_name(key));
    output.add(Target::TagPolicy, Artifact::new(path, text), &input.quotas.tag_policy);
}

/// The tag key in small letters, without what stands in no file name.
fn file_name(key: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '-' };
    key.chars().map(|c| plain(c).to_ascii_lowercase()).collect()
}
