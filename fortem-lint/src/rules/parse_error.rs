//! FL702.

use fortem_compile::iam::DocumentFault;

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::pointer::pointer_to;
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::{Owner, Policy};

/// A document that AWS would refuse, or that readers understand differently.
#[derive(Debug)]
pub(super) struct ParseError;

static META: Meta = Meta {
    id: "FL702",
    name: "parse-error",
    summary: "A policy document is not valid",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "What one tool reads another may not: of a key written twice most readers drop one silently, so that \
          a review sees another policy than the one in force.",
    remediation: "Correct the document at the place that is named",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:StopTask",
  "Action": "ecs:*", "Resource": "*"}]}"#,
    limits: "AWS accepts some documents of resources that this reader refuses; a document that is deployed is \
             reported with medium confidence.",
    peers: &[],
};

impl Rule for ParseError {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, _facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        for error in policy.errors.iter().filter(|one| *one.fault() != DocumentFault::DuplicateSid)
        {
            let pointer = pointer_to(policy.document.json(), error.span());
            let place = policy.place_at(error.span(), &pointer);
            let draft = META.at(place, error.to_string()).of_policy(policy);
            let draft = draft.remediation(error.fault().help());
            findings.report(match policy.owner {
                Owner::Nobody => draft,
                // AWS has accepted it.
                _ => draft.confidence(Confidence::Medium),
            });
        }
    }
}
