//! What is read as a policy document, what is refused, and where.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fortem_compile::iam::{
    Case, Document, DocumentError, DocumentKind, DocumentRemark, Inspection, Json, Principal,
    Request, Span, Statement, Truth, Version,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A text in which `▸` marks a place, without the mark, and the line and column of the place.
fn marked(text: &str) -> (String, (usize, usize)) {
    let (before, after) = text.split_once('▸').unwrap_or_else(|| panic!("no place in {text}"));
    let line = before.lines().count().max(1) + usize::from(before.ends_with('\n'));
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    (format!("{before}{after}"), (line, column))
}

fn place(span: Span) -> (usize, usize) {
    (span.line(), span.column())
}

/// A document of one statement, given by its elements.
fn statement(elements: &str) -> String {
    format!("{{\"Version\": \"2012-10-17\",\n  \"Statement\": [{{{elements}}}]}}")
}

/// Checks that a document has exactly one fault, which is at the mark and also what strict reading says.
fn check_fault(kind: DocumentKind, text: &str, message: &str) {
    let (text, expected) = marked(text);
    let reading = Document::read(&text, kind);
    let [error] = reading.errors() else { panic!("{text}\n{:#?}", reading.errors()) };
    assert_eq!((error.to_string().as_str(), place(error.span())), (message, expected), "{text}");
    assert_eq!(Document::parse_as(kind, &text).unwrap_err(), *error);
    assert!(text.get(error.span().range()).is_some());
    assert!(!error.fault().help().is_empty());
}

#[test]
fn faults_of_the_text_have_their_place() {
    for (text, message) in [
        ("▸", "not JSON: expected a value"),
        ("▸\u{feff}{}", "not JSON: a byte order mark stands before the text"),
        ("{\"Version\": \"2012-10-17\",\n▸}", "not JSON: expected a key in double quotes"),
        ("{\"Id\": \"é\", ▸// why\n}", "not JSON: expected a key in double quotes"),
        ("▸[]", "`policy` is a list, expected an object"),
        ("{\"Id\": \"x\"▸}", "`Statement` is missing"),
        ("{\"Statement\": ▸[]}", "`Statement` is empty"),
        (
            "{\"Statement\": [▸7]}",
            "statement `1`: `Statement` is a number or boolean, expected an object",
        ),
    ] {
        check_fault(DocumentKind::Identity, text, message);
    }
    let bomb = format!("{{\"Statement\": {}▸[", "[".repeat(127));
    check_fault(DocumentKind::Identity, &bomb, "not JSON: nested more than 128 deep");
    assert!(Document::parse(&"[".repeat(1_000_000)).is_err());
    assert!(Document::parse(&"{\"a\":".repeat(1_000_000)).is_err());
}

#[test]
fn faults_of_the_top_level_have_their_place() {
    let with = |members: &str| {
        format!(
            "{{{members}\n\"Statement\": {{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}}}}"
        )
    };
    for (members, message) in [
        ("▸\"Statements\": [],", "unknown element `Statements`"),
        ("\"Id\": ▸7,", "`Id` is a number or boolean, expected a string"),
        ("\"Version\": ▸2012,", "`Version` is a number or boolean, expected a string"),
        (
            "\"Version\": ▸\"2013-10-17\",",
            "version `2013-10-17` does not exist, expected `2012-10-17` or `2008-10-17`",
        ),
        ("\"Id\": \"a\", ▸\"Id\": \"b\",", "`Id` is written twice"),
        ("\"Id\": \"a ▸→ b\",", "the character '→' may not stand in a policy"),
    ] {
        check_fault(DocumentKind::Identity, &with(members), message);
    }
    let letters = with("\"Id\": \"a → b\",");
    assert!(Document::parse_as(DocumentKind::ServiceControl, &letters).is_ok());
    assert!(Document::parse(&with("\"Id\": \"caf\u{e9}\\u2192\",")).is_ok());
}

