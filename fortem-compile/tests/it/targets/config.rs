//! Rules of AWS Config, tried with the tool that AWS evaluates them with.
//!
//! Set `FORTEM_CFN_GUARD` to the command `cfn-guard`.

use std::env;
use std::fs;
use std::process::Command;

use fortem_compile::compile;
use fortem_compile::target::{Target, targets};
use serde_json::{Value, json};

use super::sample;

#[test]
fn what_has_no_environment_is_found() {
    let Some(guard) = env::var_os("FORTEM_CFN_GUARD").filter(|path| !path.is_empty()) else {
        return;
    };
    let source = sample("");
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Config]).unwrap();
    let kinds = ["CapacityProvider", "Cluster", "Service", "TaskDefinition"];
    assert_eq!(written.artifacts.len(), kinds.len());
    let tag = |key: &str, value: &str| json!({"Tags": [{"Key": "Team", "Value": "a"}, {"Key": key, "Value": value}]});
    let items: [(Value, bool); 7] = [
        (tag("Environment", "staging"), true),
        (tag("environment", "staging"), false),
        (tag("Environment", ""), false),
        (json!({"Tags": [{"Key": "Environment"}]}), false),
        (json!({"Tags": [{"Key": "Team", "Value": "staging"}]}), false),
        (json!({"Tags": []}), false),
        (json!({}), false),
    ];
    let scratch = tempfile::tempdir().unwrap();
    let (rule, item) = (scratch.path().join("rule.guard"), scratch.path().join("item.json"));
    for (artifact, kind) in written.artifacts.iter().zip(kinds) {
        fs::write(&rule, &artifact.text).unwrap();
        let complies = |kind: &str, configuration: &Value| {
            let text = json!({"resourceType": format!("AWS::ECS::{kind}"), "configuration": configuration});
            fs::write(&item, text.to_string()).unwrap();
            let mut command = Command::new(&guard);
            command.arg("validate").arg("--rules").arg(&rule).arg("--data").arg(&item);
            let output = command.output().unwrap();
            match output.status.code() {
                Some(0) => true,
                Some(19) => false,
                other => panic!("{other:?}: {}", String::from_utf8_lossy(&output.stderr)),
            }
        };
        for (configuration, expected) in &items {
            assert_eq!(
                complies(kind, configuration),
                *expected,
                "{}: {configuration}",
                artifact.file
            );
        }
        assert!(complies("Other", &json!({})), "{}", artifact.file);
    }
}
