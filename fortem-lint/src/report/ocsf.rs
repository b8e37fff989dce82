//! OCSF Detection Finding (Open Cybersecurity Schema Framework 1.5.0, class 2004), a JSON array.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::check::Report;
use crate::date;
use crate::finding::{Confidence, Finding, Severity};
use crate::rules;

/// The version of OCSF.
const VERSION: &str = "1.5.0";

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let date = report.date.as_deref().and_then(date::milliseconds);
    let time =
        date.ok_or_else(|| io::Error::other("events of OCSF have a time: give it by --date"))?;
    for (at, finding) in report.findings.iter().enumerate() {
        writeln!(out, "{}", if at == 0 { "[" } else { "," })?;
        serde_json::to_writer(&mut *out, &event(finding, time))?;
    }
    writeln!(out, "{}", if report.findings.is_empty() { "[]" } else { "\n]" })
}

fn severity_id(severity: Severity) -> u8 {
    match severity {
        Severity::Informational => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    }
}

fn confidence_id(confidence: Confidence) -> u8 {
    match confidence {
        Confidence::Low => 1,
        Confidence::Medium => 2,
        Confidence::High => 3,
    }
}

/// A word as OCSF captions it: `High`.
fn caption(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|one| one.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

fn event(finding: &Finding, time: i64) -> Value {
    let meta = rules::find(finding.rule).map(rules::Rule::meta);
    let mut event = json!({
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "category_uid": 2,
        "category_name": "Findings",
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": 200_401,
        "type_name": "Detection Finding: Create",
        "severity_id": severity_id(finding.severity),
        "severity": caption(finding.severity.as_str()),
        "confidence_id": confidence_id(finding.confidence),
        "confidence": caption(finding.confidence.as_str()),
        "status_id": 1,
        "status": "New",
        "time": time,
        "message": finding.message,
        "metadata": {
            "version": VERSION,
            "product": {
                "name": env!("CARGO_PKG_NAME"),
                "vendor_name": "Fortem",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "event_code": finding.rule,
        },
        "finding_info": {
            "uid": finding.fingerprint,
            "title": meta.map_or(finding.name, |meta| meta.summary),
            "desc": finding.message,
            "types": ["Misconfiguration"],
            "created_time": time,
            "analytic": { "uid": finding.rule, "name": finding.name, "type_id": 1, "type": "Rule" },
        },
        "evidences": finding.evidence.iter().map(|fact| json!({ "data": { "fact": fact } })).collect::<Vec<_>>(),
        "remediation": { "desc": finding.remediation },
        "resources": resources(finding),
        "unmapped": {
            "compliance": { "standards": ["SOC 2"], "requirements": finding.criteria },
            "environment_from": finding.environment_from,
            "environment_to": finding.environment_to,
            "file": finding.file,
            "line": finding.position.line,
            "column": finding.position.column,
            "pointer": finding.pointer,
        },
    });
    if let (Some(account), Some(event)) = (&finding.account, event.as_object_mut()) {
        let cloud = json!({ "provider": "AWS", "account": { "uid": account, "type_id": 10, "type": "AWS Account" } });
        event.insert("cloud".to_owned(), cloud);
        if let Some(metadata) = event.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("profiles".to_owned(), json!(["cloud"]));
        }
    }
    event
}

/// Who and what the finding is about.
fn resources(finding: &Finding) -> Vec<Value> {
    let all = [
        ("AWS::IAM::Principal", &finding.principal),
        ("AWS::IAM::Policy", &finding.policy),
        ("AWS::Resource", &finding.resource),
    ];
    let known = all.iter().filter_map(|(kind, uid)| Some((kind, uid.as_ref()?)));
    known.map(|(kind, uid)| json!({ "type": kind, "uid": uid })).collect()
}
