//! FL704.

use fortem_compile::iam::{DocumentFault, DocumentOddity};

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::pointer::pointer_to;
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// A document in the old language, or with one Sid twice.
#[derive(Debug)]
pub(super) struct MissingVersion;

static META: Meta = Meta {
    id: "FL704",
    name: "missing-version",
    summary: "A policy names no version, or one Sid twice",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC8.1"],
    why: "Without `Version` the language of 2008 holds, in which variables are text; of two statements with \
          one Sid nobody can say which one a finding or a change is about.",
    remediation: "Write `\"Version\": \"2012-10-17\"`, and give each statement a Sid of its own",
    example: r#"{"Statement": [{"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}]}"#,
    limits: "That variables are text there is said by variable-literal.",
    peers: &[],
};

impl Rule for MissingVersion {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, _facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        for remark in policy.remarks.iter().filter(|one| one.oddity() == DocumentOddity::NoVersion)
        {
            let place = policy.place_at(remark.span(), "");
            findings.report(META.at(place, remark.to_string()).of_policy(policy));
        }
        for error in policy.errors.iter().filter(|one| *one.fault() == DocumentFault::DuplicateSid)
        {
            let pointer = pointer_to(policy.document.json(), error.span());
            let place = policy.place_at(error.span(), &pointer);
            let draft = META.at(place, error.to_string()).of_policy(policy);
            findings.report(draft.remediation(error.fault().help()));
        }
    }
}
