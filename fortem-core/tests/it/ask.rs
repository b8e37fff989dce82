//! The example that asks on the command line.

#[path = "../../../examples/ask.rs"]
#[expect(dead_code, reason = "its `main` is not called here")]
mod example;

fn ask(line: &str) -> (Result<u8, String>, String) {
    let arguments = ["--policies", "../policies"].into_iter().chain(line.split(' '));
    let mut out = Vec::new();
    let code = example::run(arguments.map(str::to_owned), &mut out);
    (code.map_err(|error| error.to_string()), String::from_utf8(out).unwrap())
}

#[test]
fn exit_codes_tell_denied_from_mistaken() {
    let (code, text) = ask("alice restartService staging/orders-api");
    assert_eq!(code, Ok(0));
    assert!(text.starts_with("allowed: alice is developer of staging through payments"), "{text}");
    let (code, text) = ask("alice restartService prod/orders-api");
    assert_eq!(
        (code, &*text),
        (Ok(10), "denied: never-prod forbids it: Nothing happens in production\n")
    );
    assert_eq!(ask("carol execCommand staging/4f3a").0, Ok(10));
    assert_eq!(ask("carol execCommand staging/4f3a --mfa").0, Ok(0));
    assert_eq!(ask("alice viewEnvironment staging").0, Ok(0));
    assert_eq!(ask("alice viewStatus staging/x").0, Err("say --kind: one of Service, Task".into()));
    assert_eq!(ask("alice viewStatus staging/x --kind Task").0, Ok(0));
    assert_eq!(ask("alice nap staging/x").0, Err("unknown action `nap`".into()));
    assert_eq!(ask("mallory restartService staging/x").0, Err("unknown user `mallory`".into()));
    assert_eq!(ask("alice restartService").0, Ok(2));
    assert_eq!(ask("alice --loud").0, Ok(2));
}

#[test]
fn what_is_wrong_with_the_policies_is_told() {
    let arguments = ["--policies", "../nowhere", "alice"].map(str::to_owned);
    let error = example::run(arguments.into_iter(), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().starts_with("cannot read `../nowhere`"), "{error}");
}

#[test]
fn somebody_alone_is_shown_as_a_table() {
    let (code, text) = ask("carol");
    assert_eq!(code, Ok(0));
    let row = |action: &str| text.lines().find(|line| line.starts_with(action)).unwrap().to_owned();
    let words = |line: &str| {
        line.split("  ")
            .map(str::trim)
            .filter(|one| !one.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(words(text.lines().next().unwrap()), ["dev", "qa", "staging"]);
    assert_eq!(words(&row("execCommand")), ["execCommand", "-", "-", "it depends"]);
    assert_eq!(words(&row("restartService")), ["restartService", "yes", "yes", "yes"]);
}
