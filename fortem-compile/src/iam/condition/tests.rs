//! Conditions on a call that has some keys and lacks others.

use super::Condition;
use crate::iam::request::Context;
use crate::iam::truth::{Ambiguity, Truth};

const YES: Truth = Truth::Yes;
const NO: Truth = Truth::No;
const UNRESOLVED: Truth = Truth::Unclear(Ambiguity::UnresolvedVariable);
const EMPTY: Truth = Truth::Unclear(Ambiguity::EmptyVariable);
const SEVERAL: Truth = Truth::Unclear(Ambiguity::SeveralValues);

fn context() -> Context {
    let mut context = Context::default();
    for (key, value) in [
        ("aws:ResourceTag/Environment", "staging"),
        ("aws:ResourceTag/empty", ""),
        ("aws:PrincipalTag/Environment", "staging"),
        ("aws:PrincipalTag/empty", ""),
        ("aws:MultiFactorAuthAge", "3600"),
        ("aws:CurrentTime", "2026-07-01T12:00:00Z"),
        ("aws:SecureTransport", "true"),
        ("aws:SourceIp", "203.0.113.7"),
        ("ecs:cluster", "arn:aws:ecs:eu-west-1:111122223333:cluster/staging"),
        ("x:Binary", "QmluYXJ5"),
    ] {
        context.insert(key, value);
    }
    context.insert("aws:TagKeys", vec!["Environment".to_owned(), "Owner".to_owned()]);
    context.insert("x:Nothing", Vec::new());
    context
}

/// Checks rows of operator, key, values and what follows.
fn check(rows: &[(&str, &str, &[&str], Truth)]) {
    for (operator, key, values, expected) in rows {
        let texts = values.iter().map(|value| (*value).to_owned()).collect();
        let condition =
            Condition::new((*operator).to_owned(), (*key).to_owned(), texts, true).unwrap();
        assert_eq!(condition.holds(&context()), *expected, "{operator} {key} {values:?}");
    }
}

const RT: &str = "aws:ResourceTag/Environment";
const ABSENT: &str = "aws:ResourceTag/team";

#[test]
fn strings() {
    check(&[
        ("StringEquals", RT, &["staging"], YES),
        ("StringEquals", RT, &["Staging"], NO),
        ("StringEquals", RT, &["prod", "staging"], YES),
        ("StringEquals", RT, &["stag*"], NO),
        ("StringEquals", "AWS:resourcetag/ENVIRONMENT", &["staging"], YES),
        ("StringEquals", RT, &[], NO),
        ("StringNotEquals", RT, &["prod"], YES),
        ("StringNotEquals", RT, &["prod", "staging"], NO),
        ("StringNotEquals", RT, &[], YES),
        ("StringEqualsIgnoreCase", RT, &["STAGING"], YES),
        ("StringEqualsIgnoreCase", RT, &["STAG*"], NO),
        ("StringNotEqualsIgnoreCase", RT, &["STAGING"], NO),
        ("StringLike", RT, &["stag*"], YES),
        ("StringLike", RT, &["stag?"], NO),
        ("StringLike", RT, &["STAG*"], NO),
        ("StringNotLike", RT, &["stag*"], NO),
        ("StringNotLike", RT, &["prod*"], YES),
        ("StringLike", "aws:ResourceTag/empty", &["?*"], NO),
    ]);
}