#[test]
fn faults_of_a_statement_have_their_place() {
    for (elements, message) in [
        (r#""Action": "*", "Resource": "*"▸}"#, "`Effect` is missing"),
        (r#""Effect": "Allow", "Resource": "*"▸}"#, "`Action` is missing"),
        (r#""Effect": "Allow", "Action": "*"▸}"#, "`Resource` is missing"),
        (
            r#""Effect": ▸"deny", "Action": "*", "Resource": "*"}"#,
            "effect `deny` does not exist, expected `Allow` or `Deny`",
        ),
        (
            r#""Effect": ▸["Deny"], "Action": "*", "Resource": "*"}"#,
            "`Effect` is a list, expected a string",
        ),
        (
            r#""Effect": "Deny", "NotAction": "a:b", ▸"Action": "*", "Resource": "*"}"#,
            "`Action` and `NotAction` exclude each other",
        ),
        (
            r#""Effect": "Deny", "Action": "*", "Resource": "*", ▸"NotResource": "*"}"#,
            "`Resource` and `NotResource` exclude each other",
        ),
        (
            r#""Effect": "Deny", "Action": "*", "Resource": "*", ▸"Effect": "Allow"}"#,
            "`Effect` is written twice",
        ),
        (
            r#""Effect": "Deny", "Action": "*", "Resource": "*", ▸"Conditions": {}}"#,
            "unknown element `Conditions`",
        ),
        (
            r#""Effect": "Deny", ▸"Principal": "*", "Action": "*", "Resource": "*"}"#,
            "`Principal` may not stand in an identity policy",
        ),
    ] {
        let text = statement("").replace(['}', ']'], "") + elements + "]}";
        check_fault(DocumentKind::Identity, &text, &format!("statement `1`: {message}"));
    }
}

#[test]
fn faults_of_sids_have_their_place() {
    let both = |first: &str, second: &str| {
        let one = |sid: &str| {
            format!(r#"{{"Sid": {sid}, "Effect": "Allow", "Action": "*", "Resource": "*"}}"#)
        };
        format!("{{\"Statement\": [{},\n    {}]}}", one(first), one(second))
    };
    for (text, message) in [
        (both("\"A\"", "▸\"A\""), "statement `A`: another statement has the same Sid"),
        (both("\"A\"", "▸\"a-b\""), "statement `a-b`: a Sid has letters and digits only"),
        (both("\"A\"", "▸2"), "statement `2`: `Sid` is a number or boolean, expected a string"),
    ] {
        check_fault(DocumentKind::Identity, &text, message);
    }
    assert!(Document::parse(&both("\"\"", "\"\"")).is_ok());
}

#[test]
fn faults_of_actions_and_resources_have_their_place() {
    for (actions, message) in [
        ("▸7", "`Action` is a number or boolean, expected a string or a list of strings"),
        ("[\"a:b\", ▸null]", "`Action` is null, expected a string"),
        ("▸[]", "`Action` is empty"),
        (
            "[\"a:b\",\n ▸\"UpdateService\"]",
            "action `UpdateService` is not a service and a name, as in `ecs:UpdateService`",
        ),
        ("▸\"\"", "action `` is not a service and a name, as in `ecs:UpdateService`"),
        (
            "▸\"events:events:PutRule\"",
            "action `events:events:PutRule` is not a service and a name, as in `ecs:UpdateService`",
        ),
        ("▸\"ecs:${aws:username}\"", "a policy variable may not stand in an action"),
    ] {
        let elements = format!(r#""Effect": "Allow", "Action": {actions}, "Resource": "*""#);
        check_fault(
            DocumentKind::Identity,
            &statement(&elements),
            &format!("statement `1`: {message}"),
        );
    }
    for (resources, message) in [
        ("▸{}", "`Resource` is an object, expected a string or a list of strings"),
        ("▸[]", "`Resource` is empty"),
        ("[\"*\", ▸\"service/*\"]", "resource `service/*` is neither an ARN nor `*`"),
    ] {
        let elements = format!(r#""Effect": "Allow", "Action": "**", "NotResource": {resources}"#);
        check_fault(
            DocumentKind::Identity,
            &statement(&elements),
            &format!("statement `1`: {message}"),
        );
    }
}

#[test]
fn faults_of_conditions_have_their_place() {
    for (condition, message) in [
        ("▸[]", "`Condition` is a list, expected an object"),
        ("{\"Bool\": ▸\"true\"}", "`Bool` is a string, expected an object"),
        ("{▸\"StringMatches\": {\"a:b\": \"x\"}}", "unknown operator `StringMatches`"),
        ("{▸\"like\": {\"a:b\": \"x\", \"a:c\": \"x\"}, \"Bool\": {}}", "unknown operator `like`"),
        ("{▸\"like\": {}}", "unknown operator `like`"),
        ("{▸\"NullIfExists\": {\"a:b\": \"true\"}}", "unknown operator `NullIfExists`"),
        ("{\"Bool\": {\"a:b\": ▸{}}}", "`a:b` is an object, expected a string, number or boolean"),
        (
            "{\"Bool\": {\"a:b\": [\"x\", ▸null]}}",
            "`a:b` is null, expected a string, number or boolean",
        ),
        (
            "{\"Bool\": {▸\"cluster\": true}}",
            "condition key `cluster` does not begin with a service, as in `ecs:cluster`",
        ),
        (
            "{\"StringEquals\": {\"a:b\": \"x\"}, ▸\"StringEquals\": {\"a:b\": \"y\"}}",
            "`StringEquals` is written twice",
        ),
        ("{\"Bool\": {\"a:b\": true, ▸\"a:b\": false}}", "`a:b` is written twice"),
        (
            "{\"StringEquals\": {▸\"aws:PrincipalTag/${aws:username}\": \"x\"}}",
            "a policy variable may not stand in a condition key",
        ),
    ] {
        let elements = format!(
            r#""Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition}"#
        );
        check_fault(
            DocumentKind::Identity,
            &statement(&elements),
            &format!("statement `1`: {message}"),
        );
    }
}

#[test]
fn variables_stand_in_values_of_strings_arns_and_booleans() {
    let with = |operator: &str, mark: &str| {
        statement(&format!(
            "\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\",\n \"Condition\": \
            {{\"{operator}\": {{\"a:b\": [\"1\", {mark}\"${{aws:username}}\"]}}}}"
        ))
    };
    for operator in
        ["StringLike", "StringNotEqualsIfExists", "ForAnyValue:ArnLike", "ArnNotEquals", "Bool"]
    {
        let reading = Document::read(&with(operator, ""), DocumentKind::Identity);
        assert!(reading.errors().is_empty() && reading.remarks().is_empty(), "{reading:?}");
    }
    for operator in ["NumericEquals", "DateLessThan", "BinaryEquals", "NotIpAddress", "Null"] {
        let message =
            format!("statement `1`: a policy variable may not stand in a value of `{operator}`");
        check_fault(DocumentKind::Identity, &with(operator, "▸"), &message);
    }
}

/// A statement that is right in every kind of document which has the elements that are added.
fn of_kind(kind: DocumentKind, added: &str) -> Inspection {
    let effect = if kind == DocumentKind::ResourceControl { "Deny" } else { "Allow" };
    let text = statement(&format!(r#""Effect": "{effect}"{added}"#));
    Document::read(&text, kind)
}

const KINDS: [DocumentKind; 7] = [
    DocumentKind::Identity,
    DocumentKind::ServiceControl,
    DocumentKind::Boundary,
    DocumentKind::Session,
    DocumentKind::Trust,
    DocumentKind::Resource,
    DocumentKind::ResourceControl,
];

#[test]
fn the_kind_of_document_decides_on_its_elements() {
    let everyone = r#", "Principal": "*""#;
    let nobody = r#", "NotPrincipal": {"AWS": "111122223333"}"#;
    let resource = r#", "Resource": "*""#;
    for (elements, accepted) in [
        ([r#", "Action": "a:b""#, resource, ""], "identity service boundary session"),
        ([r#", "NotAction": "a:b""#, resource, ""], "identity service boundary session"),
        (
            [r#", "Action": "a:b""#, r#", "NotResource": "*""#, ""],
            "identity service boundary session",
        ),
        ([r#", "Action": "a:b""#, "", ""], ""),
        ([r#", "Action": "a:b""#, resource, everyone], "resource rcp"),
        ([r#", "NotAction": "a:b""#, resource, everyone], "resource"),
        ([r#", "Action": "a:b""#, resource, nobody], "resource"),
        ([r#", "Action": "a:b""#, "", everyone], "trust resource"),
        ([r#", "Action": "a:b""#, "", nobody], "resource"),
    ] {
        let names = ["identity", "service", "boundary", "session", "trust", "resource", "rcp"];
        let all = KINDS.into_iter().zip(names);
        let found: Vec<_> = all
            .filter(|(kind, _)| of_kind(*kind, &elements.concat()).errors().is_empty())
            .map(|(_, name)| name)
            .collect();
        assert_eq!(found.join(" "), accepted, "{elements:?}");
    }
}

#[test]
fn an_element_that_the_kind_does_not_have_is_named() {
    let with = |element: &str| {
        statement(&format!(
            r#""Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", {element}: "*""#
        ))
    };
    for (kind, element, message) in [
        (DocumentKind::Trust, "▸\"Resource\"", "`Resource` may not stand in a trust policy"),
        (DocumentKind::Trust, "▸\"NotResource\"", "`NotResource` may not stand in a trust policy"),
    ] {
        check_fault(kind, &with(element), &format!("statement `1`: {message}"));
    }
    for (kind, said) in KINDS.into_iter().zip([
        "an identity policy",
        "a service control policy",
        "a permissions boundary",
        "a session policy",
        "a trust policy",
        "a resource policy",
        "a resource control policy",
    ]) {
        assert_eq!(kind.to_string(), said);
    }
}

#[test]
fn a_resource_control_policy_denies_everyone() {
    let with = |effect: &str, principal: &str, action: &str, more: &str| {
        statement(&format!(
            r#""Effect": {effect}, "Principal": {principal}, "Action": {action}, "Resource": "*"{more}"#
        ))
    };
    let kind = DocumentKind::ResourceControl;
    let only_denies = "statement `1`: a resource control policy only denies";
    let everyone = "statement `1`: the principal of a resource control policy is `*`";
    check_fault(kind, &with("▸\"Allow\"", "\"*\"", "\"s3:*\"", ""), only_denies);
    let condition = r#", "Condition": {"Bool": {"aws:SecureTransport": true}}"#;
    check_fault(kind, &with("▸\"Allow\"", "\"*\"", "\"*\"", condition), only_denies);
    check_fault(kind, &with("\"Deny\"", "▸{\"AWS\": \"*\"}", "\"s3:*\"", ""), everyone);
    for action in ["\"*\"", "[\"*\"]"] {
        let full_access = with("\"Allow\"", "\"*\"", action, "");
        assert!(Document::parse_as(kind, &full_access).is_ok(), "{full_access}");
    }
}

#[test]
fn sids_of_resource_policies_are_free() {
    let one = r#"{"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": "*", "Action": "kms:*"}"#;
    let text = format!(r#"{{"Statement": [{one}, {one}]}}"#);
    assert!(Document::parse_as(DocumentKind::Resource, &text).is_ok());
    assert_eq!(Document::read(&text, DocumentKind::Trust).errors().len(), 3);
}

#[test]
fn principals_are_read() {
    let text = statement(
        r#""Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {
            "AWS": ["111122223333", "arn:aws:iam::111122223333:root", "*", "AROAEXAMPLE123",
                "arn:aws:iam::444455556666:role/ops/deploy",
                "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"],
            "Service": "ecs-tasks.amazonaws.com", "Federated": ["cognito-identity.amazonaws.com"],
            "CanonicalUser": "79a5"}"#,
    );
    let document = Document::parse_as(DocumentKind::Trust, &text).unwrap();
    let account = Principal::Account("111122223333".into());
    assert_eq!(
        document.statements()[0].principals(),
        [
            account.clone(),
            account,
            Principal::Everyone,
            Principal::UniqueId("AROAEXAMPLE123".into()),
            Principal::Arn("arn:aws:iam::444455556666:role/ops/deploy".into()),
            Principal::Arn(
                "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1".into()
            ),
            Principal::Service("ecs-tasks.amazonaws.com".into()),
            Principal::Federated("cognito-identity.amazonaws.com".into()),
            Principal::CanonicalUser("79a5".into()),
        ]
    );
}

#[test]
fn faults_of_principals_have_their_place() {
    let no_principal = |text: &str| {
        format!("principal `{text}` is neither an account, nor an ARN without wildcards, nor `*`")
    };
    for (principal, message) in [
        ("▸\"codebuild.amazonaws.com\"", no_principal("codebuild.amazonaws.com")),
        ("▸[\"*\"]", "`Principal` is a list, expected an object".into()),
        ("▸{}", "`Principal` is empty".into()),
        ("{\"AWS\": ▸[]}", "`Principal` is empty".into()),
        ("{▸\"Aws\": \"*\"}", "unknown type of principal `Aws`".into()),
        (
            "{\"AWS\": ▸true}",
            "`Principal` is a number or boolean, expected a string or a list of strings".into(),
        ),
        ("{\"AWS\": ▸\"11112222333\"}", no_principal("11112222333")),
        ("{\"AWS\": ▸\"arn:aws:iam::*:root\"}", no_principal("arn:aws:iam::*:root")),
        (
            "{\"AWS\": [\"*\", ▸\"arn:aws:iam::111122223333:role/*\"]}",
            no_principal("arn:aws:iam::111122223333:role/*"),
        ),
        ("{\"AWS\": ▸\"arn:aws:iam::111122223333\"}", no_principal("arn:aws:iam::111122223333")),
        ("{\"AWS\": ▸\"AROA-1\"}", no_principal("AROA-1")),
        (
            "{\"AWS\": ▸\"arn:aws:iam::${aws:PrincipalAccount}:root\"}",
            "a policy variable may not stand in a principal".into(),
        ),
    ] {
        let elements =
            format!(r#""Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {principal}"#);
        check_fault(
            DocumentKind::Trust,
            &statement(&elements),
            &format!("statement `1`: {message}"),
        );
    }
}

#[test]
fn a_variable_is_no_principal_in_the_older_version_either() {
    let text = r#"{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::${aws:PrincipalAccount}:root"}}}"#;
    let reading = Document::read(text, DocumentKind::Trust);
    assert_eq!((reading.errors().len(), reading.remarks().len()), (1, 2));
}

#[test]
fn principals_cover_what_belongs_to_them() {
    let account = || Principal::Account("111122223333".into());
    let arn = |text: &str| Principal::Arn(text.into());
    let role = || arn("arn:aws:iam::111122223333:role/ops/deploy");
    let session = || arn("arn:aws:sts::111122223333:assumed-role/deploy/anna");
    let service = |name: &str| Principal::Service(name.into());
    for (listed, other, covers) in [
        (Principal::Everyone, role(), true),
        (Principal::Everyone, service("ecs.amazonaws.com"), true),
        (account(), account(), true),
        (account(), role(), true),
        (account(), session(), true),
        (account(), arn("arn:aws:iam::444455556666:role/deploy"), false),
        (account(), service("ecs.amazonaws.com"), false),
        (account(), Principal::Everyone, false),
        (role(), role(), true),
        (role(), session(), true),
        (role(), account(), false),
        (role(), arn("arn:aws:sts::111122223333:assumed-role/deployer/anna"), false),
        (role(), arn("arn:aws:sts::444455556666:assumed-role/deploy/anna"), false),
        (role(), arn("arn:aws-cn:sts::111122223333:assumed-role/deploy/anna"), false),
        (role(), arn("arn:aws:iam::111122223333:role/OPS/deploy"), false),
        (arn("arn:aws:iam::111122223333:user/deploy"), session(), false),
        (
            arn("arn:aws:iam::111122223333:user/assumed-role"),
            arn("arn:aws:sts::111122223333:federated-user/x"),
            false,
        ),
        (session(), role(), false),
        (session(), arn("arn:aws:sts::111122223333:assumed-role/deploy/bert"), false),
        (service("ecs.amazonaws.com"), service("ecs.amazonaws.com"), true),
        (service("ecs.amazonaws.com"), service("ecs-tasks.amazonaws.com"), false),
    ] {
        assert_eq!(listed.covers(&other), covers, "{listed:?} of {other:?}");
    }
    let about = |kind, added: &str| of_kind(kind, added).document().statements()[0].clone();
    let except = about(
        DocumentKind::Resource,
        r#", "Action": "a:b", "NotPrincipal": {"AWS": "111122223333"}"#,
    );
    assert!(except.is_not_principal() && !except.covers_principal(&role()));
    assert!(except.covers_principal(&service("ecs.amazonaws.com")));
    let attached = about(DocumentKind::Identity, r#", "Action": "a:b", "Resource": "*""#);
    assert!(attached.principals().is_empty() && attached.covers_principal(&role()));
}

#[test]
fn what_aws_accepts_is_only_remarked() {
    let remarks = |version: &str, elements: &str| {
        let text = format!(
            "{{{version}\n\"Statement\": {{\"Effect\": \"Allow\", \"Action\": \"*\", {elements}}}}}"
        );
        let reading = Document::read(&text, DocumentKind::Identity);
        assert!(reading.errors().is_empty(), "{:?}", reading.errors());
        assert!(Document::parse(&text).is_ok());
        let said = |remark: &DocumentRemark| format!("{:?} {remark}", place(remark.span()));
        reading.remarks().iter().map(said).collect::<Vec<_>>()
    };
    let (new, old) = ("\"Version\": \"2012-10-17\",", "\"Version\": \"2008-10-17\",");
    let plain = "statement `1`: a policy variable is plain text before `Version` 2012-10-17";
    let nothing: [&str; 0] = [];
    assert_eq!(remarks(old, r#""Resource": "*""#), nothing);
    assert_eq!(remarks(new, r#""Resource": "arn:aws:s3:::x/${aws:username}""#), nothing);
    assert_eq!(
        remarks("", r#""Resource": "*""#),
        ["(1, 1) without `Version` the policy is read in the language of 2008"]
    );
    assert_eq!(
        remarks(old, r#""Resource": "arn:aws:s3:::x/${aws:username}""#),
        [format!("(2, 61) {plain}")]
    );
    assert_eq!(
        remarks(
            old,
            r#""Resource": "*", "Condition": {"StringLike": {"a:b": "${a:b}"}, "Null": {"a:b": "${a:b}"}}"#
        ),
        [format!("(2, 102) {plain}"), format!("(2, 129) {plain}")]
    );
    assert_eq!(
        remarks(new, r#""Resource": "arn:aws:kms:*:${aws:PrincipalAccount}:key/*""#),
        ["(2, 61) statement `1`: a policy variable stands before the resource part of an ARN"]
    );
}

#[test]
fn a_lenient_reading_says_everything_and_keeps_what_is_known() {
    let text = r#"{"Statement": [
        {"Sid": "a b", "Effect": "Allow", "Action": "*", "Resource": "*", "Owner": {"x": 1, "x": 2}},
        {"Sid": "B", "Effect": "allow", "Action": "Update", "Resource": "*"},
        {"Sid": "C", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringMatches": {"a:b": 1}}},
        {"Sid": "D", "Effect": "Deny", "Action": "*", "Resource": "*"}],
        "Owner": "ops", "Version": "2012-10-17"}"#;
    let reading = Document::read(text, DocumentKind::Identity);
    let said = |error: &DocumentError| format!("{} {error}", error.span().line());
    assert_eq!(
        reading.errors().iter().map(said).collect::<Vec<_>>(),
        [
            "2 statement `a b`: a Sid has letters and digits only",
            "2 statement `a b`: unknown element `Owner`",
            "3 statement `B`: effect `allow` does not exist, expected `Allow` or `Deny`",
            "3 statement `B`: action `Update` is not a service and a name, as in `ecs:UpdateService`",
            "4 statement `C`: unknown operator `StringMatches`",
            "6 unknown element `Owner`",
        ]
    );
    let document = reading.document();
    let names: Vec<String> = document.statements().iter().map(Statement::name).collect();
    assert_eq!(names, ["a b", "D"]);
    assert_eq!(document.version(), Version::V2012);
    assert_eq!(*document.json(), Json::parse(text).unwrap());
    assert_eq!(document.json().get("Owner").unwrap().to_string(), "\"ops\"");
}

#[test]
fn a_statement_is_as_written() {
    let text = "{\"Statement\": [{\"Effect\": \"Deny\", \"NotAction\": [\"IAM:*\", \"s3:*\"],\n\
        \"NotResource\": \"arn:aws:s3:::x/*\",\n\"Condition\": {\"Bool\": {\"a:b\": [true, 1.50]}}}]}";
    let document = Document::parse(text).unwrap();
    let statement = &document.statements()[0];
    assert_eq!(
        (statement.actions(), statement.is_not_action()),
        (&["IAM:*".into(), "s3:*".into()][..], true)
    );
    assert_eq!(
        (statement.resources(), statement.is_not_resource()),
        (&["arn:aws:s3:::x/*".into()][..], true)
    );
    assert_eq!(statement.conditions()[0].values(), ["true", "1.50"]);
    assert_eq!(place(statement.span()), (1, 16));
    assert_eq!(statement.place_of("NotResource").map(place), Some((2, 16)));
    assert_eq!(
        statement.place_of("Condition").and_then(|span| text.get(span.range())),
        Some("{\"Bool\": {\"a:b\": [true, 1.50]}}")
    );
    assert_eq!(statement.place_of("Resource"), None);
    let second =
        &document.json().get("Statement").unwrap().items()[0].get("NotAction").unwrap().items()[1];
    assert_eq!(place(second.span()), (1, 58));
}

#[test]
fn without_a_resource_a_statement_is_about_that_which_bears_it() {
    let reading = of_kind(DocumentKind::Trust, r#", "Principal": "*", "Action": "sts:AssumeRole""#);
    let statement = &reading.document().statements()[0];
    assert!(statement.resources().is_empty() && !statement.is_not_resource());
    let role = "arn:aws:iam::111122223333:role/deploy";
    assert_eq!(statement.applies(&Request::new("sts:AssumeRole", role)), Truth::Yes);
    assert_eq!(statement.applies(&Request::new("sts:TagSession", role)), Truth::No);
}

/// JSON of any shape that uses the words of the language.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "Version",
        "2012-10-17",
        "Statement",
        "Sid",
        "Effect",
        "Allow",
        "Action",
        "NotAction",
        "ecs:*",
        "*",
        "Resource",
        "Principal",
        "AWS",
        "Condition",
        "StringLike",
        "${a",
        "${aws:x, 'y'}",
        "arn:aws:ecs:*",
        "Null",
        "é→",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(word.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(Value::from_iter),
        ]
    })
}

/// One text or a list of some.
fn one_or_many(texts: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(texts).prop_map(Value::from),
        prop::collection::vec(prop::sample::select(texts), 1..3).prop_map(Value::from),
    ]
}

/// Documents that are accepted, in every order of elements.
fn any_document() -> impl Strategy<Value = Value> {
    let condition = (
        prop::sample::select(vec!["StringLike", "ForAllValues:ArnEquals", "Bool"]),
        prop_oneof![
            Just(json!(true)),
            Just(json!([false, 1.5, -7, "é \"\\ \n"])),
            one_or_many(&["${aws:username, 'x'}", ""]),
            Just(json!([])),
        ],
    );
    let statement = (
        prop::sample::select(vec!["Allow", "Deny"]),
        (prop::sample::select(vec!["Action", "NotAction"]), one_or_many(&["*", "ecs:Run?ask"])),
        (
            prop::sample::select(vec!["Resource", "NotResource"]),
            one_or_many(&["*", "arn:aws:s3:::x/${aws:username}"]),
        ),
        prop::option::of(condition),
    )
        .prop_map(|(effect, (action, actions), (resource, resources), condition)| {
            let mut elements = vec![
                ("Effect", json!(effect)),
                (action, actions),
                (resource, resources),
                ("Sid", json!("")),
            ];
            elements.extend(
                condition
                    .map(|(operator, values)| ("Condition", json!({operator: {"a:b": values}}))),
            );
            elements
        })
        .prop_shuffle()
        .prop_map(object)
        .boxed();
    let statements = prop_oneof![
        statement.clone(),
        prop::collection::vec(statement, 1..4).prop_map(Value::from),
    ];
    let version = prop::option::of(prop::sample::select(vec!["2008-10-17", "2012-10-17"]));
    (version, statements)
        .prop_map(|(version, statements)| {
            let mut members = vec![("Statement", statements), ("Id", json!("x"))];
            members.extend(version.map(|version| ("Version", json!(version))));
            members
        })
        .prop_shuffle()
        .prop_map(object)
}

fn object(members: Vec<(&'static str, Value)>) -> Value {
    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Checks that what is written is what was read.
fn check_round_trip(document: &Document, text: &str) {
    let written = document.to_string();
    // The other reader keeps order and kinds as well.
    let (before, after): (Value, Value) =
        (serde_json::from_str(text).unwrap(), serde_json::from_str(&written).unwrap());
    assert_eq!(before.to_string(), after.to_string());
    assert_eq!(Document::parse_as(document.kind(), &written).unwrap(), *document);
}

proptest! {
    #[test]
    fn what_is_read_is_written_back(document in any_document(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&document).unwrap() } else { document.to_string() };
        check_round_trip(&Document::parse(&text).unwrap(), &text);
    }

    #[test]
    fn reading_never_panics(text in ".{0,200}", json in any_json()) {
        for text in [&text, &json.to_string(), &json!({"Statement": json}).to_string()] {
            for kind in KINDS {
                let reading = Document::read(text, kind);
                prop_assert_eq!(reading.errors().is_empty(), Document::parse_as(kind, text).is_ok());
                let starts: Vec<_> = reading.errors().iter().map(|error| error.span().range().start).collect();
                prop_assert!(starts.is_sorted());
            }
            drop(serde_json::from_str::<Case>(text));
        }
    }

    #[test]
    fn json_is_what_the_other_reader_takes(text in "[\\[\\]{}:,\"a1.e+\\- \\\\\n]{0,12}", json in any_json()) {
        prop_assert_eq!(Json::parse(&text).is_ok(), serde_json::from_str::<Value>(&text).is_ok() || too_large(&text));
        let json = json.to_string();
        prop_assert_eq!(Json::parse(&json).unwrap().to_string(), json);
    }
}

/// Whether the other reader refuses a number for its size alone.
fn too_large(text: &str) -> bool {
    serde_json::from_str::<Value>(text)
        .is_err_and(|error| error.to_string().starts_with("number out of range"))
}

/// The policies and SCPs of a directory of corpora, by path.
fn corpora(root: &Path) -> Vec<PathBuf> {
    let mut directories = vec![root.join("policies"), root.join("scp")];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// What a file of the corpora is, by its name and whether a statement names principals.
fn kind_of(path: &Path, text: &str) -> DocumentKind {
    let path = path.to_string_lossy();
    match (
        text.contains("\"Principal\"") || text.contains("\"NotPrincipal\""),
        text.contains("Resource\""),
    ) {
        _ if path.contains("/resource_control_policies__") && path.ends_with("_rcp.json") => {
            DocumentKind::ResourceControl
        }
        (false, _) if path.contains("/scp/") => DocumentKind::ServiceControl,
        (false, _) => DocumentKind::Identity,
        (true, false) => DocumentKind::Trust,
        (true, true) => DocumentKind::Resource,
    }
}

/// Real policies, where `FORTEM_CORPORA` names a directory of them; nothing is checked without it.
#[test]
fn real_policies_are_read_where_there_are_some() {
    let Some(root) = std::env::var_os("FORTEM_CORPORA") else { return };
    let mut refused = BTreeMap::new();
    for path in corpora(Path::new(&root)) {
        let text = std::fs::read_to_string(&path).unwrap();
        match Document::parse_as(kind_of(&path, &text), &text) {
            Ok(document) => check_round_trip(&document, &text),
            Err(error) => {
                let managed = path.to_string_lossy().contains("/aws-managed/");
                assert!(!managed, "{}: {error}", path.display());
                let fault = format!("{:?}", error.fault());
                let name = fault.split(|character: char| !character.is_alphanumeric()).next();
                *refused.entry(name.unwrap().to_owned()).or_insert(0) += 1;
            }
        }
    }
    let refused: Vec<_> = refused.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    // Placeholders of documentation, and what the projects wrote to be refused; nothing that AWS would take.
    assert_eq!(
        refused,
        [
            ("Action", 3),
            ("BothElements", 1),
            ("ConditionKey", 1),
            ("DuplicateKey", 3),
            ("DuplicateSid", 1),
            ("Kind", 2),
            ("MissingElement", 7),
            ("Principal", 11),
            ("Resource", 6),
            ("SidCharacters", 1),
            ("Syntax", 6),
            ("UnknownEffect", 1),
            ("UnknownOperator", 1),
            ("Variable", 1),
        ]
    );
}
