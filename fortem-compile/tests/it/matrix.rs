//! The table of who may do what where, against Cedar and against what the documents allow.

use fortem_compile::matrix::{Cell, Html, matrix};
use fortem_compile::{compile, output};
use fortem_core::Source;
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;

use crate::calls::steps;
use crate::differential::{Question, cedar_allows};
use crate::evaluator::{self, Context, allows};
use crate::policies::{ACTIONS, source};
use crate::scratch::{Scratch, text};

fn run(scratch: &Scratch, format: &str) -> String {
    let output = scratch.run(&["matrix", "--format", format]);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    text(&output.stdout)
}

/// The shipped policies, with a second guard and a role that asks for more.
fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.policy(
        "guards/exec-with-approval.cedar",
        "@id(\"shell-from-the-office\")\n@doc(\"A shell only from the office.\")\n\
         forbid (principal, action == Fortem::Action::\"execCommand\", resource)\n\
         unless { context has source_ip && context.source_ip.isInRange(ip(\"192.0.2.0/24\")) };\n",
    );
    scratch
}

#[test]
fn the_table_as_text() {
    assert_snapshot!(run(&scratch(), "text"));
}

#[test]
fn the_table_as_markdown() {
    assert_snapshot!(run(&scratch(), "markdown"));
}

#[test]
fn the_table_for_spreadsheets_has_a_line_for_each_environment() {
    let said = run(&scratch(), "csv");
    let lines: Vec<&str> = said.split("\r\n").collect();
    // A head, four roles, each action of the vocabulary, four environments and any other.
    assert_eq!(lines.len(), 1 + 4 * 15 * 5 + 1);
    let of_exec: Vec<&str> =
        lines.into_iter().filter(|line| line.starts_with("exec,execCommand")).collect();
    assert_snapshot!(of_exec.join("\n"));
}

#[test]
fn the_table_for_machines() {
    let said: Value = serde_json::from_str(&run(&scratch(), "json")).unwrap();
    let role = said["roles"].as_array().unwrap().iter().find(|role| role["id"] == "exec").unwrap();
    let row =
        role["rows"].as_array().unwrap().iter().find(|row| row["action"] == "execCommand").unwrap();
    assert_snapshot!(format!("{:#}\n{:#}", said["columns"], row));
}

#[test]
fn the_page_is_whole_and_asks_for_nothing_outside_it() {
    let said = run(&scratch(), "html");
    for outside in ["http:", "https:", "src=", "@import", "url(", "<link", "<img"] {
        assert!(!said.contains(outside), "{outside}");
    }
    for part in [
        "role-developer",
        "role-exec",
        "never-prod",
        "with a second factor",
        "prefers-color-scheme",
        "@media print",
    ] {
        assert!(said.contains(part), "{part}");
    }
}

#[test]
fn what_policies_say_is_no_markup() {
    let scratch = Scratch::new();
    scratch.replace(
        "roles/exec.cedar",
        "Open a shell in a container, with a second factor.",
        "<script>alert(1)</script> & so on",
    );
    let said = run(&scratch, "html");
    assert!(!said.contains("<script>alert"));
    assert!(said.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; so on"));
}

/// Whether the documents of a role allow every call that an action is made of.
fn documents_allow(
    source: &Source,
    documents: &[Value],
    action: &str,
    environment: &str,
    mfa: bool,
) -> bool {
    steps(source.fleet(), action, Some(environment)).iter().all(|step| {
        let mut context = Context::new();
        let mut put =
            |key: &str, value: &str| context.insert(key.to_lowercase(), vec![value.to_owned()]);
        put("aws:PrincipalTag/Environment", environment);
        if mfa {
            put("aws:MultiFactorAuthPresent", "true");
        }
        if step.shows_tag {
            put("aws:ResourceTag/Environment", environment);
        }
        if step.sets_tag {
            put("aws:RequestTag/Environment", environment);
            put("aws:TagKeys", "Environment");
        }
        for (key, value) in &step.keys {
            put(key, value);
        }
        allows(
            documents,
            &evaluator::Call { action: step.api, resource: &step.resource, context: &context },
        )
        .0
    })
}

/// Each cell says what Cedar says, and what the documents do.
fn table_is_true(source: &Source) {
    let compiled = compile(source, &[]).unwrap();
    let table = matrix(source, &compiled);
    for role in &table.roles {
        let own = output::documents(&compiled);
        let prefix = format!("identity/{}.json", role.policy.id);
        let documents: Vec<Value> = own
            .iter()
            .filter(|(file, _)| *file == prefix)
            .map(|(_, text)| serde_json::from_str(text).unwrap())
            .collect();
        for row in
            role.rows.iter().filter(|row| ACTIONS.iter().any(|(name, _)| *name == row.action))
        {
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                let unknown = column.environments.is_empty().then(|| "nowhere".to_owned());
                for place in column.environments.iter().chain(&unknown) {
                    let cedar = [false, true].map(|mfa| {
                        cedar_allows(
                            source,
                            &Question {
                                role: &role.policy.id,
                                assigned: place,
                                action: &row.action,
                                environment: Some(place),
                                mfa,
                            },
                        )
                    });
                    let documents = [false, true]
                        .map(|mfa| documents_allow(source, &documents, &row.action, place, mfa));
                    let at = format!("{} {} {place}: {cell:?}", role.policy.id, row.action);
                    match cell {
                        Cell::Allowed => {
                            assert_eq!((cedar, documents), ([true; 2], [true; 2]), "{at}");
                        }
                        Cell::Conditional { .. } => {
                            assert_ne!(cedar[0], cedar[1], "{at}");
                            assert_eq!(documents, cedar, "{at}");
                        }
                        Cell::Forbidden { .. } | Cell::NotGranted | Cell::Never { .. } => {
                            assert_eq!((cedar, documents), ([false; 2], [false; 2]), "{at}");
                        }
                        Cell::Merged { .. } => assert_eq!(cedar, [false; 2], "{at}"),
                    }
                }
            }
        }
    }
}

