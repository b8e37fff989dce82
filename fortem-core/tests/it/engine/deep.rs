//! Conditions that are long or nested deeply: answered or refused, never passed over.

use std::str::FromStr;
use std::time::SystemTime;

use cedar_policy::PolicySet;
use fortem_core::engine::{Change, ChangeError, Engine, Request, RequestError, Resource, Session};
use fortem_core::{Fleet, Problems, Roles, Source, SourceFile};

const FLEET: &str =
    "[[environment]]\nname = \"dev\"\ntier = \"nonproduction\"\n[[user]]\nname = \"alice\"\n";

fn guarded(condition: &str) -> String {
    format!(
        "@id(\"all\") permit (principal, action, resource);\n\
         @id(\"guard\") forbid (principal, action, resource) when {{ {condition} }};"
    )
}

/// True with an approval, after `terms` that are not.
fn chain(terms: usize) -> String {
    "context.mfa || ".repeat(terms) + "context has approval"
}

fn engine(policies: &str) -> Result<Engine, Problems> {
    let fleet = Fleet::parse(&SourceFile::new("fleet.toml", FLEET), &Roles::any())?;
    Engine::new(&PolicySet::from_str(policies).unwrap(), &fleet)
}

fn restart(engine: &Engine) -> Result<bool, RequestError> {
    let session = Session::at(SystemTime::UNIX_EPOCH).approval("yes");
    let service = Resource::new("Service", "orders-api").within("dev");
    let request = Request::new("alice", "restartService", service, session);
    engine.authorize(&request).map(|decision| decision.is_allowed())
}

fn refusal(problems: &Problems) -> String {
    let told = problems.as_slice().iter().map(|one| format!("{}: {one}", one.code()));
    told.collect::<Vec<_>>().concat()
}

#[test]
fn a_guard_with_a_long_condition_is_asked() {
    assert_eq!(restart(&engine(&guarded(&chain(190))).unwrap()), Ok(false));
}

#[test]
fn a_chain_of_ten_thousand_terms_is_refused() {
    let problems = engine(&guarded(&chain(10_000))).unwrap_err();
    let expected = "fortem::cedar::nesting: nested 10003 deep, where 200 is the most";
    assert_eq!(refusal(&problems), expected);
}

#[test]
fn what_would_break_the_parser_is_refused_before() {
    let (open, close) = ("!(".repeat(5_000), ")".repeat(5_000));
    let text = guarded(&format!("{open}context.mfa{close}"));
    let (fleet, policies) =
        (SourceFile::new("fleet.toml", FLEET), SourceFile::new("a.cedar", &text));
    let problems = Source::parse(&fleet, std::slice::from_ref(&policies)).unwrap_err();
    assert!(refusal(&problems).starts_with("fortem::cedar::nesting"), "{}", refusal(&problems));

    let engine = engine(&guarded("context.mfa")).unwrap();
    let policies = [("guard".to_owned(), text)].into();
    let error = engine.apply(&[Change::ReplacePolicies { policies }]).unwrap_err();
    assert!(matches!(error, ChangeError::Policies(_)), "{error}");
}

#[test]
fn policies_at_the_limit_are_parsed_and_asked() {
    for condition in [
        format!("{}context has approval{}", "(".repeat(98), ")".repeat(98)),
        format!("{}context has approval{}", "!(".repeat(64), ")".repeat(64)),
        "if context.mfa then false else ".repeat(190) + "context has approval",
    ] {
        let policies = SourceFile::new("a.cedar", guarded(&condition));
        let source = Source::parse(&SourceFile::new("fleet.toml", FLEET), &[policies]).unwrap();
        let engine = Engine::new(&source.policy_set(), source.fleet()).unwrap();
        assert_eq!(restart(&engine), Ok(false), "{condition}");
    }
}

/// Cedar passes over a policy that it has no stack for; what it would forbid must not be allowed then.
#[test]
fn a_guard_is_not_passed_over_for_want_of_stack() {
    let engine = engine(&guarded(&chain(190))).unwrap();
    let answer = std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(400 * 1024);
        small.spawn_scoped(scope, || restart(&engine)).unwrap().join().unwrap()
    });
    // A build with optimisation needs less, and can answer.
    let right = if cfg!(debug_assertions) { Err(RequestError::Stack) } else { Ok(false) };
    assert_eq!(answer, right);
}

/// JSON readers stop at some 128 levels; policies are recorded as text, which has none.
#[test]
fn a_recorded_change_of_long_policies_can_be_read_again() {
    let engine = engine(&guarded("context.mfa")).unwrap();
    let long = PolicySet::from_str(&guarded(&chain(190))).unwrap();
    let change = engine.replace_policies(&long).unwrap();
    let recorded = serde_json::to_string(&change).unwrap();
    assert_eq!(serde_json::from_str::<Change>(&recorded).unwrap(), change);
    assert_eq!(restart(&engine), Ok(false));
}
