//! The engine as JSON: requests and answers follow their schemas.

use fortem_core::engine::{Change, Engine};
use fortem_core::json::{self, REQUEST_SCHEMA, RESPONSE_SCHEMA};
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use std::sync::LazyLock;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load("../policies").unwrap());
pub(crate) static REQUEST: LazyLock<Validator> = LazyLock::new(|| validator(REQUEST_SCHEMA));
static RESPONSE: LazyLock<Validator> = LazyLock::new(|| validator(RESPONSE_SCHEMA));

fn validator(schema: &str) -> Validator {
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

/// The answer, which follows the schema.
pub(crate) fn call(engine: &Engine, request: &str) -> Value {
    let answer = serde_json::from_str(&json::call(engine, request)).unwrap();
    let errors: Vec<String> = RESPONSE.iter_errors(&answer).map(|one| one.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new(), "{request}: {answer}");
    answer
}

fn code(request: &Value) -> String {
    let answer = call(&ENGINE, &request.to_string());
    answer["error"]["code"].as_str().unwrap_or_default().to_owned()
}

fn restart() -> Value {
    json!({"authorize": {
        "principal": {"user": "alice"}, "action": "restartService",
        "resource": {"kind": "Service", "id": "orders-api", "environment": "staging"},
        "session": {"now": "2026-03-02T09:30:00Z"},
    }})
}

#[test]
fn every_example_of_the_schema_is_answered() {
    let engine = Engine::load("../policies").unwrap();
    let schema: Value = serde_json::from_str(REQUEST_SCHEMA).unwrap();
    let examples = schema["examples"].as_array().unwrap();
    let mut calls: Vec<&str> = Vec::new();
    for example in examples {
        assert!(REQUEST.is_valid(example), "{example}");
        let answer = call(&engine, &example.to_string());
        assert_eq!(answer.get("error"), None, "{example}: {answer}");
        calls.extend(example.as_object().unwrap().keys().map(String::as_str));
    }
    for one in schema["oneOf"].as_array().unwrap() {
        let name = one["required"][0].as_str().unwrap();
        assert!(calls.contains(&name), "no example of {name}");
    }
}

#[test]
fn decisions_are_those_of_the_engine() {
    let answer = call(&ENGINE, &restart().to_string());
    assert_eq!(answer["decision"]["allowed"], true);
    let mut prod = restart();
    prod["authorize"]["resource"]["environment"] = "production".into();
    let answer = call(&ENGINE, &prod.to_string());
    assert_eq!(
        answer["decision"]["reason"],
        "never-prod forbids it: Nothing happens in production"
    );
}

#[test]
fn what_cannot_be_asked_is_an_error() {
    let with = |pointer: &str, value: Value| {
        let mut request = restart();
        *request.pointer_mut(pointer).unwrap() = value;
        code(&request)
    };
    assert_eq!(with("/authorize/principal/user", json!("mallory")), "unknown_user");
    assert_eq!(with("/authorize/action", json!("operate")), "unknown_action");
    assert_eq!(with("/authorize/resource/kind", json!("Server")), "unknown_kind");
    assert_eq!(with("/authorize/resource/kind", json!("Task")), "not_applicable");
    assert_eq!(with("/authorize/resource/environment", json!("stagin")), "unknown_environment");
    assert_eq!(with("/authorize/session", json!({})), "bad_request");
    assert_eq!(with("/authorize/session/now", json!("yesterday")), "bad_request");
    assert_eq!(
        with("/authorize/session", json!({"now": "2026-03-02T09:30:00Z", "mfaa": true})),
        "bad_request"
    );
    assert_eq!(code(&json!({"reboot": {}})), "bad_request");
    assert_eq!(code(&json!({"stats": {}, "matrix": {}})), "bad_request");
}

#[test]
fn changes_that_cannot_be_made_say_why() {
    let assign = |role: &str, user: &str, environment: &str| {
        code(
            &json!({"assign": {"role": role, "assignee": {"user": user}, "environment": environment}}),
        )
    };
    assert_eq!(assign("develper", "alice", "qa"), "unknown_role");
    assert_eq!(assign("developer", "mallory", "qa"), "unknown_user");
    assert_eq!(assign("developer", "alice", "nowhere"), "unknown_environment");
    assert_eq!(assign("exec", "carol", "staging"), "already_assigned");
    let policies =
        json!({"apply": {"changes": [{"replace_policies": {"policies": {"a": "permit"}}}]}});
    let answer = call(&ENGINE, &policies.to_string());
    assert_eq!(answer["error"]["code"], "policies");
    assert_eq!(answer["error"]["problems"][0]["code"], "fortem::engine::refused");
}

#[test]
fn what_was_applied_can_be_kept_and_done_again() {
    let (one, other) = (Engine::load("../policies").unwrap(), Engine::load("../policies").unwrap());
    let request = json!({"assign": {"role": "developer", "assignee": {"user": "bob"}, "environment": "staging"}});
    let answer = call(&one, &request.to_string());
    let changes: Vec<Change> =
        serde_json::from_value(answer["applied"]["changes"].clone()).unwrap();
    assert_ne!(one.matrix(), other.matrix());
    other.apply(&changes).unwrap();
    assert_eq!(one.matrix(), other.matrix());
}

proptest! {
    #[test]
    fn every_answer_follows_its_schema(
        user in select(vec!["alice", "bob", "carol", "mallory"]),
        action in select(vec!["restartService", "execCommand", "flushCache", "viewStatus", "nap"]),
        kind in select(vec!["Service", "Task", "Cache", "Environment", "Boat"]),
        environment in select(vec![json!("staging"), json!("production"), json!("x"), Value::Null]),
        mfa in any::<bool>(),
        detail in select(vec![json!("*"), json!(["*"]), json!(1), json!(true), json!({"kind": "Cluster", "id": "c"}), json!(1.5)]),
    ) {
        let request = json!({"authorize": {
            "principal": {"user": user}, "action": action,
            "resource": {"kind": kind, "id": "staging", "environment": environment},
            "session": {"now": "2026-03-02T09:30:00Z", "mfa": mfa},
            "details": {"pattern": detail},
        }});
        let answer = call(&ENGINE, &request.to_string());
        let refused = answer["error"]["code"] == "bad_request";
        prop_assert_eq!(REQUEST.is_valid(&request), !refused);
        call(&ENGINE, &json!({"permissions": {"principal": {"user": user}}}).to_string());
        call(&ENGINE, &json!({"who_can": {"action": action, "environment": environment}}).to_string());
    }

    #[test]
    fn any_text_is_answered(text in "\\PC*") {
        prop_assert_eq!(&call(&ENGINE, &text)["error"]["code"], "bad_request");
    }
}
