//! Every format: what people read as snapshots, what tools read by its schema, and names that try to break out.

use std::path::Path;
use std::process::{Command, Output};

use fortem_lint::baseline::Against;
use fortem_lint::check::Report;
use fortem_lint::comparison::Known;
use fortem_lint::finding::{Confidence, Finding, Persona, Severity};
use fortem_lint::ignore::{Suppressed, Suppression};
use fortem_lint::input::NotAssessed;
use fortem_lint::report::{self, Format, Style};
use fortem_lint::source::Position;
use jiff::civil::date;
use serde_json::Value;

/// Runs the command in the folder of the fixtures, without colours and for one rule.
fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fortem-lint"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports"))
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .args(["check", "--select", "FL105", "--date", "2026-09-30"])
        .args(arguments)
        .output()
        .unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(15), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What people read, without versions.
fn snapshot(name: &str, text: &str) {
    let version = env!("CARGO_PKG_VERSION").replace('.', "\\.");
    insta::with_settings!({
        snapshot_path => "../snapshots/reports",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        filters => vec![
            (version.as_str(), "[version]"),
            (r"2026-\d\d-\d\dT[0-9:.]+Z|(AWS data *of|reference of) 2026-\d\d-\d\d", "[data]"),
        ],
    }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn text_shows_place_facts_advice_and_what_was_looked_at() {
    snapshot("text", &printed(&[".", "--statistics"]));
}

#[test]
fn quiet_text_has_one_line_a_finding() {
    snapshot("quiet", &printed(&[".", "-q"]));
}

#[test]
fn colours_follow_flag_and_environment() {
    let with = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fortem-lint"));
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports"));
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").args(["check", "account.json"]);
        let output = command.args(arguments).envs(variables.iter().copied()).output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(!with(&[], &[]));
    assert!(with(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!with(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(with(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!with(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn formats_for_people_and_pipelines() {
    for format in ["md", "csv", "junit", "github", "html", "soc2", "ocsf"] {
        snapshot(format, &printed(&[".", "--format", format]));
    }
}

fn problems(schema: &Value, instance: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    let problems = validator.iter_errors(instance);
    problems.map(|one| format!("{}: {one}", one.instance_path())).collect()
}

/// The published schema.
fn published() -> Value {
    serde_json::from_str(include_str!("../../schema/report.json")).unwrap()
}

#[test]
fn json_follows_its_schema() {
    for text in [printed(&[".", "--format", "json"]), written(&hostile(), Format::Json)] {
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problems(&published(), &report), Vec::<String>::new());
        assert_described(&published(), "/properties/summary", &report["summary"]);
        assert_described(&published(), "/$defs/finding", &report["findings"][0]);
        for one in report["suppressed"].as_array().unwrap() {
            assert_described(&published(), "/$defs/suppressed", one);
        }
        assert_described(&published(), "", &report);
    }
}

/// Every property that is written has its line in the schema.
fn assert_described(schema: &Value, pointer: &str, object: &Value) {
    let known = &schema.pointer(pointer).unwrap()["properties"];
    for key in object.as_object().unwrap().keys() {
        assert!(known.get(key).is_some(), "`{key}` is not in schema/report.json at {pointer}");
    }
}

#[test]
fn json_lines_are_findings() {
    let text = printed(&[".", "--format", "jsonl"]);
    let findings = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(findings.into_iter().all(|one| one["rule"] == "FL105"));
    assert_eq!(text.lines().count(), 6);
}

#[test]
fn sarif_has_rules_places_and_fingerprints() {
    let output = run(&["account.json", "--format", "sarif"]);
    assert_eq!(output.status.code(), Some(0), "findings are left to the reader");
    let text = String::from_utf8(output.stdout).unwrap();
    snapshot("sarif", &text);
    assert_eq!(run(&["account.json", "--format", "sarif", "--exit-code"]).status.code(), Some(15));
    assert_eq!(run(&["broken.json", "--format", "sarif"]).status.code(), Some(3));
    let log: Value = serde_json::from_str(&text).unwrap();
    let run = &log["runs"][0];
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
}

#[test]
fn sarif_follows_the_schema_of_the_standard() {
    let schema: Value =
        serde_json::from_str(include_str!("../standards/sarif-schema-2.1.0.json")).unwrap();
    for report in [
        String::from_utf8(run(&[".", "--format", "sarif"]).stdout).unwrap(),
        written(&hostile(), Format::Sarif),
        written(&Report::default(), Format::Sarif),
    ] {
        assert_eq!(
            problems(&schema, &serde_json::from_str(&report).unwrap()),
            Vec::<String>::new()
        );
    }
}

#[test]
fn ocsf_asks_for_the_date() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fortem-lint"));
    let output = command.args(["check", "-", "--format", "ocsf"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    for format in ["text", "json", "sarif", "html", "md", "csv", "junit", "github", "ocsf", "soc2"]
    {
        assert_eq!(run(&[".", "--format", format]).stdout, run(&[".", "--format", format]).stdout);
    }
}

const HOSTILE: &str = "=cmd|'/c calc'!A1 <script>alert(1)</script> \"' ]]> ::error::x %0A `a|b` \u{1b}[31m\u{202e}\r\n::set-output name=x::y";

/// A report with a hostile text in every field.
fn hostile() -> Report {
    let text = || HOSTILE.to_owned();
    let finding = Finding {
        rule: "FL105",
        name: "mutate-unscoped",
        severity: Severity::High,
        confidence: Confidence::High,
        persona: Persona::Regular,
        message: text(),
        file: text(),
        position: Position { line: 1, column: 3 },
        pointer: text(),
        sid: Some(text()),
        excerpt: text(),
        account: Some(text()),
        principal: Some(text()),
        policy: Some(text()),
        resource: Some(text()),
        environment_from: Some(text()),
        environment_to: Some(text()),
        evidence: vec![text()],
        remediation: text(),
        fix: None,
        criteria: &["CC6.1"],
        fingerprint: "0".repeat(32),
    };
    let not_assessed = vec![NotAssessed { what: text(), why: text(), incomplete: true }];
    let mut report = Report { findings: vec![finding], not_assessed, ..Report::default() };
    let suppression = Suppression { reason: text(), owner: text(), expires: date(2027, 3, 31) };
    report.suppressed = vec![Suppressed { finding: report.findings[0].clone(), suppression }];
    let known = report.findings.clone();
    let fixed = known.iter().map(Known::from).collect();
    report.baseline = Some(Against { known, fixed });
    report.date = Some("2026-09-30".to_owned());
    report.summary.environments = vec![text()];
    report.summary.tag_key = text();
    report.summary.rules = vec!["FL105"];
    report
}

fn written(report: &Report, format: Format) -> String {
    let mut out = Vec::new();
    report::write(report, format, Style::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn no_name_breaks_out_of_markup() {
    for format in [Format::Html, Format::Junit] {
        let text = written(&hostile(), format);
        assert!(!text.contains("<script>alert") && !text.contains("]]>"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
    }
    // In Markdown nothing is markup between backticks.
    let text = written(&hostile(), Format::Md);
    let prose = text.lines().flat_map(|line| line.split('`').step_by(2));
    assert!(
        prose.into_iter().all(|one| !one.contains("<script>")) && text.contains("\\<script\\>"),
        "{text}"
    );
}

#[test]
fn no_name_controls_the_terminal_or_begins_a_line() {
    for style in [Style::default(), Style { quiet: true, ..Style::default() }] {
        let mut out = Vec::new();
        report::write(&hostile(), Format::Text, style, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        assert!(text.lines().all(|line| !line.starts_with("::")), "{text}");
    }
}

#[test]
fn no_name_is_a_command_of_the_workflow() {
    let text = written(&hostile(), Format::Github);
    assert_eq!(text.lines().count(), 2);
    assert!(
        text.lines()
            .all(|line| line.starts_with("::error file=") || line.starts_with("::warning title="))
    );
    let (properties, _) = text.split_once(",line=").unwrap();
    assert!(!properties.trim_start_matches("::error").contains(':'), "{properties}");
}

#[test]
fn what_github_does_not_show_is_told() {
    let mut report = hostile();
    report.findings = vec![report.findings[0].clone(); 11];
    for (line, finding) in report.findings.iter_mut().enumerate() {
        finding.position.line = line + 1;
    }
    let text = written(&report, Format::Github);
    assert!(text.starts_with("::notice title=fortem-lint::11 findings; "), "{text}");
}

/// The marks of the page tell by their shape too whether access is one's own.
#[test]
fn marks_of_access_differ_without_colour() {
    let page = printed(&[".", "--format", "html"]);
    assert!(page.contains("<td class=own>●") && page.contains("<td class=far>▲"));
    assert!(!page.contains("<td class=far>●"));
}

/// What the schema of the xUnit plugin of Jenkins asks of every suite.
#[test]
fn every_suite_has_its_counts() {
    let text = printed(&[".", "--format", "junit"]);
    for suite in text.lines().filter(|line| line.contains("<testsuite ")) {
        for attribute in [" name=", " tests=", " failures=", " errors="] {
            assert!(suite.contains(attribute), "{suite}");
        }
    }
}

#[test]
fn no_cell_is_a_formula() {
    let text = written(&hostile(), Format::Csv);
    assert!(
        text.contains(",\"'=cmd|") && !text.contains(",=cmd") && !text.contains(",\"=cmd"),
        "{text}"
    );
}

#[test]
fn hostile_names_are_data_in_json() {
    for format in [Format::Json, Format::Sarif, Format::Ocsf, Format::Soc2] {
        let report: Value = serde_json::from_str(&written(&hostile(), format)).unwrap();
        assert!(report.is_object() || report.is_array());
    }
    let line = written(&hostile(), Format::Jsonl);
    assert_eq!(line.lines().count(), 1);
}

/// What Detection Finding (2004) and the base event of OCSF 1.5 ask for.
#[test]
fn ocsf_events_have_what_the_class_requires() {
    let events: Value = serde_json::from_str(&printed(&[".", "--format", "ocsf"])).unwrap();
    for event in events.as_array().unwrap() {
        assert_eq!(event["class_uid"], 2004);
        assert_eq!(event["type_uid"], 2004 * 100 + event["activity_id"].as_u64().unwrap());
        assert_eq!(event["category_uid"], 2);
        assert!(event["time"].is_i64() && event["severity_id"].is_u64());
        assert!(event["finding_info"]["uid"].is_string());
        assert!(
            event["metadata"]["version"].is_string()
                && event["metadata"]["product"]["name"].is_string()
        );
        assert_eq!(event["metadata"]["profiles"][0], "cloud");
        assert!(event["cloud"]["provider"].is_string());
    }
}

/// A dump with very many findings is still a page that a browser opens.
#[test]
fn a_page_of_very_many_findings_stays_small() {
    let mut report = hostile();
    let first = report.findings[0].clone();
    report.findings = (0..6000)
        .map(|number| Finding {
            message: format!(
                "`ecs:StopTask` of number {number} on `prod` is not tied to an environment"
            ),
            excerpt: "{\n  \"Effect\": \"Allow\"\n}".repeat(40),
            principal: Some(format!("arn:aws:iam::111122223333:role/team/role-{number}")),
            file: "account.json".to_owned(),
            evidence: vec!["one fact ".repeat(20)],
            remediation: "Add a condition".to_owned(),
            ..first.clone()
        })
        .collect();
    let size = written(&report, Format::Html).len();
    assert!(size < 5 << 20, "{size} bytes");
}
