//! Cases for the AWS policy simulator: what is expected is what the documents say, and the input is the API's.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use fortem_compile::compile;
use fortem_compile::iam::{Document, NamedDocument, Policies, Request, Values, Why};
use fortem_compile::simulate::{Place, cases, files};
use fortem_core::Source;
use serde_json::Value;

use crate::scratch::{Scratch, text};

/// The cases of some roles of a directory, with the files they are written to.
fn written(policies: &Path) -> (Vec<(Place, String)>, BTreeMap<String, String>) {
    let source = Source::load(policies).unwrap();
    let compiled = compile(&source, &[]).unwrap();
    let world = compiled.world();
    let cases = cases(&source, &compiled, &world).unwrap();
    let files = files(&world, &cases).unwrap().into_iter().collect();
    (cases.iter().map(|case| (case.place, case.decision().to_owned())).collect(), files)
}

/// What this crate's evaluator says of an input, read as the simulator reads it.
fn simulated(input: &Value) -> &'static str {
    let strings = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let documents = strings(&input["PolicyInputList"]).into_iter().map(|text| {
        assert!(text.len() <= 131_072);
        NamedDocument::new("document", Document::parse(&text).unwrap())
    });
    let policies = Policies::of_identity(documents);
    let [action] = strings(&input["ActionNames"]).try_into().unwrap();
    let [resource] = strings(&input["ResourceArns"]).try_into().unwrap();
    let mut request = Request::new(&action, &resource);
    for entry in input["ContextEntries"].as_array().unwrap() {
        let values = strings(&entry["ContextKeyValues"]);
        let values = match entry["ContextKeyType"].as_str().unwrap() {
            "stringList" => Values::Many(values),
            "string" | "boolean" | "date" | "ip" | "numeric" => {
                let [value] = values.try_into().unwrap();
                Values::One(value)
            }
            other => panic!("{other}"),
        };
        request.context_mut().insert(entry["ContextKeyName"].as_str().unwrap(), values);
    }
    match policies.decide(&request).why() {
        Why::Allowed => "allowed",
        Why::ImplicitlyDenied => "implicitDeny",
        Why::ExplicitlyDenied => "explicitDeny",
    }
}

/// Every case's expectation is the answer to its input, which has the fields of the API and no others.
fn agree(files: &BTreeMap<String, String>) -> usize {
    let expected = files["expected.tsv"].lines().map(|line| line.split_once('\t').unwrap());
    let mut asked = 0;
    for (expected, file) in expected {
        let input: Value = serde_json::from_str(&files[file]).unwrap();
        let fields: Vec<_> = input.as_object().unwrap().keys().map(String::as_str).collect();
        let api = ["PolicyInputList", "ActionNames", "ResourceArns", "ContextEntries"];
        assert_eq!(fields, api, "{file}");
        assert_eq!(simulated(&input), expected, "{file}");
        asked += 1;
    }
    asked
}

#[test]
fn what_is_expected_is_what_the_documents_say() {
    let (cases, files) = written(Path::new("../policies"));
    assert_eq!(agree(&files), cases.len());
    // Each case, its list, the expectations and the script.
    assert_eq!(files.len(), cases.len() + 3);
    let listing: Value = serde_json::from_str(&files["cases.json"]).unwrap();
    for (case, (_, decision)) in listing["cases"].as_array().unwrap().iter().zip(&cases) {
        assert_eq!(case["expected"].as_str(), Some(decision.as_str()));
        assert!(files.contains_key(case["file"].as_str().unwrap()));
    }
}

#[test]
fn each_call_is_allowed_on_the_own_environment_and_nowhere_else() {
    let (cases, _) = written(Path::new("../policies"));
    let own = cases.iter().filter(|(place, _)| *place == Place::Own).count();
    assert!(own > 50, "{own}");
    for (place, decision) in cases {
        let expected: &[&str] = match place {
            Place::Own => &["allowed"],
            Place::Other => &["implicitDeny"],
            Place::Production | Place::Untagged => &["explicitDeny", "implicitDeny"],
        };
        assert!(expected.contains(&decision.as_str()), "{place:?}: {decision}");
    }
}

