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

const TOKEN: &str = "sts:AssumeRoleWithWebIdentity";
const QA: (&str, &str) = ("aws:RequestTag/Environment", "qa");
const PROD: (&str, &str) = ("aws:RequestTag/Environment", "prod");
const ALICE: (&str, &str) = ("idp.example.com/realm:sub", "alice");
const BOB: (&str, &str) = ("idp.example.com/realm:sub", "bob");
const CAROL: (&str, &str) = ("idp.example.com/realm:sub", "carol");
const ZOE: (&str, &str) = ("idp.example.com/realm:sub", "zoe");
const SHOP: (&str, &str) = ("idp.example.com/realm:aud", "shop");

// A token says nothing of roles, so the policy says who may have which environment.
const OF_OIDC: &[Case] = &[
    (OIDC, TOKEN, &[TAG, KEYS, AUDIENCE, ALICE], true),
    (OIDC, TOKEN, &[QA, KEYS, AUDIENCE, ALICE], false),
    (OIDC, TOKEN, &[QA, KEYS, AUDIENCE, BOB], true),
    (OIDC, TOKEN, &[TAG, KEYS, AUDIENCE, BOB], false),
    (OIDC, TOKEN, &[TAG, KEYS, AUDIENCE, CAROL], true),
    (OIDC, TOKEN, &[PROD, KEYS, AUDIENCE, CAROL], false),
    (OIDC, TOKEN, &[TAG, KEYS, AUDIENCE, ZOE], false),
    (OIDC, TOKEN, &[TAG, KEYS, AUDIENCE], false),
    (OIDC, TOKEN, &[AUDIENCE, ALICE], false),
    (OIDC, TOKEN, &[TAG, KEYS, SHOP, ALICE], false),
    (OIDC, TOKEN, &[QA, KEYS, SHOP, BOB], false),
    (OIDC, TOKEN, &[TAG, KEYS, SHOP, CAROL], false),
    (SAML, TOKEN, &[TAG, KEYS, AUDIENCE, ALICE], false),
    (OIDC, "sts:TagSession", &[TAG, KEYS], true),
    (OIDC, "sts:TagSession", &[PROD, KEYS], false),
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

#[test]
fn a_token_is_not_enough_where_the_fleet_does_not_know_who_has_a_role() {
    let open = |fleet: String| {
        let team = "[[team]]\nname = \"payments\"";
        let part = "[[team]]\nname = \"contractors\"\nteams = [\"payments\"]\ngroups = [\"idp-contractors\"]";
        fleet.replace(team, &format!("{team}\n\n{part}")) + ORGANIZATION
    };
    let source = source(open, &[]);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Trust]).unwrap();
    let left_out = written.left_out.iter().find(|one| one.file.contains("oidc")).unwrap();
    assert_eq!(left_out.file, "trust/developer/oidc-111122223333.json");
    assert!(left_out.why.contains("team `contractors`"), "{}", left_out.why);
    // A SAML assertion says which roles it is for; the other roles are not of that team.
    let files: Vec<_> = written.artifacts.iter().map(|one| one.file.as_str()).collect();
    assert!(files.contains(&"trust/developer/saml-111122223333.json"), "{files:?}");
    assert!(files.contains(&"trust/exec/oidc-111122223333.json"), "{files:?}");
}

#[test]
fn whoever_is_in_a_part_of_a_team_has_its_roles() {
    let part = |fleet: String| {
        fleet
            + "[[team]]\nname = \"cards\"\nteams = [\"payments\"]\n[[user]]\nname = \"zoe\"\nteams = [\"cards\"]\n"
            + ORGANIZATION
    };
    let source = source(part, &[]);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Trust]).unwrap();
    let trust = text(&written, "trust/developer/oidc-111122223333.json");
    let trust = parse(trust, DocumentKind::Trust);
    assert!(allows(&trust, OIDC, TOKEN, &[TAG, KEYS, AUDIENCE, ZOE]));
    assert!(!allows(&trust, OIDC, TOKEN, &[QA, KEYS, AUDIENCE, ZOE]));
}

#[test]
fn a_role_of_one_environment_is_for_those_who_have_it_there_and_takes_no_tags() {
    let source = source(|fleet| format!("mode = \"literal\"\n{fleet}{ORGANIZATION}"), &[]);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Trust]).unwrap();
    let oidc = text(&written, "trust/developer/qa/oidc-111122223333.json");
    let oidc = parse(oidc, DocumentKind::Trust);
    assert!(allows(&oidc, OIDC, TOKEN, &[AUDIENCE, BOB]));
    assert!(!allows(&oidc, OIDC, TOKEN, &[AUDIENCE, ALICE]));
    for file in ["trust/developer/qa/saml-111122223333.json", "trust/developer/qa/broker.json"] {
        let trust = parse(text(&written, file), DocumentKind::Trust);
        assert!(!allows(&trust, SAML, "sts:TagSession", &[QA, KEYS]));
        assert!(!allows(&trust, BROKER, "sts:TagSession", &[QA, KEYS]));
    }
    assert!(written.artifacts.iter().all(|one| !one.file.contains("exec/qa")));
}

#[test]
fn each_slot_is_pinned() {
    let source = source(|fleet| format!("mode = \"slots\"\n{fleet}{ORGANIZATION}"), &[]);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Trust]).unwrap();
    let trust = parse(text(&written, "trust/developer/broker.json"), DocumentKind::Trust);
    let slot = |number: &'static str, value| (number, value);
    let (first, second) = ("aws:RequestTag/Environment1", "aws:RequestTag/Environment2");
    let keys = ("aws:TagKeys", "Environment1|Environment2");
    let assumes = |context: &[(&str, &str)]| {
        let both = ["sts:AssumeRole", "sts:TagSession"];
        both.iter().all(|action| allows(&trust, BROKER, action, context))
    };
    assert!(assumes(&[slot(first, "dev"), slot(second, "qa"), keys]));
    assert!(assumes(&[slot(first, "dev"), ("aws:TagKeys", "Environment1")]));
    assert!(!assumes(&[slot(first, "dev"), slot(second, "prod"), keys]));
    assert!(!assumes(&[slot(first, "prod"), slot(second, "dev"), keys]));
    assert!(!assumes(&[slot(second, "dev"), ("aws:TagKeys", "Environment2")]));
    assert!(!assumes(&[slot(first, "dev"), ("aws:TagKeys", "Environment1|Environment")]));
}