#[test]
fn absent_keys() {
    check(&[
        ("StringEquals", ABSENT, &["x"], NO),
        ("StringNotEquals", ABSENT, &["x"], YES),
        ("StringNotLike", ABSENT, &["*"], YES),
        ("StringNotEqualsIgnoreCase", ABSENT, &["x"], YES),
        ("ArnLike", ABSENT, &["*"], NO),
        ("ArnNotLike", ABSENT, &["*"], YES),
        ("NumericNotEquals", ABSENT, &["1"], YES),
        ("NumericLessThan", ABSENT, &["1"], NO),
        ("DateNotEquals", ABSENT, &["2026-01-01"], YES),
        ("Bool", ABSENT, &["false"], NO),
        ("IpAddress", ABSENT, &["0.0.0.0/0"], NO),
        ("NotIpAddress", ABSENT, &["0.0.0.0/0"], YES),
        ("BinaryEquals", ABSENT, &[""], NO),
        ("StringEqualsIfExists", ABSENT, &["x"], YES),
        ("StringNotEqualsIfExists", ABSENT, &["x"], YES),
        ("BoolIfExists", ABSENT, &["true"], YES),
        ("StringEqualsIfExists", RT, &["x"], NO),
        ("StringNotEqualsIfExists", RT, &["staging"], NO),
    ]);
}

#[test]
fn presence() {
    check(&[
        ("Null", ABSENT, &["true"], YES),
        ("Null", ABSENT, &["false"], NO),
        ("Null", RT, &["true"], NO),
        ("Null", RT, &["false"], YES),
        ("Null", "aws:ResourceTag/empty", &["false"], YES),
        ("Null", "x:Nothing", &["true"], YES),
        ("Null", RT, &["true", "false"], YES),
        ("Null", RT, &["maybe"], NO),
    ]);
}

#[test]
fn several_values() {
    check(&[
        ("ForAllValues:StringEquals", "aws:TagKeys", &["Environment", "Owner", "team"], YES),
        ("ForAllValues:StringEquals", "aws:TagKeys", &["Environment"], NO),
        ("ForAllValues:StringEquals", "aws:TagKeys", &["environment", "owner"], NO),
        ("ForAnyValue:StringEquals", "aws:TagKeys", &["Owner"], YES),
        ("ForAnyValue:StringEquals", "aws:TagKeys", &["team"], NO),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", &["team"], YES),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", &["Owner"], NO),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", &["Owner"], YES),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", &["Owner", "Environment"], NO),
        ("ForAnyValue:StringLike", "aws:TagKeys", &["Own*"], YES),
        ("ForAllValues:StringEquals", RT, &["staging"], YES),
        ("StringEquals", "aws:TagKeys", &["Owner"], SEVERAL),
        ("StringEquals", "aws:TagKeys", &["team"], NO),
        ("StringNotEquals", "aws:TagKeys", &["Owner"], SEVERAL),
        ("StringNotEquals", "aws:TagKeys", &["team"], SEVERAL),
    ]);
    for key in [ABSENT, "x:Nothing"] {
        check(&[
            ("ForAllValues:StringEquals", key, &["x"], YES),
            ("ForAllValues:StringNotEquals", key, &["x"], YES),
            ("ForAllValues:StringEqualsIfExists", key, &["x"], YES),
            ("ForAnyValue:StringEquals", key, &["x"], NO),
            ("ForAnyValue:StringNotEquals", key, &["x"], NO),
            ("ForAnyValue:StringEqualsIfExists", key, &["x"], NO),
        ]);
    }
}

