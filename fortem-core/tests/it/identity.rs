//! Identities out of verified claims.

use std::time::SystemTime;

use fortem_core::engine::{Engine, Request, Resource, Session};
use fortem_core::{Identity, IdentityError, OidcClaims, SamlAttributes};
use serde_json::{Value, json};

fn oidc(claims: &Value) -> Result<Identity, IdentityError> {
    Identity::from_oidc(claims, &OidcClaims::default())
}

#[test]
fn claims_are_found_by_name_and_by_path() {
    let claims = json!({
        "sub": "1", "email": "zoe@example.org", "realm_access": {"roles": "ops"},
        "https://example.org/team": "payments", "amr": ["pwd", "mfa"],
    });
    let names = OidcClaims {
        id: "email".into(),
        groups: "realm_access.roles".into(),
        tags: [("Team".into(), "https://example.org/team".into()), ("Area".into(), "area".into())]
            .into(),
    };
    let expected =
        Identity::new("zoe@example.org").group("ops").tag("Team", "payments").with_mfa(true);
    assert_eq!(Identity::from_oidc(&claims, &names).unwrap(), expected);
}

#[test]
fn a_password_alone_is_no_second_factor() {
    assert!(!oidc(&json!({"sub": "zoe", "amr": ["pwd"]})).unwrap().mfa());
    assert!(!oidc(&json!({"sub": "zoe"})).unwrap().mfa());
}

#[test]
fn claims_that_do_not_say_who_are_refused() {
    for claims in [json!({}), json!({"sub": ""}), json!({"sub": null}), json!("zoe")] {
        assert_eq!(oidc(&claims), Err(IdentityError::NoId { claim: "sub".into() }), "{claims}");
    }
    for claims in
        [json!({"sub": 1}), json!({"sub": "a", "groups": [1]}), json!({"sub": "a", "groups": {}})]
    {
        assert!(matches!(oidc(&claims), Err(IdentityError::WrongType { .. })), "{claims}");
    }
}

#[test]
fn groups_that_are_left_out_are_not_none() {
    for claims in [
        json!({"sub": "zoe", "hasgroups": true}),
        json!({"sub": "zoe", "_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {}}}),
    ] {
        assert_eq!(oidc(&claims), Err(IdentityError::GroupsLeftOut), "{claims}");
    }
}

#[test]
fn an_assertion_has_one_id() {
    let names = SamlAttributes {
        tags: [("Area".into(), "area".into())].into(),
        ..SamlAttributes::default()
    };
    let texts = |many: &[&str]| many.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let mut attributes = std::collections::BTreeMap::from([
        ("NameID".to_owned(), texts(&["zoe"])),
        ("groups".to_owned(), texts(&["a", "b"])),
        ("area".to_owned(), texts(&["web"])),
    ]);
    let expected = Identity::new("zoe").group("a").group("b").tag("Area", "web");
    assert_eq!(Identity::from_saml(&attributes, &names).unwrap(), expected);
    attributes.insert("NameID".to_owned(), texts(&["zoe", "alice"]));
    let error = IdentityError::WrongType { claim: "NameID".into(), expected: "one value" };
    assert_eq!(Identity::from_saml(&attributes, &names), Err(error));
    attributes.remove("NameID");
    let error = IdentityError::NoId { claim: "NameID".into() };
    assert_eq!(Identity::from_saml(&attributes, &names), Err(error));
}

#[test]
fn a_session_has_the_second_factor_of_the_token() {
    let engine = Engine::load("../policies").unwrap();
    let task = Resource::new("Task", "4f3a").within("staging");
    for mfa in [true, false] {
        let carol = Identity::new("carol").with_mfa(mfa);
        let session = Session::of(&carol, SystemTime::UNIX_EPOCH);
        let request = Request::new(&carol, "execCommand", task, session);
        assert_eq!(engine.authorize(&request).unwrap().is_allowed(), mfa);
    }
}
