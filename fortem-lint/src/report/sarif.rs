//! SARIF 2.1.0 (OASIS standard), for code scanning.

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::{accepted, coverage};
use crate::check::Report;
use crate::finding::{Finding, Severity};
use crate::ignore::Suppression;
use crate::rules::Meta;
use fortem_compile::escape::lines;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'r>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r> {
    tool: Value,
    invocations: [Value; 1],
    artifacts: Vec<Value>,
    column_kind: &'static str,
    results: Results<'r>,
}

/// The results, made one after the other while they are written.
struct Results<'r> {
    report: &'r Report,
    rules: HashMap<&'static str, usize>,
}

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<&'static Meta> = coverage::rules_run(report).collect();
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: tool(&rules, report),
            invocations: [invocation(report)],
            artifacts: artifacts(report),
            column_kind: "unicodeCodePoints",
            results: Results {
                report,
                rules: rules.iter().enumerate().map(|(at, meta)| (meta.id, at)).collect(),
            },
        }],
    };
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn tool(rules: &[&'static Meta], report: &Report) -> Value {
    json!({ "driver": {
        "name": env!("CARGO_PKG_NAME"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "properties": { "awsDataDate": report.summary.reference_date },
        "rules": rules.iter().map(|meta| rule(meta)).collect::<Vec<_>>(),
    }})
}

fn rule(meta: &Meta) -> Value {
    let tags = ["security", "aws", "iam"].into_iter().chain(meta.criteria.iter().copied());
    json!({
        "id": meta.id,
        "name": meta.name,
        "shortDescription": { "text": meta.summary },
        "fullDescription": { "text": meta.why },
        "help": {
            "text": format!("{}\n\n{}\n\nLimits: {}", meta.why, meta.remediation, meta.limits),
            "markdown": crate::rules::page::markdown(meta),
        },
        "defaultConfiguration": { "level": level(meta.severity) },
        "properties": {
            "tags": tags.collect::<Vec<_>>(),
            "precision": precision(meta),
            "problem.severity": problem_severity(meta.severity),
            "security-severity": security_severity(meta.severity),
        },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Informational => "note",
    }
}

fn problem_severity(severity: Severity) -> &'static str {
    match level(severity) {
        "note" => "recommendation",
        level => level,
    }
}

/// The score by which code scanning sorts: over 9.0 is critical, over 7.0 high, over 4.0 medium.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Informational => "0.0",
    }
}

fn precision(meta: &Meta) -> &'static str {
    meta.confidence.as_str()
}

fn invocation(report: &Report) -> Value {
    let notifications = report.not_assessed.iter().map(|one| {
        let level = if one.incomplete { "warning" } else { "note" };
        json!({ "level": level, "message": { "text": one.to_string() } })
    });
    let wanting = coverage::without_input(report);
    let wanting = wanting.iter().map(|(inputs, rules)| {
        let text = format!("not judged: {} need {}", rules.join(", "), coverage::in_words(inputs));
        json!({ "level": "note", "message": { "text": text } })
    });
    let mut invocation = json!({
        "executionSuccessful": !report.is_incomplete(),
        "toolExecutionNotifications": notifications.chain(wanting).collect::<Vec<_>>(),
    });
    let time = report.date.as_ref().filter(|date| date.contains('T'));
    if let (Some(time), Some(invocation)) = (time, invocation.as_object_mut()) {
        invocation.insert("endTimeUtc".to_owned(), json!(time));
    }
    invocation
}

fn artifacts(report: &Report) -> Vec<Value> {
    let inputs = report.inputs.iter().filter(|one| !one.sha256.is_empty());
    let artifacts = inputs.map(|input| {
        json!({
            "location": { "uri": uri(&input.file) },
            "length": input.bytes,
            "hashes": { "sha-256": input.sha256 },
        })
    });
    artifacts.collect()
}

/// A path as a reference (RFC 3986).
fn uri(path: &str) -> String {
    use std::fmt::Write as _;
    let path = if path == "<stdin>" { "stdin" } else { path.trim_start_matches("./") };
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            other => {
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri
}

impl Serialize for Results<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Report { findings, suppressed, baseline, .. } = self.report;
        let known = baseline.iter().flat_map(|one| &one.known);
        let state = |state| baseline.is_some().then_some(state);
        let findings = findings.iter().map(|one| self.result(one, state("new"), None));
        let known = known.map(|one| self.result(one, state("unchanged"), None));
        // Whether what is accepted was there before is not asked.
        let suppressed =
            suppressed.iter().map(|one| self.result(&one.finding, None, Some(&one.suppression)));
        serializer.collect_seq(findings.chain(known).chain(suppressed))
    }
}

impl Results<'_> {
    fn result(
        &self,
        finding: &Finding,
        state: Option<&str>,
        suppression: Option<&Suppression>,
    ) -> Value {
        let mut result = json!({
            "ruleId": finding.rule,
            "level": level(finding.severity),
            "message": { "text": message(finding) },
            "locations": [location(finding)],
            "partialFingerprints": { "fortemLint/v1": finding.fingerprint },
            "properties": {
                "severity": finding.severity,
                "security-severity": security_severity(finding.severity),
                "confidence": finding.confidence,
                "account": finding.account,
                "principal": finding.principal,
                "policy": finding.policy,
                "resource": finding.resource,
                "environmentFrom": finding.environment_from,
                "environmentTo": finding.environment_to,
                "evidence": finding.evidence,
                "remediation": finding.remediation,
                "criteria": finding.criteria,
            },
        });
        let Some(object) = result.as_object_mut() else { return result };
        if let Some(index) = self.rules.get(finding.rule) {
            object.insert("ruleIndex".to_owned(), json!(index));
        }
        if let Some(state) = state {
            object.insert("baselineState".to_owned(), json!(state));
        }
        if let Some(suppression) = suppression {
            object.insert("suppressions".to_owned(), json!([suppressed(suppression)]));
        }
        if let Some(fix) = &finding.fix {
            let region = json!({ "byteOffset": fix.range.start, "byteLength": fix.range.len() });
            let change = json!({
                "artifactLocation": { "uri": uri(&finding.file) },
                "replacements": [
                    { "deletedRegion": region, "insertedContent": { "text": fix.replacement } },
                ],
            });
            let fix =
                json!({ "description": { "text": fix.description }, "artifactChanges": [change] });
            object.insert("fixes".to_owned(), json!([fix]));
        }
        result
    }
}

fn suppressed(suppression: &Suppression) -> Value {
    json!({
        "kind": "external",
        "status": "accepted",
        "justification": accepted::in_words(suppression),
    })
}

/// The message with whom it is about, which no other field of a viewer shows.
fn message(finding: &Finding) -> String {
    match &finding.principal {
        Some(principal) if !finding.message.contains(principal.as_str()) => {
            format!("{}. For {principal}.", finding.message)
        }
        _ => format!("{}.", finding.message),
    }
}

fn location(finding: &Finding) -> Value {
    let mut region =
        json!({ "startLine": finding.position.line, "startColumn": finding.position.column });
    if let (false, Some(region)) = (finding.excerpt.is_empty(), region.as_object_mut()) {
        region.insert("snippet".to_owned(), json!({ "text": lines(&finding.excerpt) }));
    }
    let mut logical = vec![json!({ "fullyQualifiedName": finding.pointer, "kind": "member" })];
    for (name, kind) in [(&finding.principal, "principal"), (&finding.policy, "policy")] {
        logical.extend(name.iter().map(|name| json!({ "fullyQualifiedName": name, "kind": kind })));
    }
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&finding.file) },
            "region": region,
        },
        "logicalLocations": logical,
    })
}