#[test]
fn numbers_dates_and_booleans() {
    check(&[
        ("NumericEquals", "aws:MultiFactorAuthAge", &["3600.0"], YES),
        ("NumericNotEquals", "aws:MultiFactorAuthAge", &["3600"], NO),
        ("NumericLessThan", "aws:MultiFactorAuthAge", &["3600"], NO),
        ("NumericLessThanEquals", "aws:MultiFactorAuthAge", &["3600"], YES),
        ("NumericGreaterThan", "aws:MultiFactorAuthAge", &["900"], YES),
        ("NumericGreaterThanEquals", "aws:MultiFactorAuthAge", &["3601"], NO),
        ("NumericLessThan", RT, &["10"], NO),
        ("NumericNotEquals", RT, &["10"], YES),
        ("DateEquals", "aws:CurrentTime", &["1782907200"], YES),
        ("DateNotEquals", "aws:CurrentTime", &["2026-07-01T12:00:00Z"], NO),
        ("DateLessThan", "aws:CurrentTime", &["2026-07-01T12:00:01Z"], YES),
        ("DateLessThanEquals", "aws:CurrentTime", &["2026-07-01T12:00:00Z"], YES),
        ("DateGreaterThan", "aws:CurrentTime", &["2026-07-01T12:00:00Z"], NO),
        ("DateGreaterThanEquals", "aws:CurrentTime", &["2026-07-01"], YES),
        ("Bool", "aws:SecureTransport", &["true"], YES),
        ("Bool", "aws:SecureTransport", &["False"], NO),
        ("Bool", RT, &["staging"], NO),
        ("BinaryEquals", "x:Binary", &["QmluYXJ5"], YES),
        ("BinaryEquals", "x:Binary", &["qmluyxj5"], NO),
    ]);
}

#[test]
fn addresses_and_arns() {
    check(&[
        ("IpAddress", "aws:SourceIp", &["10.0.0.0/8", "203.0.113.0/24"], YES),
        ("NotIpAddress", "aws:SourceIp", &["10.0.0.0/8", "203.0.113.0/24"], NO),
        ("NotIpAddress", "aws:SourceIp", &["10.0.0.0/8"], YES),
        ("ArnEquals", "ecs:cluster", &["arn:aws:ecs:*:*:cluster/stag*"], YES),
        ("ArnLike", "ecs:cluster", &["arn:aws:ecs:*:cluster/staging"], NO),
        ("ArnNotEquals", "ecs:cluster", &["arn:aws:ecs:*:*:cluster/prod*"], YES),
        ("ArnNotLike", "ecs:cluster", &["arn:aws:ecs:*:*:cluster/*"], NO),
        ("ArnEquals", RT, &["*:*:*:*:*:*"], NO),
        ("StringLike", "ecs:cluster", &["arn:aws:ecs:*:cluster/staging"], YES),
    ]);
}

#[test]
fn variables_in_values() {
    check(&[
        ("StringEquals", RT, &["${aws:PrincipalTag/Environment}"], YES),
        ("StringEquals", RT, &["${aws:PrincipalTag/team}"], NO),
        ("StringEquals", RT, &["${aws:PrincipalTag/team, 'staging'}"], YES),
        ("StringEquals", RT, &["${aws:PrincipalTag/team}", "staging"], YES),
        ("StringNotEquals", RT, &["${aws:PrincipalTag/team}"], UNRESOLVED),
        ("StringNotEquals", RT, &["${aws:PrincipalTag/team}", "staging"], NO),
        ("StringNotEquals", ABSENT, &["${aws:PrincipalTag/team}"], UNRESOLVED),
        ("StringNotEqualsIfExists", ABSENT, &["${aws:PrincipalTag/team}"], YES),
        ("StringEquals", ABSENT, &["${aws:PrincipalTag/team}"], NO),
        ("StringEquals", "aws:ResourceTag/empty", &["${aws:PrincipalTag/empty}"], EMPTY),
        ("StringNotEquals", RT, &["${aws:PrincipalTag/empty}"], EMPTY),
        (
            "ArnLike",
            "ecs:cluster",
            &["arn:aws:ecs:*:*:cluster/${aws:PrincipalTag/Environment}"],
            YES,
        ),
        ("NumericEquals", "aws:MultiFactorAuthAge", &["${aws:MultiFactorAuthAge}"], NO),
        ("Bool", "aws:SecureTransport", &["${aws:SecureTransport}"], YES),
    ]);
}

#[test]
fn the_older_version_has_no_variables() {
    let value = "${aws:PrincipalTag/Environment}".to_owned();
    let condition =
        Condition::new("StringEquals".to_owned(), RT.to_owned(), vec![value], false).unwrap();
    assert_eq!(condition.holds(&context()), NO);
}
