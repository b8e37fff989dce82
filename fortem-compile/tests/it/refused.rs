//! What cannot be compiled, and what people are told to do about it.

use std::fmt::Write;

use fortem_compile::{CompileError, compile};
use fortem_core::{Problem, Source, SourceFile};
use insta::assert_snapshot;
use miette::{GraphicalReportHandler, GraphicalTheme};

const FLEET: &str = "\
[[environment]]
name = \"dev\"
tier = \"nonproduction\"

[[environment]]
name = \"prod\"
tier = \"production\"

[[team]]
name = \"payments\"
";

/// What each policy, alone in a fleet, is refused for.
fn refusals(fleet: &str, policies: &[&str]) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    let handler = handler.with_width(100);
    let mut text = String::new();
    for policy in policies {
        for problem in refused(fleet, policy) {
            handler.render_report(&mut text, &problem).unwrap();
            writeln!(text).unwrap();
        }
    }
    text
}

fn refused(fleet: &str, policy: &str) -> Vec<Problem> {
    let cedar = SourceFile::new("policy.cedar", format!("@id(\"mine\")\n{policy}\n"));
    let fleet = SourceFile::new("fleet.toml", fleet);
    let source =
        Source::parse(&fleet, &[cedar]).unwrap_or_else(|wrong| panic!("{policy}: {wrong}"));
    match compile(&source, &[]) {
        Err(CompileError::Refused(problems)) => problems.as_slice().to_vec(),
        Err(other) => panic!("{policy}: {other}"),
        Ok(_) => panic!("{policy} was compiled"),
    }
}

#[test]
fn conditions_that_iam_cannot_say() {
    let clause = |clause: &str| {
        format!(
            "permit (principal in ?principal, action == Fortem::Action::\"stopTask\", resource in ?resource)\nwhen {{ {clause} }};"
        )
    };
    let clauses = [
        "context has now && context.now.toTime() >= duration(\"9h\")",
        "context has now && context.now.offset(duration(\"1d\")) > datetime(\"2026-03-02\")",
        "resource == Fortem::Task::\"0123\"",
        "resource in Fortem::Environment::\"stagin\"",
        "principal in Fortem::Team::\"payments\"",
        "principal == Fortem::User::\"alice\"",
        "resource.hasTag(\"environment\") && resource.getTag(\"environment\") == \"dev\"",
        "context has approval && context.approval == \"日\"",
        "context has now && context.now == datetime(\"2026-03-02T10:00:00.250Z\")",
    ];
    let policies = clauses.map(clause);
    assert_snapshot!(refusals(FLEET, &policies.each_ref().map(String::as_str)));
}

#[test]
fn what_aws_does_not_show() {
    assert_snapshot!(refusals(
        FLEET,
        &[
            "permit (principal in ?principal, action == Fortem::Action::\"flushCache\", resource in ?resource)\nunless { context.pattern like \"*:session:*\" };",
            "permit (principal in ?principal, action == Fortem::Action::\"runTask\", resource in ?resource)\nwhen { context has command && context.command.contains(\"migrate\") };",
        ],
    ));
}

/// Only groups of schedules have tags.
#[test]
fn tags_that_no_call_shows() {
    let fleet = format!(
        "schedule = \"scheduler-group\"\n[names]\nschedules = [\"{{environment}}\"]\n{FLEET}"
    );
    let role = "permit (principal in ?principal, action in [Fortem::Action::\"pauseSchedule\", Fortem::Action::\"resumeSchedule\"], resource in ?resource)\nwhen { resource.hasTag(\"Class\") };";
    assert_snapshot!(refusals(&fleet, &[role]));
}

#[test]
fn scopes_that_reach_everything_or_nothing() {
    assert_snapshot!(refusals(
        FLEET,
        &[
            "permit (principal in ?principal, action == Fortem::Action::\"stopTask\", resource);",
            "permit (principal in ?principal, action == Fortem::Action::\"stopTask\", resource in ?resource)\nwhen { resource in Fortem::Environment::\"dev\" && resource in Fortem::Environment::\"prod\" };",
            "forbid (principal in ?principal, action, resource in ?resource);",
        ],
    ));
}

#[test]
fn more_alternatives_than_statements_can_hold() {
    let tag = |n: usize| format!("(resource.hasTag(\"A{n}\") || resource.hasTag(\"B{n}\"))");
    let all: Vec<String> = (0..7).map(tag).collect();
    let policy = format!(
        "permit (principal in ?principal, action == Fortem::Action::\"stopTask\", resource in ?resource)\nwhen {{ {} }};",
        all.join(" && ")
    );
    let problems = refused(FLEET, &policy);
    assert_eq!(problems[0].code(), "fortem::model::unsupported_condition");
    assert!(problems[0].to_string().contains("A6"), "{}", problems[0]);
}

#[test]
fn context_keys_that_do_not_fit() {
    let fleet = format!(
        "[context]\nrisk = {{ key = \"aws:SourceIp\", type = \"Long\" }}\nwhere = {{ key = \"aws:Nowhere\", type = \"String\" }}\ntags = {{ key = \"aws:TagKeys\", type = \"String\" }}\n{FLEET}"
    );
    let role = "permit (principal in ?principal, action == Fortem::Action::\"stopTask\", resource in ?resource);";
    assert_snapshot!(refusals(&fleet, &[role]));
}
