//! FL104.

use super::{Findings, Input, Meta, Rule, unscoped};
use crate::facts::{Facts, Subject};
use crate::finding::{Confidence, Persona, Severity};

/// The logs of another environment can be read.
#[derive(Debug)]
pub(super) struct LogsUnscoped;

static META: Meta = Meta {
    id: "FL104",
    name: "logs-unscoped",
    summary: "Logs of every environment can be read",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "C1.1"],
    why: "Production logs hold customers' data and now and then credentials; a read that names no log group \
          gives all of them to everybody who debugs in staging.",
    remediation: "Name the environment's log groups in `Resource`, as \
                  `arn:aws:logs:*:*:log-group:/ecs/staging/*:*`, or tie the group's tag by \
                  `aws:ResourceTag/Environment`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "ReadLogs", "Effect": "Allow",
  "Action": ["logs:FilterLogEvents", "logs:GetLogEvents"], "Resource": "*"}]}"#,
    limits: "Which log groups belong to production is told from names and tags; one log group that \
             environments share is the matter of FL615.",
    peers: &["iam-policy-validator: sensitive action without condition"],
};

/// Calls that return what is logged (service authorization reference, 2026-09-26). `GetQueryResults` needs a query that
/// somebody may start.
const CALLS: &[&str] = &[
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetLogRecord",
    "logs:StartLiveTail",
    "logs:StartQuery",
];

impl Rule for LogsUnscoped {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        unscoped::report(&META, CALLS, subject, facts, findings, |group, foreign| {
            format!("the logs of `{}` can be read by {}", foreign.name, group.actions())
        });
    }
}
