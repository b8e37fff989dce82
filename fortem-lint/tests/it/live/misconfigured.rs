//! What a person's environment says of AWS and cannot be: told, with what to do, before anything is read or written.

use crate::double::collect;

/// Nobody listens here: what is wrong is told before a call is made, or by the first call.
const NOBODY: &str = "http://127.0.0.1:9";

#[track_caller]
fn assert_told(variables: &[(&str, Option<&str>)], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("snapshot");
    let command = collect(NOBODY, &out);
    let command =
        variables.iter().fold(command, |command, (name, value)| command.env(name, *value));
    let said = command.run();
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains(expected), "{}", said.err);
    assert!(said.err.contains("= help: "), "{}", said.err);
    assert!(!said.err.contains("panicked"), "{}", said.err);
    assert!(!out.exists());
}

#[test]
fn addresses_that_are_none() {
    for address in ["", "127.0.0.1:80", "http://"] {
        assert_told(&[("AWS_ENDPOINT_URL", Some(address))], "`AWS_ENDPOINT_URL` is not an address");
    }
    assert_told(&[("AWS_ENDPOINT_URL_ECS", Some(""))], "`AWS_ENDPOINT_URL_ECS` is not an address");
}

#[test]
fn regions_that_are_none() {
    assert_told(&[("AWS_REGION", Some(""))], "`` is no Region");
    assert_told(&[("AWS_REGION", Some("eu west"))], "`eu west` is no Region");
}

#[test]
fn credentials_that_no_request_can_carry() {
    assert_told(&[("AWS_ACCESS_KEY_ID", Some("AKIAEXAMPLE\n"))], "MalformedCredentials");
    assert_told(&[("AWS_SESSION_TOKEN", Some("to ken"))], "MalformedCredentials");
}

#[test]
fn no_credentials() {
    let none = [("AWS_ACCESS_KEY_ID", None), ("AWS_SECRET_ACCESS_KEY", None)];
    assert_told(&none, "no credentials were found");
}
