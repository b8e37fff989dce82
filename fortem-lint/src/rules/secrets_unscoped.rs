//! FL230.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// Secrets of another environment may be read.
#[derive(Debug)]
pub(super) struct SecretsUnscoped;

static META: Meta = Meta {
    id: "FL230",
    name: "secrets-unscoped",
    summary: "Secrets of every environment may be read",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "C1.1"],
    why: "The passwords of production open production past every other guard.",
    remediation: "Name the secrets and parameters of the environment by path, or compare \
                  `aws:ResourceTag/Environment`; allow `kms:Decrypt` for the keys of the environment alone",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Secrets", "Effect": "Allow",
  "Action": ["secretsmanager:GetSecretValue", "ssm:GetParameters"], "Resource": "*"}]}"#,
    limits: "Key policies and policies on secrets are not in the input; a key may still refuse.",
    peers: &["cloudsplaining: data exfiltration", "parliament", "checkov: CKV_AWS_108"],
};

/// What returns secrets.
const READS: &[&str] = &[
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
];

/// What makes them readable.
const DECRYPTS: &[&str] = &["kms:Decrypt"];

/// Both.
const CALLS: &[&str] = &[
    "kms:Decrypt",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
];

impl Rule for SecretsUnscoped {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let alias = format!("alias/{}", foreign.name);
        // A key is known by its alias, if at all. Through another service a key decrypts what that service reads, and
        // whether secrets are read is asked above.
        let keys = [
            ("kms:ViaService", None),
            ("kms:ResourceAliases", Some(alias.as_str())),
            ("kms:RequestAlias", Some(alias.as_str())),
        ];
        let target = Target::tagged(&foreign.name);
        for (calls, target) in [(READS, target), (DECRYPTS, target.with(&keys))] {
            for group in subject.reached_by_statement(facts, calls, &target) {
                if Scoping::of(group.first().statement, facts.environments).is_faulty() {
                    continue; // A rule of its own says what is wrong with the condition.
                }
                let message =
                    format!("secrets of `{}` may be read by {}", foreign.name, group.actions());
                let draft = META.at_reached(subject, group.first(), message).to(foreign);
                findings.report(if calls == READS {
                    draft
                } else {
                    draft
                        .severity(Severity::High)
                        .confidence(Confidence::Medium)
                        .evidence("what is decrypted must be had as well")
                });
            }
        }
    }
}
