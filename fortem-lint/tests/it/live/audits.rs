//! Collecting and checking in one go.

use serde_json::json;

use crate::double::{Lint, REGION, SINGLE};

#[test]
fn no_command_is_an_audit() {
    let proxy = SINGLE.proxy(&[]);
    let scratch = tempfile::tempdir().unwrap();
    let said =
        Lint::new(proxy.endpoint()).env("TMPDIR", Some(scratch.path().to_str().unwrap())).run();
    assert_eq!(said.code, 15, "{said:?}");
    assert!(said.out.contains("[FL607]"), "{}", said.out);
    assert_eq!(
        std::fs::read_dir(scratch.path()).unwrap().count(),
        0,
        "the snapshot is left behind"
    );
}

#[test]
fn options_without_a_command_are_those_of_an_audit() {
    let proxy = SINGLE.proxy(&[]);
    let said = Lint::new(proxy.endpoint())
        .args(["--regions", REGION, "--format", "json", "--select", "FL607"])
        .run();
    assert_eq!(said.code, 13, "{said:?}");
    assert_eq!(said.json()["findings"][0]["rule"], "FL607");
    assert_eq!(Lint::new(proxy.endpoint()).args(["--color", "always", "rules"]).run().code, 0);
}

#[test]
fn what_is_found_goes_before_what_could_not_be_read() {
    let proxy = SINGLE.proxy(&[]);
    proxy.faults(&json!([{"op": "DescribeLogGroups", "fault": "denied"}]));
    let audit = |rule| {
        let lint = Lint::new(proxy.endpoint()).args(["audit", "--regions", REGION]);
        lint.args(["--format", "json", "--select", rule]).run()
    };
    assert_eq!(audit("FL607").code, 13);
    let said = audit("FL006");
    assert_eq!(said.code, 3, "{said:?}");
    let report = said.json();
    assert_eq!(report["findings"], json!([]));
    let missing = report["not_assessed"].to_string();
    assert!(missing.contains("logs:DescribeLogGroups") && missing.contains("FL006"), "{missing}");
}

#[test]
fn nothing_is_judged_without_credentials() {
    let said = Lint::new(SINGLE.double.endpoint())
        .args(["audit", "--regions", REGION])
        .env("AWS_ACCESS_KEY_ID", None)
        .env("AWS_SECRET_ACCESS_KEY", None)
        .run();
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(said.out, "");
}
