use super::{NamedDocument, Policies};
use crate::iam::{Context, Decision, Document, Reading, Request, Truth};

const SERVICE: &str = "arn:aws:ecs:eu-west-1:111122223333:service/staging/web";

/// A statement on all actions and resources whose one condition is unclear.
fn unclear(effect: &str) -> String {
    format!(
        r#"{{"Effect": "{effect}", "Action": "*", "Resource": "*", "Condition":
            {{"StringNotEquals": {{"aws:ResourceTag/team": "${{aws:PrincipalTag/team}}"}}}}}}"#
    )
}

fn document(statements: &[&str]) -> Document {
    let statements = statements.join(",");
    Document::parse(&format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#))
        .unwrap()
}

#[test]
fn an_unclear_statement_applies_under_one_reading_only() {
    let allow = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    let mut request = Request::new("ecs:StopTask", SERVICE);
    request.context_mut().insert("aws:ResourceTag/team", "a");
    for statements in [vec![unclear("Allow")], vec![allow.to_owned(), unclear("Deny")]] {
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let policies = Policies::of_identity([NamedDocument::new("p", document(&statements))]);
        let decision = |reading| policies.decide_under(&request, reading).decision();
        assert_eq!(policies.decide(&request).decision(), Decision::Allow);
        assert_eq!(decision(Reading::Permissive), Decision::Allow);
        assert_eq!(decision(Reading::Strict), Decision::Deny);
    }
}

#[test]
fn a_statement_tells_what_it_covers() {
    let document = document(&[r#"{"Effect": "Allow", "Action": "ecs:Stop*",
        "Resource": "arn:aws:ecs:*:*:service/${aws:PrincipalTag/env}/*"}"#]);
    let statement = &document.statements()[0];
    assert!(statement.covers_action("ecs:stoptask"));
    assert!(!statement.covers_action("ecs:runtask"));
    let mut context = Context::default();
    assert_eq!(statement.covers_resource(SERVICE, &context), Truth::No);
    context.insert("aws:PrincipalTag/env", "staging");
    assert_eq!(statement.covers_resource(SERVICE, &context), Truth::Yes);
}
