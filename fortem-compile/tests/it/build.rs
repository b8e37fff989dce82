//! The command, run as a person runs it.

use std::collections::BTreeSet;
use std::fs;

use insta::assert_snapshot;

use crate::scratch::{Scratch, copy, text};

#[test]
fn a_bare_command_builds_the_sample() {
    let scratch = Scratch::new();
    let output = scratch.run(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_snapshot!("summary", text(&output.stdout));
    let root = scratch.path("");
    // Digests change with whatever they are of, and are compared with it elsewhere.
    let filters = [
        ("\"sha256\": \".*\"", "\"sha256\": \"…\""),
        ("\"compiler\": \".*\"", "\"compiler\": \"…\""),
    ];
    insta::with_settings!({ filters => filters }, {
        for (path, text) in scratch.files("out") {
            let name = path.strip_prefix(&root).unwrap().display().to_string().replace('/', "__");
            assert_snapshot!(name, text);
        }
    });
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let scratch = Scratch::new();
    scratch.run(&["build", "--out", "first"]);
    scratch.run(&["build", "--out", "second"]);
    let texts = |name| scratch.files(name).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert!(!texts("first").is_empty());
    assert_eq!(texts("first"), texts("second"));
}

#[test]
fn only_the_roles_asked_for_are_built() {
    let scratch = Scratch::new();
    scratch.run(&["--role", "exec", "--role", "operator"]);
    let names: Vec<_> = scratch.files("out/identity").into_iter().map(|(path, _)| path).collect();
    let expected = ["exec.json", "operator.json"].map(|n| scratch.path("out/identity").join(n));
    assert_eq!(names, expected);
}

#[test]
fn one_document_is_printed_as_it_is() {
    let scratch = Scratch::new();
    let printed = scratch.run(&["--role", "developer", "--out", "-"]);
    scratch.run(&["--role", "developer"]);
    let written = fs::read_to_string(scratch.path("out/identity/developer.json")).unwrap();
    assert_eq!(text(&printed.stdout), written);
}

#[test]
fn several_documents_are_printed_by_file_name() {
    let output = Scratch::new().run(&["--out", "-"]);
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> = printed.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        names,
        ["developer", "exec", "log-viewer", "operator"].map(|r| format!("identity/{r}.json"))
    );
    assert_eq!(printed["identity/exec.json"]["Version"], "2012-10-17");
}

