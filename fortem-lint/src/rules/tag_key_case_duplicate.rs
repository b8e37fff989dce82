//! FL021.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::inventory::listed;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Tags;

/// Two spellings of one tag on a resource.
#[derive(Debug)]
pub(super) struct TagKeyCaseDuplicate;

static META: Meta = Meta {
    id: "FL021",
    name: "tag-key-case-duplicate",
    summary: "A resource has the environment's tag twice, in different case",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "Condition keys do not tell `Environment` from `environment`, and AWS does not say which of the two a \
          condition sees: the resource may belong to either environment.",
    remediation: "Remove the tag whose key is not the one in use, and fix the spelling with a tag policy",
    example: r#"{"services": [{"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/fleet-prod/web", "serviceName": "web",
  "tags": [{"key": "Environment", "value": "prod"}, {"key": "environment", "value": "staging"}]}]}"#,
    limits: "Tags of users and roles cannot differ in case alone.",
    peers: &["Access Analyzer: policies only"],
};

impl Rule for TagKeyCaseDuplicate {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let key = facts.environments.tag_key();
        findings.resources(&META);
        for region in &facts.regions {
            region.inventory.each(|one| {
                let tags = one.tags.into_iter().flat_map(Tags::iter);
                let found: Vec<_> =
                    tags.filter(|(known, _)| known.eq_ignore_ascii_case(key)).collect();
                if found.len() < 2 {
                    return;
                }
                let name = if one.name.is_empty() { one.arn } else { one.name };
                let keys = listed(found.iter().map(|(key, _)| *key));
                let message = format!(
                    "{} `{name}` has the tags {keys}, which conditions do not tell apart",
                    one.kind
                );
                let mut draft = META.at_resource(facts, &one, message);
                for (key, value) in &found {
                    draft = draft.evidence(format!("`{key}` is `{value}`"));
                }
                let same = found
                    .iter()
                    .all(|(_, value)| Some(value) == found.first().map(|(_, value)| value));
                findings.report(if same { draft.severity(Severity::Low) } else { draft });
            });
        }
    }
}