#[test]
fn the_table_of_the_sample_is_what_cedar_and_the_documents_say() {
    table_is_true(&Source::load("../policies").unwrap());
}

#[test]
fn a_role_for_some_environments_is_granted_nothing_elsewhere() {
    let fleet = crate::policies::fleet(&[false, false, true]);
    let source = source(
        &fleet,
        &[
            "permit (principal, action == Fortem::Action::\"stopTask\", resource in Fortem::Environment::\"alpha\");",
        ],
        &[] as &[&str],
    );
    let Ok(compiled) = compile(&source, &[]) else { return };
    let table = matrix(&source, &compiled);
    let row = table.roles[0].rows.iter().find(|row| row.action == "stopTask").unwrap();
    let states: Vec<&str> = row.cells.iter().map(Cell::state).collect();
    assert_eq!(states, ["allowed", "not granted", "not granted", "not granted"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_table_is_what_cedar_and_the_documents_say(
        roles in prop::collection::vec((prop::sample::subsequence(ACTIONS.to_vec(), 1..=4), any::<Option<bool>>()), 1..=2),
        guards in prop::collection::vec((prop::sample::select(ACTIONS.to_vec()), 0..4_usize, any::<Option<bool>>()), 0..=2),
        production in prop::collection::vec(any::<bool>(), 2..=3),
    ) {
        let when = |mfa: Option<bool>| match mfa {
            None => "",
            Some(true) => " when { context.mfa }",
            Some(false) => " unless { context.mfa }",
        };
        let roles: Vec<String> = roles.iter().map(|(actions, mfa)| {
            let actions: Vec<String> = actions.iter().map(|(name, _)| format!("Fortem::Action::\"{name}\"")).collect();
            format!("permit (principal in ?principal, action in [{}], resource in ?resource){};", actions.join(", "), when(*mfa))
        }).collect();
        let guards: Vec<String> = guards.iter().map(|((action, _), place, mfa)| {
            let place = ["", " when { resource in Fortem::Tier::\"production\" }", " unless { resource in Fortem::Tier::\"nonproduction\" }", " when { resource in Fortem::Environment::\"alpha\" }"][*place];
            format!("forbid (principal, action == Fortem::Action::\"{action}\", resource){place}{};", when(*mfa))
        }).collect();
        let source = source(&crate::policies::fleet(&production), &roles, &guards);
        // What IAM cannot say or tell apart is refused, and has no table.
        if compile(&source, &[]).is_ok() {
            table_is_true(&source);
        }
    }
}

#[test]
fn a_name_of_an_environment_is_no_markup() {
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &[]).unwrap();
    let mut table = matrix(&source, &compiled);
    table.columns[0].environments[0] = "<b>".to_owned();
    assert!(Html(&table).to_string().contains("&lt;b&gt;"));
}