/// Roles with conditions of every kind, in every mode: a person who meets them is allowed.
#[test]
fn whoever_meets_the_conditions_is_allowed_in_each_mode() {
    for mode in ["abac", "literal", "slots"] {
        let scratch = Scratch::new();
        scratch.replace(
            "fleet.toml",
            "tag_key = \"Environment\"",
            &format!("tag_key = \"Environment\"\nmode = \"{mode}\""),
        );
        scratch.policy("roles/office.cedar", OFFICE);
        let (cases, files) = written(&scratch.path("policies"));
        assert_eq!(agree(&files), cases.len());
        let allowed = cases.iter().filter(|(_, decision)| decision == "allowed").count();
        let own = cases.iter().filter(|(place, _)| *place == Place::Own);
        // In literal documents for production nothing is allowed, since a guard forbids it all.
        let production = if mode == "literal" {
            own.clone().filter(|(_, one)| one != "allowed").count()
        } else {
            0
        };
        assert_eq!(allowed, own.count() - production, "{mode}");
        assert!(files.keys().any(|file| file.contains("office")), "{mode}");
    }
}

const OFFICE: &str = r#"
@id("office")
permit (principal in ?principal, action == Fortem::Action::"stopTask", resource in ?resource)
when {
  context has source_ip && context.source_ip.isInRange(ip("10.1.0.0/16")) &&
  context has now && context.now < datetime("2026-12-24T18:00:00Z") &&
  principal.hasTag("Squad") && resource.hasTag("Squad") &&
  principal.getTag("Squad") == resource.getTag("Squad")
};
"#;

#[test]
fn cases_are_written_whole_and_replaced() {
    let scratch = Scratch::new();
    let output = scratch.run(&["simulate", "--role", "exec"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.starts_with("simulation: ") && printed.contains("sh simulation/run.sh"));
    let first = scratch.files("simulation");
    assert_eq!(scratch.run(&["simulate", "--role", "exec"]).status.code(), Some(0));
    assert_eq!(scratch.files("simulation"), first);
    // What `build` wrote is not a directory of cases.
    scratch.run(&["build"]);
    let output = scratch.run(&["simulate", "--out", "out"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(scratch.path("out/report.md").exists());
}

/// The script asks the command line of AWS, here one that knows the right answers but for one.
#[cfg(unix)]
#[test]
fn the_script_tells_which_answers_differ() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    scratch.run(&["simulate", "--role", "exec"]);
    let aws = r#"#!/bin/sh
[ "$1 $2 $3" = "iam simulate-custom-policy --cli-input-json" ] || exit 2
file=${4#file://}
[ -f "$file" ] || exit 2
if [ "$file" = "$WRONG" ]; then echo implicitDeny; exit; fi
grep -F "	$file" expected.tsv | cut -f 1
"#;
    let path = scratch.path("aws");
    fs::write(&path, aws).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let expected = fs::read_to_string(scratch.path("simulation/expected.tsv")).unwrap();
    let first = expected.lines().next().unwrap();
    assert!(first.starts_with("allowed\t"), "{first}");
    let file = first.split_once('\t').unwrap().1;
    let run = |wrong: &str| {
        let search = format!("{}:{}", scratch.path("").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command.arg(scratch.path("simulation/run.sh")).env("PATH", search).env("WRONG", wrong);
        let output = command.output().unwrap();
        (output.status.code(), text(&output.stdout))
    };
    let cases = expected.lines().count();
    assert_eq!(run(""), (Some(0), format!("{cases} cases, 0 not as expected\n")));
    let told =
        format!("{file}: implicitDeny, expected allowed\n{cases} cases, 1 not as expected\n");
    assert_eq!(run(file), (Some(10), told));
}
