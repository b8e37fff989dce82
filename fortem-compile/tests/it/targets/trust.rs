//! Trust policies: who may assume a role, and which environments a session may be given.

use fortem_compile::compile;
use fortem_compile::iam::{Document, DocumentKind, Effect, Principal, Truth};
use fortem_compile::target::{Target, targets};

use super::{ORGANIZATION, parse, request, sample, source, text, with_a_part_less};

const ROLE: &str = "arn:aws:iam::111122223333:role/developer";

/// Who, doing what, with what said, and whether it is allowed.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)], bool);

const SAML: &str = "arn:aws:iam::111122223333:saml-provider/corp";
const OIDC: &str = "arn:aws:iam::111122223333:oidc-provider/idp.example.com/realm";
const BROKER: &str = "arn:aws:iam::111122223333:role/broker";

const TAG: (&str, &str) = ("aws:RequestTag/Environment", "staging");
const KEYS: (&str, &str) = ("aws:TagKeys", "Environment");
const SIGN_IN: (&str, &str) = ("SAML:aud", "https://signin.aws.amazon.com/saml");
const AUDIENCE: (&str, &str) = ("idp.example.com/realm:aud", "fortem");

const OF_SAML: &[Case] = &[
    (SAML, "sts:AssumeRoleWithSAML", &[TAG, KEYS, SIGN_IN], true),
    (SAML, "sts:AssumeRoleWithSAML", &[SIGN_IN], false),
    (
        SAML,
        "sts:AssumeRoleWithSAML",
        &[TAG, KEYS, ("SAML:aud", "https://other.example.com")],
        false,
    ),
    (
        "arn:aws:iam::111122223333:saml-provider/own",
        "sts:AssumeRoleWithSAML",
        &[TAG, KEYS, SIGN_IN],
        false,
    ),
    (SAML, "sts:TagSession", &[TAG, KEYS, SIGN_IN], true),
    ("arn:aws:iam::111122223333:saml-provider/own", "sts:TagSession", &[TAG, KEYS, SIGN_IN], false),
    (SAML, "sts:TagSession", &[("aws:RequestTag/Environment", "prod"), KEYS], false),
    (SAML, "sts:TagSession", &[TAG, ("aws:TagKeys", "Environment|Team")], false),
    (SAML, "sts:TagSession", &[TAG, ("aws:TagKeys", "environment")], false),
    (SAML, "sts:TagSession", &[TAG], false),
    (SAML, "sts:AssumeRole", &[TAG, KEYS, SIGN_IN], false),
];

const OF_OIDC: &[Case] = &[
    (OIDC, "sts:AssumeRoleWithWebIdentity", &[TAG, KEYS, AUDIENCE], true),
    (OIDC, "sts:AssumeRoleWithWebIdentity", &[AUDIENCE], false),
    (
        OIDC,
        "sts:AssumeRoleWithWebIdentity",
        &[TAG, KEYS, ("idp.example.com/realm:aud", "shop")],
        false,
    ),
    (SAML, "sts:AssumeRoleWithWebIdentity", &[TAG, KEYS, AUDIENCE], false),
    (OIDC, "sts:TagSession", &[TAG, KEYS], true),
    (OIDC, "sts:TagSession", &[("aws:RequestTag/Environment", "prod"), KEYS], false),
    (OIDC, "sts:TagSession", &[TAG, ("aws:TagKeys", "Environment|Team")], false),
    (OIDC, "sts:TagSession", &[TAG], false),
];

const OF_BROKER: &[Case] = &[
    (BROKER, "sts:AssumeRole", &[TAG, KEYS], true),
    (BROKER, "sts:AssumeRole", &[], false),
    (ROLE, "sts:AssumeRole", &[TAG, KEYS], false),
    (BROKER, "sts:TagSession", &[TAG, KEYS], true),
    (BROKER, "sts:TagSession", &[("aws:RequestTag/Environment", "prod"), KEYS], false),
    (BROKER, "sts:TagSession", &[TAG, ("aws:TagKeys", "Environment|Team")], false),
    (BROKER, "sts:TagSession", &[TAG], false),
];