#[test]
fn only_the_targets_asked_for_are_built() {
    let scratch = Scratch::new();
    let output = scratch.run(&["--target", "tag-policy", "--target", "config"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let folders: BTreeSet<_> = fs::read_dir(scratch.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = ["config", "manifest.json", "report.json", "report.md", "tag-policy"];
    assert_eq!(folders, expected.map(str::to_owned).into());

    let printed = scratch.run(&["--target", "config", "--out", "-"]);
    let printed: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert!(printed["config/ecs-cluster.guard"].as_str().unwrap().contains("rule ecs_cluster"));
    assert_eq!(scratch.run(&["--target", "roles"]).status.code(), Some(2));
}

#[test]
fn a_target_that_is_asked_for_and_cannot_be_is_refused() {
    assert_snapshot!(Scratch::new().refused(&["--target", "scp", "--target", "identity"]));
}

#[test]
fn an_earlier_output_is_replaced_whole() {
    let scratch = Scratch::new();
    scratch.run(&[]);
    scratch.run(&["--role", "exec"]);
    assert_eq!(scratch.files("out/identity").len(), 1);
}

#[test]
fn a_failed_build_leaves_the_earlier_output_as_it_was() {
    let scratch = Scratch::new();
    scratch.run(&[]);
    let before = scratch.files("out");
    scratch.replace("roles/exec.cedar", "context.mfa", "context.mfaa");
    assert_eq!(scratch.run(&[]).status.code(), Some(1));
    assert_eq!(scratch.files("out"), before);
    let left: Vec<_> =
        fs::read_dir(scratch.path("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_directory_with_other_files_is_not_replaced() {
    let scratch = Scratch::new();
    let output = scratch.run(&["--out", "policies"]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(text(&output.stderr).replace(&scratch.path("").display().to_string(), ""));
    assert!(scratch.path("policies/roles/exec.cedar").exists());
}

#[test]
fn wrong_flags_are_a_usage_error() {
    assert_eq!(Scratch::new().run(&["--nope"]).status.code(), Some(2));
}

#[test]
fn help_and_version() {
    let scratch = Scratch::new();
    // There with one of the features only.
    insta::with_settings!({ filters => [("  prove .*\n", "")] }, {
        assert_snapshot!("help", text(&scratch.run(&["--help"]).stdout));
    });
    let version = format!("fortem-compile {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(text(&scratch.run(&["--version"]).stdout), version);
}

#[test]
fn a_missing_directory_is_said() {
    assert_snapshot!(Scratch::new().refused(&["--policies", "nowhere"]));
}

#[test]
fn a_syntax_error_is_shown_in_its_place() {
    let scratch = Scratch::new();
    scratch.replace("roles/operator.cedar", "action in [", "action in ");
    assert_snapshot!(scratch.refused(&[]));
}

#[test]
fn a_mistake_in_the_fleet_is_shown_in_its_place() {
    let scratch = Scratch::new();
    scratch.replace("fleet.toml", "role = \"log-viewer\"", "role = \"log-reader\"");
    scratch.replace("fleet.toml", "name = \"qa\"\ntier = \"nonproduction\"", "name = \"qa\"");
    assert_snapshot!(scratch.refused(&[]));
}

#[test]
fn two_roles_of_one_id_are_refused() {
    let scratch = Scratch::new();
    scratch.replace("roles/operator.cedar", "@id(\"operator\")", "@id(\"developer\")");
    assert_snapshot!(scratch.refused(&[]));
}

#[test]
fn a_role_that_is_not_there_is_said() {
    assert_snapshot!(Scratch::new().refused(&["--role", "admin"]));
}

#[test]
fn what_cannot_be_compiled_is_refused_with_its_place() {
    let scratch = Scratch::new();
    scratch.policy("roles/office.cedar", OFFICE);
    scratch.policy("guards/night.cedar", NIGHT);
    scratch.policy("permit.cedar", PERMIT);
    assert_snapshot!(scratch.refused(&[]));
}

const OFFICE: &str = "\
@id(\"office\")
permit (principal in ?principal, action in [Fortem::Action::\"observe\"], resource in ?resource)
when { context.mfa }
unless { context has now && context.now.toTime() > duration(\"18h\") };

@id(\"everywhere\")
permit (principal in ?principal, action in [Fortem::Action::\"observe\"], resource);
";

const NIGHT: &str = "\
@id(\"contractors\")
forbid (principal in Fortem::Team::\"contractors\", action, resource);

@id(\"typo\")
forbid (principal, action, resource in Fortem::Environment::\"stagin\");
";

const PERMIT: &str = "\
@id(\"nobody-may\")
forbid (principal in ?principal, action, resource in ?resource);
";

#[test]
fn what_iam_cannot_tell_apart_is_granted_together_or_refused() {
    let scratch = Scratch::new();
    scratch.policy(
        "roles/restarter.cedar",
        "@id(\"restarter\")\npermit (principal in ?principal, action == Fortem::Action::\"restartService\", resource in ?resource);\n",
    );
    scratch.policy(
        "guards/no-redeploy.cedar",
        "@id(\"no-redeploy\")\nforbid (principal, action == Fortem::Action::\"redeployService\", resource);\n",
    );
    assert_snapshot!(scratch.refused(&["--role", "restarter"]));
    fs::remove_file(scratch.path("policies/guards/no-redeploy.cedar")).unwrap();
    scratch.replace("fleet.toml", "# [accept_merged]\n# \"ecs", "[accept_merged]\n\"ecs");
    let output = scratch.run(&["--role", "restarter"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = fs::read_to_string(scratch.path("out/report.md")).unwrap();
    assert!(report.contains("whoever may restart may redeploy"), "{report}");
}

#[test]
fn actions_that_are_never_granted_are_refused() {
    let scratch = Scratch::new();
    scratch.replace("roles/operator.cedar", "\"operate\"", "\"administer\"");
    assert_snapshot!(scratch.refused(&[]));
}

#[test]
fn an_accepted_leak_is_granted_and_reported() {
    let scratch = Scratch::new();
    scratch.replace("fleet.toml", "# [accept_leaks]\n# \"ecs", "[accept_leaks]\n\"ecs");
    let output = scratch.run(&["--role", "log-viewer"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document = fs::read_to_string(scratch.path("out/identity/log-viewer.json")).unwrap();
    assert!(document.contains("\"Action\": \"ecs:ListClusters\""), "{document}");
    // The guard that refuses everything untagged does not take it away again.
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let mut statements = document["Statement"].as_array().unwrap().iter();
    let by_tag = statements.find(|statement| statement["Sid"] == "NeverProdTag").unwrap();
    assert!(by_tag["NotAction"].as_array().unwrap().contains(&"ecs:ListClusters".into()));
    let report = fs::read_to_string(scratch.path("out/report.md")).unwrap();
    assert!(report.contains("yes: the console's first page needs it"), "{report}");
}

#[test]
fn what_is_accepted_must_exist() {
    let scratch = Scratch::new();
    scratch.replace(
        "fleet.toml",
        "# [accept_leaks]\n# \"ecs:ListClusters",
        "[accept_leaks]\n\"ecs:DeleteCluster",
    );
    scratch.replace(
        "fleet.toml",
        "# [accept_merged]\n# \"ecs:UpdateService",
        "[accept_merged]\n\"ecs:StopTask",
    );
    assert_snapshot!(scratch.refused(&[]));
}

#[test]
fn names_that_one_policy_cannot_say_are_refused() {
    let scratch = Scratch::new();
    scratch.replace("fleet.toml", "name = \"qa\"", "name = \"qa\"\nclusters = [\"quality\"]");
    assert_snapshot!(scratch.refused(&[]));
}

#[test]
fn a_fleet_that_uses_scheduler_groups_is_granted_those_by_name() {
    let scratch = Scratch::new();
    scratch.replace(
        "fleet.toml",
        "\nschedule = \"eventbridge-rule\"",
        "\nschedule = \"scheduler-group\"",
    );
    scratch.replace(
        "fleet.toml",
        "schedules = [\"{environment}-*\"]",
        "schedules = [\"pause-{environment}\"]",
    );
    let output = scratch.run(&["--role", "operator", "--out", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let statements = document["Statement"].as_array().unwrap().iter();
    let about = statements.filter(|statement| {
        let text = statement.to_string();
        text.contains("scheduler") || text.contains("events:")
    });
    let about: Vec<_> = about.collect();
    insta::assert_json_snapshot!(about);
}

#[test]
fn each_statement_is_explained_in_the_report() {
    let scratch = Scratch::new();
    scratch.run(&[]);
    let report = fs::read_to_string(scratch.path("out/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    for role in report["roles"].as_array().unwrap() {
        let mut explained: Vec<String> = Vec::new();
        for list in ["guards", "integrity"] {
            let entries = role[list].as_array().unwrap().iter();
            explained.extend(entries.map(|entry| entry["sid"].as_str().unwrap().to_owned()));
        }
        for call in
            role["grants"].as_array().unwrap().iter().flat_map(|g| g["calls"].as_array().unwrap())
        {
            let sids = call["statements"].as_array().unwrap();
            assert!(!sids.is_empty(), "{call} is granted by nothing");
            explained.extend(sids.iter().map(|sid| sid.as_str().unwrap().to_owned()));
        }
        let file = format!("out/identity/{}.json", role["role"].as_str().unwrap());
        let document = fs::read_to_string(scratch.path(&file)).unwrap();
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        for statement in document["Statement"].as_array().unwrap() {
            let sid = statement["Sid"].as_str().unwrap();
            assert!(explained.iter().any(|known| known == sid), "{file}: {sid}");
        }
    }
}

#[test]
fn a_role_that_does_not_fit_is_split_with_its_guards() {
    let scratch = Scratch::new();
    let names = "clusters = [\"{environment}\", \"fleet-{environment}\", \"more-{environment}\"]";
    scratch.replace("fleet.toml", "clusters = [\"{environment}\", \"fleet-{environment}\"]", names);
    let output = scratch.run(&["--role", "developer"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let files = scratch.files("out/identity");
    let sids = |text: &str, effect: &str| -> Vec<String> {
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        let statements = document["Statement"].as_array().unwrap().iter();
        let some = statements.filter(|statement| statement["Effect"] == effect);
        some.map(|statement| statement["Sid"].as_str().unwrap().to_owned()).collect()
    };
    let [(first, one), (second, two)] = files.as_slice() else { panic!("{} files", files.len()) };
    assert!(first.ends_with("developer-2.json") && second.ends_with("developer.json"));
    assert_eq!(sids(one, "Deny"), sids(two, "Deny"));
    assert!(sids(one, "Allow").iter().all(|sid| !sids(two, "Allow").contains(sid)));
    assert_eq!(sids(one, "Allow").len() + sids(two, "Allow").len(), 8);
}

#[test]
fn a_fleet_too_large_for_a_guard_is_refused() {
    let scratch = Scratch::new();
    let one = |n| format!("[[environment]]\nname = \"e{n:03}\"\ntier = \"nonproduction\"\n\n");
    let more = (0..400).map(one).collect::<Vec<_>>().concat();
    scratch.replace(
        "fleet.toml",
        "[[team]]\nname = \"payments\"",
        &format!("{more}[[team]]\nname = \"payments\""),
    );
    assert_snapshot!(scratch.refused(&[]));
}

#[test]
fn an_old_service_reference_is_told_and_dates_the_output() {
    let scratch = Scratch::new();
    copy("tests/reference".as_ref(), &scratch.path("aws"));
    fs::write(scratch.path("aws/date"), "2020-02-02").unwrap();
    let output = scratch.run(&["--service-reference", "aws", "--role", "exec"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("days old (2020-02-02)"), "{}", text(&output.stderr));
    let report = fs::read_to_string(scratch.path("out/report.json")).unwrap();
    assert!(report.contains("\"service_reference\": \"2020-02-02\""), "{report}");
}
