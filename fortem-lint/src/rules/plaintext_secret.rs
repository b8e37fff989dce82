//! FL608.

use std::borrow::Cow;

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::inventory::worst;
use crate::finding::{Confidence, Persona, Severity};
use crate::secret::{self, Detected};
use crate::snapshot::{Container, Item, Listed, Redacted, Task};

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
            findings.uses(&META, region);
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
    length: Option<Cow<'f, str>>,
    what: Cow<'f, str>,
    confidence: Confidence,
}

impl<'f> Found<'f> {
    fn of(
        container: &'f str,
        holder: String,
        path: Vec<String>,
        judged: Option<Judged<'f>>,
    ) -> Option<Self> {
        let (what, confidence, length) = judged?;
        Some(Self { holder, path, container, length, what, confidence })
    }

    fn draft<T: Listed>(&self, facts: &Facts<'_>, item: &Item<T>) -> Draft {
        let message = format!(
            "{} of container `{}` holds a credential in plain text",
            self.holder, self.container
        );
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let mut draft = META
            .at_part(facts, item, &path, message)
            .evidence(format!("it looks like {}", self.what));
        if let Some(class) = &self.length {
            draft = draft.evidence(format!("its length is {class} characters"));
        }
        if self.confidence == Confidence::Low {
            draft = draft.severity(Severity::Medium);
        }
        draft.confidence(self.confidence)
    }
}

/// What a text is taken for, and its length in classes.
type Judged<'f> = (Cow<'f, str>, Confidence, Option<Cow<'f, str>>);

/// What a text was taken for when it was collected, or is taken for now where it was kept.
fn judged<'f>(
    redacted: Option<&'f Redacted>,
    text: Option<&str>,
    detect: impl FnOnce() -> Option<Detected>,
) -> Option<Judged<'f>> {
    if let Some(redacted) = redacted {
        let verdict = redacted.verdict.as_ref()?;
        let length = text.map(|_| Cow::Borrowed(redacted.length.as_ref()));
        return Some((Cow::Borrowed(verdict.what.as_ref()), verdict.confidence, length));
    }
    let detected = detect()?;
    let length = text.map(|text| secret::length_class(text).into());
    Some((detected.what.into(), detected.confidence, length))
}

/// What a variable, label or option is taken for.
fn of_value<'f>(redacted: Option<&'f Redacted>, name: &str, value: &str) -> Option<Judged<'f>> {
    judged(redacted, Some(value), || secret::of_variable(name, value))
}

fn of_container(index: usize, container: &Container) -> Vec<Found<'_>> {
    let at = |rest: &[&str]| -> Vec<String> {
        let index = index.to_string();
        let start = ["containerDefinitions", index.as_str()];
        start.iter().chain(rest).map(|one| (*one).to_owned()).collect()
    };
    let mut found = Vec::new();
    for (number, variable) in container.environment.iter().enumerate() {
        let path = at(&["environment", &number.to_string(), "name"]);
        let judged = of_value(variable.redacted.as_ref(), &variable.name, &variable.value);
        let holder = format!("variable `{}`", variable.name);
        found.extend(Found::of(container.name.as_str(), holder, path, judged));
    }
    let arguments: Vec<&String> = container.entry_point.iter().chain(&container.command).collect();
    let judged = judged(container.redacted_command.as_ref(), None, || secret::of_command(&arguments));
    found.extend(Found::of(&container.name, "the command".to_owned(), at(&["name"]), judged));
    let kept = container.docker_labels.iter().map(|(name, value)| (name, value.as_str(), None));
    let redacted = container.redacted_labels.iter().map(|(name, one)| (name, "", Some(one)));
    for (name, value, redacted) in kept.chain(redacted) {
        let judged = of_value(redacted, name, value);
        found.extend(Found::of(&container.name, format!("label `{name}`"), at(&["name"]), judged));
    }
    let log = container.log_configuration.iter().filter(|log| log.log_driver != "awslogs");
    let log: Vec<_> = log.collect();
    let kept = log.iter().flat_map(|log| &log.options).map(|(name, value)| (name, value.as_str(), None));
    let redacted = log.iter().flat_map(|log| &log.redacted_options);
    let redacted = redacted.map(|(name, one)| (name, "", Some(one)));
    for (name, value, redacted) in kept.chain(redacted) {
        let path = at(&["logConfiguration", "logDriver"]);
        let judged = of_value(redacted, name, value);
        found.extend(Found::of(&container.name, format!("log option `{name}`"), path, judged));
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
            let judged = of_value(variable.redacted.as_ref(), &variable.name, &variable.value);
            let holder = format!("the replaced variable `{}`", variable.name);
            found.extend(Found::of(container, holder, path(), judged));
        }
        let arguments: Vec<&String> = one.command.iter().collect();
        let judged = judged(one.redacted_command.as_ref(), None, || secret::of_command(&arguments));
        found.extend(Found::of(container, "the replaced command".to_owned(), path(), judged));
    }
    found
}