const FILES: [(&str, &[Case]); 3] = [
    ("trust/developer/broker.json", OF_BROKER),
    ("trust/developer/oidc-111122223333.json", OF_OIDC),
    ("trust/developer/saml-111122223333.json", OF_SAML),
];

fn allows(document: &Document, who: &str, action: &str, context: &[(&str, &str)]) -> bool {
    let federated = who.contains("-provider/");
    let who = who.to_owned();
    let who = if federated { Principal::Federated(who) } else { Principal::Arn(who) };
    let request = request(action, ROLE, context);
    let mut statements = document.statements().iter();
    statements.any(|one| {
        let about = one.covers_principal(&who) && one.applies(&request) == Truth::Yes;
        one.effect() == Effect::Allow && about
    })
}

fn wrong(trust: &str, cases: &[Case]) -> Vec<String> {
    let document = parse(trust, DocumentKind::Trust);
    let wrong = cases.iter().filter(|(who, action, context, allowed)| {
        allows(&document, who, action, context) != *allowed
    });
    wrong.map(|case| format!("{case:?}")).collect()
}

#[test]
fn only_what_brings_people_in_may_assume_and_only_for_assigned_environments() {
    let source = sample(ORGANIZATION);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Trust]).unwrap();
    for (file, cases) in FILES {
        assert_eq!(wrong(text(&written, file), cases), Vec::<String>::new(), "{file}");
    }
    // What is pinned is the role's own.
    let log_viewer = text(&written, "trust/log-viewer/saml-111122223333.json");
    let log_viewer = parse(log_viewer, DocumentKind::Trust);
    assert!(allows(&log_viewer, SAML, "sts:TagSession", &[TAG, KEYS]));
    let elsewhere = [("aws:RequestTag/Environment", "dev"), KEYS];
    assert!(!allows(&log_viewer, SAML, "sts:TagSession", &elsewhere));
}

#[test]
fn a_trust_policy_with_a_part_missing_fails_its_cases() {
    let source = sample(ORGANIZATION);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Trust]).unwrap();
    let mut unnoticed = Vec::new();
    for (file, cases) in FILES {
        for (missing, changed) in with_a_part_less(text(&written, file)) {
            if wrong(&changed, cases).is_empty() {
                unnoticed.push(format!("{file}: {missing}"));
            }
        }
    }
    assert_eq!(unnoticed, Vec::<String>::new());
}

#[test]
fn a_provider_is_of_the_account_and_pins_the_environments_that_are_there() {
    let role = "[[assignment]]\nrole = \"operator\"\nuser = \"alice\"\nenvironments = [\"staging\", \"prod\"]\n";
    let source = source(|fleet| fleet + role + ORGANIZATION, &[]);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Trust]).unwrap();
    for (account, there) in [("111122223333", "staging"), ("444455556666", "prod")] {
        let trust = text(&written, &format!("trust/operator/saml-{account}.json"));
        let trust = parse(trust, DocumentKind::Trust);
        let provider = format!("arn:aws:iam::{account}:saml-provider/corp");
        for environment in ["staging", "prod"] {
            let pinned = [("aws:RequestTag/Environment", environment), KEYS];
            let allowed = allows(&trust, &provider, "sts:TagSession", &pinned);
            assert_eq!(allowed, environment == there, "{account} {environment}");
        }
    }
}

#[test]
fn without_accounts_a_provider_has_no_name() {
    let fleet = |fleet: String| {
        let lines = fleet.lines().filter(|line| !line.starts_with("accounts"));
        lines.collect::<Vec<_>>().join("\n") + ORGANIZATION
    };
    let source = source(|text| fleet(text).replace("broker =", "# broker ="), &[]);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Trust]).unwrap();
    assert!(written.artifacts.is_empty());
    assert_eq!(written.left_out[0].help, "set `accounts = [\"…\"]` of the environments");
}
