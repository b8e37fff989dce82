//! FL608.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::inventory::worst;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::{Container, Item, Listed, Task};
mod detector;
use detector::Detected;

/// Credentials in what everyone may read.
#[derive(Debug)]
pub(super) struct PlaintextSecret;

static META: Meta = Meta {
    id: "FL608",
    name: "plaintext-secret",
    summary: "A credential is written out in a task definition",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1", "C1.1"],
    why: "`ecs:DescribeTaskDefinition` cannot be limited to an environment: whoever may call it reads the variables \
          of every task definition, production's too.",
    remediation: "Put the value into Secrets Manager or Parameter Store, refer to it in `secrets`, and change the \
          credential, since it has been seen",
    example: r#"{"taskDefinitions": [{"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/prod-web:7", "family": "prod-web", "revision": 7,
  "containerDefinitions": [{"name": "web", "image": "web:1",
   "environment": [{"name": "MYSQL_ROOT_PASSWORD", "value": "correct horse"}]}]}]}"#,
    limits: "A name or the form of a value is a hint. Values are never shown. Names such as `…_ARN` or `…_FILE`, \
          switches, and values that refer to a secret are left out; so are revisions that nothing runs and that \
          are not the newest.",
    peers: &[
        "Security Hub: ECS.8",
        "Checkov: CKV_AWS_46",
        "Prowler: ecs_task_definitions_no_environment_secrets",
    ],
};

impl Rule for PlaintextSecret {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            for definition in findings.list(&META, region, &region.inventory.task_definitions) {
                if region.is_current(definition) {
                    let environments = region.environments_of_definition(facts, definition);
                    let mut report = |found: Found<'_>| {
                        let draft = found.draft(facts, definition);
                        findings.report(worst(&environments).into_iter().fold(draft, Draft::to));
                    };
                    for (index, container) in definition.container_definitions.iter().enumerate() {
                        of_container(index, container).into_iter().for_each(&mut report);
                    }
                }
            }
            for task in region.inventory.tasks.iter().flatten().filter(|task| task.is_running()) {
                for found in of_task(task) {
                    let draft = found.draft(facts, task);
                    let environment = region.environment_of_task(facts, task);
                    findings.report(environment.into_iter().fold(draft, Draft::to));
                }
            }
        }
    }
}

/// A credential that was found: where, and what it is taken for; not the credential.
struct Found<'f> {
    /// What holds it, in a sentence.
    holder: String,
    /// The way to a field that can be shown: the name, never the value.
    path: Vec<String>,
    container: &'f str,
    length: Option<usize>,
    detected: Detected,
}

impl Found<'_> {
    fn draft<T: Listed>(&self, facts: &Facts<'_>, item: &Item<T>) -> Draft {
        let message = format!(
            "{} of container `{}` holds a credential in plain text",
            self.holder, self.container
        );
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let mut draft = META
            .at_part(facts, item, &path, message)
            .evidence(format!("it looks like {}", self.detected.what));
        if let Some(length) = self.length {
            let class = match length {
                0..12 => "below 12",
                12..32 => "from 12 to 31",
                _ => "32 or more",
            };
            draft = draft.evidence(format!("its length is {class} characters"));
        }
        if self.detected.confidence == Confidence::Low {
            draft = draft.severity(Severity::Medium);
        }
        draft.confidence(self.detected.confidence)
    }
}

fn of_container(index: usize, container: &Container) -> Vec<Found<'_>> {
    let at = |rest: &[&str]| -> Vec<String> {
        let index = index.to_string();
        let start = ["containerDefinitions", index.as_str()];
        start.iter().chain(rest).map(|one| (*one).to_owned()).collect()
    };
    let mut found = Vec::new();
    let mut add = |holder: String,
                   path: Vec<String>,
                   length: Option<usize>,
                   detected: Option<Detected>| {
        let container = container.name.as_str();
        found.extend(detected.map(|detected| Found { holder, path, container, length, detected }));
    };
    for (number, variable) in container.environment.iter().enumerate() {
        let path = at(&["environment", &number.to_string(), "name"]);
        let detected = detector::of_variable(&variable.name, &variable.value);
        add(
            format!("variable `{}`", variable.name),
            path,
            Some(variable.value.chars().count()),
            detected,
        );
    }
    let arguments: Vec<&String> = container.entry_point.iter().chain(&container.command).collect();
    add("the command".to_owned(), at(&["name"]), None, detector::of_command(&arguments));
    for (name, value) in &container.docker_labels {
        let detected = detector::of_variable(name, value);
        add(format!("label `{name}`"), at(&["name"]), Some(value.chars().count()), detected);
    }
    let log = container.log_configuration.iter().filter(|log| log.log_driver != "awslogs");
    for (name, value) in log.flat_map(|log| &log.options) {
        let detected = detector::of_variable(name, value);
        let path = at(&["logConfiguration", "logDriver"]);
        add(format!("log option `{name}`"), path, Some(value.chars().count()), detected);
    }
    found
}

/// What a running task was given in place of what its definition says.
fn of_task(task: &Task) -> Vec<Found<'_>> {
    let overrides = task.overrides.iter().flat_map(|one| &one.container_overrides);
    let mut found = Vec::new();
    for one in overrides {
        let container = one.name.as_deref().unwrap_or_default();
        let path = || vec!["taskArn".to_owned()];
        for variable in &one.environment {
            if let Some(detected) = detector::of_variable(&variable.name, &variable.value) {
                let length = Some(variable.value.chars().count());
                let holder = format!("the replaced variable `{}`", variable.name);
                found.push(Found { holder, path: path(), container, length, detected });
            }
        }
        let arguments: Vec<&String> = one.command.iter().collect();
        if let Some(detected) = detector::of_command(&arguments) {
            let holder = "the replaced command".to_owned();
            found.push(Found { holder, path: path(), container, length: None, detected });
        }
    }
    found
}
