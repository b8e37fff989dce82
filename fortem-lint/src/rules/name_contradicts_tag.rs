//! FL027.

use super::{Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::source::Place;
use crate::unit::PrincipalKind;

/// A name and a tag that disagree.
#[derive(Debug)]
pub(super) struct NameContradictsTag;

static META: Meta = Meta {
    id: "FL027",
    name: "name-contradicts-tag",
    summary: "A name says one environment and the tag another",
    severity: Severity::Critical,
    confidence: Confidence::Medium,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "Access follows the tag. What is called production and tagged staging is open to staging's people, and \
          what goes wrong there goes wrong in production.",
    remediation: "Correct the tag, or the name if the tag is right",
    example: r#"{"services": [{"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/fleet/orders-prod-api", "serviceName": "orders-prod-api",
  "tags": [{"key": "Environment", "value": "staging"}]}]}"#,
    limits: "A name is a hint: words such as `live` or `test` may mean something else, so they count only where an \
          environment is called exactly that, with low confidence. Names with `non-`, `pre-` or with two \
          environments say nothing.",
    peers: &[],
};

impl Rule for NameContradictsTag {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        findings.resources(&META);
        for region in &facts.regions {
            region.inventory.each(|one| {
                let tag = facts.environment_of(one.tags);
                if let Some((named, confidence, message)) =
                    contradiction(facts, one.kind, one.name, tag)
                {
                    let draft = META.at_resource(facts, &one, message).confidence(confidence);
                    findings.report(draft.to(named));
                }
            });
        }
        for principal in &facts.unit.principals {
            let tag = principal.tag(facts.environments.tag_key());
            let tag = tag.and_then(|tag| facts.environments.meant_by(tag));
            let kind = match principal.kind {
                PrincipalKind::User => "user",
                PrincipalKind::Role => "role",
            };
            if let Some((named, confidence, message)) =
                contradiction(facts, kind, &principal.name, tag)
            {
                // Of a principal the place is all that was read of it, so only its beginning is shown.
                let start = principal.place.range.start;
                let place = Place { range: start..start, ..principal.place.clone() };
                let draft =
                    META.at(place, message).confidence(confidence).principal(&principal.arn);
                findings.report(draft.to(named));
            }
        }
    }
}

/// Names of environments that are words of everyday language too.
const EVERYDAY: [&str; 9] =
    ["live", "test", "testing", "stage", "demo", "int", "integration", "perf", "develop"];

/// The environment that a name says against the tag, and how sure that is.
fn contradiction<'u>(
    facts: &Facts<'u>,
    kind: &str,
    name: &str,
    tag: Option<&Environment>,
) -> Option<(&'u Environment, Confidence, String)> {
    let tag = tag?;
    let named = facts.environment_named(name).filter(|one| one.name != tag.name)?;
    let words: Vec<String> =
        name.split(|one: char| !one.is_alphanumeric()).map(str::to_lowercase).collect();
    let everyday = EVERYDAY.iter().any(|word| words.iter().any(|one| one == word));
    let is_own_name = words.contains(&named.name.to_lowercase());
    let confidence = match (everyday, is_own_name) {
        (true, false) => return None,
        (true, true) => Confidence::Low,
        (false, _) => Confidence::Medium,
    };
    let message =
        format!("{kind} `{name}` says `{}` by its name, but is tagged `{}`", named.name, tag.name);
    Some((named, confidence, message))
}
