//! Keeps texts that may be secrets out of a snapshot: only what they were taken for is kept, and a hash.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::{self, Detected};
use crate::snapshot::{
    Container, ContainerOverride, LogConfiguration, Redacted, TaskDefinition, Variable,
};

/// Options of log drivers whose values are names and numbers that rules and people need (Docker and Amazon ECS developer
/// guide, log drivers, 2026-09). Of all others the value is not kept.
const PLAIN_OPTIONS: [&str; 9] = [
    "awslogs-create-group",
    "awslogs-datetime-format",
    "awslogs-group",
    "awslogs-multiline-pattern",
    "awslogs-region",
    "awslogs-stream-prefix",
    "max-buffer-size",
    "max-file",
    "mode",
];

/// The key of one collection, which is never written down.
#[derive(Clone)]
pub(super) struct Redaction {
    keyed: Hmac<Sha256>,
    /// Tells hashes of this key from those of others, where a collection was resumed.
    name: String,
}

impl std::fmt::Debug for Redaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redaction").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Redaction {
    /// With a key that nobody can guess.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 64];
        getrandom::fill(&mut key)?;
        Ok(Self::with_key(&key))
    }

    fn with_key(key: &[u8; 64]) -> Self {
        let keyed = Hmac::<Sha256>::new(&(*key).into());
        let name =
            hexadecimal(&keyed.clone().chain_update("name of the key").finalize().into_bytes(), 4);
        Self { keyed, name }
    }

    /// Of the same text the same in this collection.
    pub(super) fn hash(&self, text: &str) -> String {
        let hash = self.keyed.clone().chain_update(text).finalize().into_bytes();
        format!("{}:{}", self.name, hexadecimal(&hash, 16))
    }

    fn text(&self, text: &str, detected: Option<Detected>) -> Redacted {
        Redacted::new(text, |text| self.hash(text), detected)
    }

    fn value(&self, name: &str, value: &str) -> Redacted {
        self.text(value, secret::of_variable(name, value))
    }

    fn command(&self, arguments: &[&String]) -> Option<Redacted> {
        if arguments.is_empty() {
            return None;
        }
        let text: Vec<&str> = arguments.iter().map(|one| one.as_str()).collect();
        Some(self.text(&text.join("\0"), secret::of_command(arguments)))
    }

    fn variable(&self, variable: &mut Variable) {
        let value = std::mem::take(&mut variable.value);
        variable.redacted = Some(self.value(&variable.name, &value));
    }

    /// Of a task definition.
    pub(super) fn definition(&self, definition: &mut TaskDefinition) {
        definition.container_definitions.iter_mut().for_each(|one| self.container(one));
    }

    fn container(&self, container: &mut Container) {
        container.environment.iter_mut().for_each(|one| self.variable(one));
        let entry_point = std::mem::take(&mut container.entry_point);
        let command = std::mem::take(&mut container.command);
        let arguments: Vec<&String> = entry_point.iter().chain(&command).collect();
        container.redacted_command = self.command(&arguments);
        let labels = std::mem::take(&mut container.docker_labels).into_iter();
        container.redacted_labels =
            labels.map(|(name, value)| (name.clone(), self.value(&name, &value))).collect();
        container.log_configuration.iter_mut().for_each(|one| self.log(one));
    }

    fn log(&self, log: &mut LogConfiguration) {
        let options = std::mem::take(&mut log.options).into_iter();
        let (plain, others): (Vec<_>, Vec<_>) =
            options.partition(|(name, _)| PLAIN_OPTIONS.contains(&name.as_str()));
        log.options = plain.into_iter().collect();
        let others = others.into_iter();
        log.redacted_options =
            others.map(|(name, value)| (name.clone(), self.value(&name, &value))).collect();
    }

    /// Of what a task replaces in a container.
    pub(super) fn replaced(&self, replaced: &mut ContainerOverride) {
        replaced.environment.iter_mut().for_each(|one| self.variable(one));
        let command = std::mem::take(&mut replaced.command);
        replaced.redacted_command = self.command(&command.iter().collect::<Vec<_>>());
    }
}

fn hexadecimal(bytes: &[u8], count: usize) -> String {
    bytes.iter().take(count).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::Redaction;
    use crate::snapshot::TaskDefinition;

    const DEFINITION: &str = r#"{"containerDefinitions": [{
        "name": "web",
        "command": ["serve", "--password", "correct-horse"],
        "environment": [{"name": "DB_PASSWORD", "value": "battery-staple"}, {"name": "MODE", "value": "on"}],
        "dockerLabels": {"token": "ghp_0123456789012345678901234567890123456789"},
        "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "swordfish-swordfish", "mode": "non-blocking"}}}]}"#;

    fn redacted(key: u8) -> TaskDefinition {
        let mut definition = serde_json::from_str(DEFINITION).unwrap();
        Redaction::with_key(&[key; 64]).definition(&mut definition);
        definition
    }

    #[test]
    fn no_value_is_left() {
        let text = serde_json::to_string(&redacted(1)).unwrap();
        for secret in ["correct-horse", "battery-staple", "ghp_", "swordfish"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(text.contains("non-blocking"));
    }

    #[test]
    fn verdicts_are_kept() {
        let definition = redacted(1);
        let container = &definition.container_definitions[0];
        let verdict =
            |at: usize| container.environment[at].redacted.as_ref().unwrap().verdict.as_ref();
        assert_eq!(verdict(0).unwrap().what, "a credential by the name");
        assert_eq!(verdict(1), None);
        assert!(container.redacted_command.as_ref().unwrap().verdict.is_some());
        assert_eq!(
            container.redacted_labels["token"].verdict.as_ref().unwrap().what,
            "a GitHub token"
        );
    }

    #[test]
    fn the_host_of_a_cache_is_known_by_its_hash() {
        let redaction = Redaction::with_key(&[1; 64]);
        let host = "shop.abc123.euw1.cache.amazonaws.com";
        let kept = redaction.value("REDIS_URL", &format!("rediss://user:secret@{host}:6379"));
        assert_eq!(kept.hosts, [redaction.hash(host)]);
        assert!(!serde_json::to_string(&kept).unwrap().contains("shop"));
    }

    #[test]
    fn the_same_text_has_another_hash_under_another_key() {
        let hash = |key| {
            redacted(key).container_definitions[0].environment[0].redacted.clone().unwrap().hash
        };
        assert_eq!(hash(1), hash(1));
        assert_ne!(hash(1), hash(2));
    }
}
