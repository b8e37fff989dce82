//! What schemas beside the policies, and the fleet, add to the vocabulary.

use fortem_core::engine::Engine;
use fortem_core::{ContextType, Problems, Source, SourceFile, Vocabulary};
use insta::assert_snapshot;
use proptest::collection;
use proptest::prelude::*;
use proptest::sample::select;

use crate::rendered::rendered;

const FLEET: &str = "[[environment]]\nname = \"dev\"\ntier = \"nonproduction\"\n";

const BUCKETS: &str = r#"// Buckets, and what is in them.
namespace Fortem {
  @doc("An S3 bucket.")
  entity Bucket in [Environment] tags String;

  @doc("What is done in the dark of the night.")
  action maintain;

  @doc("Read what is in a bucket.")
  action readObjects in [observe] appliesTo {
    principal: User,
    resource: Bucket,
    context: Session,
  };

  type Dated = { mfa: Bool, source_ip?: ipaddr, now?: datetime, approval?: String, before: datetime };

  @doc("Delete what is old.")
  action cleanUp in [operate, maintain] appliesTo {
    principal: [User],
    resource: [Bucket, Service],
    context: Dated,
  };
}
"#;

const POLICY: &str = r#"@id("cleaner")
permit (
  principal in ?principal,
  action in [Fortem::Action::"maintain", Fortem::Action::"readObjects"],
  resource is Fortem::Bucket in ?resource
) when { context.mfa && resource.hasTag("Old") };
"#;

fn parse(fleet: &str, files: &[(&str, &str)]) -> Result<Source, Problems> {
    let files: Vec<_> = files.iter().map(|(name, text)| SourceFile::new(name, *text)).collect();
    Source::parse(&SourceFile::new("fleet.toml", fleet), &files)
}

fn problems(fleet: &str, files: &[(&str, &str)]) -> String {
    rendered(&parse(fleet, files).expect_err("a mistake"))
}

#[test]
fn kinds_and_actions_are_added() {
    let files = [("buckets.cedarschema", BUCKETS), ("cleaner.cedar", POLICY)];
    let source = parse(FLEET, &files).unwrap();
    let vocabulary = source.vocabulary();
    let read = vocabulary.action("readObjects").unwrap();
    assert_eq!(
        (read.doc(), read.kinds()),
        ("Read what is in a bucket.", &["Bucket".to_owned()][..])
    );
    assert!(vocabulary.members("observe").contains("readObjects"));
    assert!(vocabulary.members("operate").contains("cleanUp"));
    assert!(vocabulary.members("operate").contains("restartService"));
    assert_eq!(vocabulary.members("maintain"), ["cleanUp"].into());
    let before =
        vocabulary.action("cleanUp").unwrap().context().find(|(name, _)| *name == "before");
    assert_eq!(before, Some(("before", Some(ContextType::DateTime))));
    assert_eq!(Vocabulary::builtin().action("readObjects"), None);
    assert!(parse(FLEET, &[("cleaner.cedar", POLICY)]).is_err());
}

#[test]
fn schemas_may_name_what_another_adds() {
    let action = "namespace Fortem { action listBuckets in [maintain] appliesTo \
                  { principal: User, resource: Bucket, context: Session }; }";
    let files = [("a.cedarschema", action), ("b.cedarschema", BUCKETS), ("cleaner.cedar", POLICY)];
    let source = parse(FLEET, &files).unwrap();
    assert!(source.vocabulary().members("maintain").contains("listBuckets"));
}

#[test]
fn a_source_without_additions_has_the_vocabulary_that_is_built_in() {
    let source = parse(FLEET, &[]).unwrap();
    assert!(std::ptr::eq(source.vocabulary().schema(), Vocabulary::builtin().schema()));
}

#[test]
fn a_schema_that_cannot_be_read_is_reported_with_its_place() {
    let outside = "entity Bucket in [Fortem::Environment];\nnamespace Shop { entity Basket; }\n";
    let unknown = "namespace Fortem {\n  action a in [observe] appliesTo { principal: User, resource: Bukket, context: Session };\n}";
    let files = [("a.cedarschema", "namespace Fortem {\n  entity Bucket entity\n}\n")];
    assert_snapshot!("syntax", problems(FLEET, &files));
    assert_snapshot!("outside", problems(FLEET, &[("a.cedarschema", outside)]));
    // The place is found behind another file.
    let files = [("a.cedarschema", BUCKETS), ("b.cedarschema", unknown), ("cleaner.cedar", POLICY)];
    assert_snapshot!("unknown", problems(FLEET, &files));
}

#[test]
fn what_is_there_is_not_declared_again() {
    let again = "namespace Fortem {\n  entity Service in [Environment];\n  entity Bucket in [Environment];\n  \
                 action operate;\n  action \"execCommand\" appliesTo { principal: User, resource: Task, context: {} };\n  \
                 type Session = { mfa: Bool };\n  type ipaddr = String;\n}\n";
    let files = [("a.cedarschema", BUCKETS), ("b.cedarschema", again)];
    assert_snapshot!(problems(FLEET, &files));
}

#[test]
fn kinds_and_actions_that_no_request_can_be_about_are_refused() {
    let wrong = r#"namespace Fortem {
  entity Alone;
  entity Owned in [Environment] { owner: String };
  entity Counted in [Environment] tags Long;
  entity Deep in [Environment, Cluster];
  entity Color enum ["red"];
  action a in [opperate] appliesTo { principal: User, resource: Service, context: Session };
  action b in [execCommand] appliesTo { principal: User, resource: Service, context: Session };
  action c appliesTo { principal: Team, resource: Service, context: Session };
  action d appliesTo { principal: User, resource: [Service, Team], context: Session };
  action e appliesTo { principal: User, resource: Service };
  action f appliesTo { principal: User, resource: Service, context: { mfa: Bool, source_ip?: ipaddr, now?: datetime, approval: String } };
}
"#;
    assert_snapshot!(problems(FLEET, &[("wrong.cedarschema", wrong)]));
}

#[test]
fn schemas_nested_more_deeply_than_cedar_can_read_are_refused() {
    let schema = |types: &str| {
        let schema = format!("namespace Fortem {{ {types} }}");
        parse(FLEET, &[("deep.cedarschema", &schema)]).map_err(|problems| rendered(&problems))
    };
    let sets = |depth| format!("type A = {}Long{};", "Set<".repeat(depth), ">".repeat(depth));
    let records = |depth| format!("type A = {}Long{};", "{ a: ".repeat(depth), "}".repeat(depth));
    let chain = |length: usize| {
        let first = "type T0 = Long;".to_owned();
        let nested = |of: String| "Set<".repeat(9) + &of + &">".repeat(9);
        let rest = (1..length)
            .map(|number| format!("type T{number} = {};", nested(format!("T{}", number - 1))));
        [first].into_iter().chain(rest).collect::<String>()
    };
    for text in [sets(9), records(9), chain(30)] {
        assert!(schema(&text).is_ok(), "{text}");
    }
    for text in [sets(20_000), records(20_000), chain(31)] {
        assert!(schema(&text).unwrap_err().contains("fortem::vocabulary::nesting"));
    }
    let groups = (1..200).map(|number| format!("action g{number} in [g{}];", number - 1));
    assert!(schema(&("action g0;".to_owned() + &groups.collect::<String>())).is_ok());
    assert!(schema("type A = B; type B = A;").unwrap_err().contains("fortem::vocabulary::refused"));
    assert!(
        schema("action a in [b]; action b in [a];")
            .unwrap_err()
            .contains("fortem::vocabulary::refused")
    );
}

#[test]
fn the_fleet_adds_attributes_to_every_context() {
    let fleet = "[context]\napproval = \"aws:PrincipalTag/Approval\"\n\
                 mfa_age = { key = \"aws:MultiFactorAuthAge\", type = \"Long\" }\n\
                 via = { key = \"aws:SourceVpce\", type = \"String\" }\n"
        .to_owned()
        + FLEET;
    let policy = "@id(\"fresh\") permit (principal in ?principal, action, resource in ?resource)\n\
                  when { context has mfa_age && context.mfa_age < 3600 };\n";
    let files = [("fresh.cedar", policy), ("buckets.cedarschema", BUCKETS)];
    let source = parse(&fleet, &files).unwrap();
    for action in source.vocabulary().actions() {
        let context: Vec<_> = action.context().collect();
        assert!(context.contains(&("mfa_age", Some(ContextType::Long))), "{}", action.name());
        assert!(context.contains(&("now", Some(ContextType::DateTime))), "{}", action.name());
    }
    assert!(parse(FLEET, &files).is_err());
}

#[test]
fn attributes_that_do_not_fit_the_vocabulary_are_refused() {
    let fleet = "[context]\naproval = \"aws:PrincipalTag/Approval\"\n\
                 mfa = { key = \"aws:MultiFactorAuthPresent\", type = \"String\" }\n\
                 command = { key = \"aws:RequestTag/Command\", type = \"String\" }\n"
        .to_owned()
        + FLEET;
    // The policy that needs what is wrong here is not told to be wrong as well.
    let policy =
        "@id(\"sure\") forbid (principal, action, resource) unless { context has aproval };\n";
    assert_snapshot!(problems(&fleet, &[("sure.cedar", policy)]));
}

/// Pieces of schemas, right and wrong.
fn piece() -> impl Strategy<Value = String> {
    let pieces = vec![
        "namespace Fortem {",
        "namespace Other {",
        "}",
        "entity Queue",
        "entity Service",
        "entity A, B",
        "in [Environment]",
        "in [Team]",
        "tags String",
        "tags Long",
        "{ a: Long }",
        "enum [\"r\"]",
        ";",
        "action purge",
        "action \"é\\\"\"",
        "in [operate]",
        "in [purge]",
        "in [Other::Action::\"x\"]",
        "appliesTo {",
        "principal: User,",
        "principal: Team,",
        "resource: Queue,",
        "resource: [Service, Task],",
        "context: Session",
        "context: { mfa: Bool }",
        "context: T",
        "type T = Session;",
        "type T = { a?: Set<Long>, b: T };",
        "type String = Long;",
        "@doc(\"x\")",
        "// comment\n",
    ];
    select(pieces).prop_map(str::to_owned)
}

/// A schema that is right but for what may stand in the middle of it.
fn schema() -> impl Strategy<Value = String> {
    let pieces = |most| collection::vec(piece(), 0..most).prop_map(|all| all.join(" "));
    prop_oneof![
        pieces(12),
        pieces(4).prop_map(|one| format!("namespace Fortem {{ entity Queue in [Environment]; {one} }}")),
        pieces(3).prop_map(|one| format!(
            "namespace Fortem {{ action purge in [operate] appliesTo {{ principal: User, resource: Service, context: Session }}; {one} }}"
        )),
    ]
}

proptest! {
    #[test]
    fn any_schema_is_added_or_refused(one in schema(), other in schema()) {
        let files = [("a.cedarschema", one.as_str()), ("b.cedarschema", other.as_str())];
        match parse(FLEET, &files) {
            Ok(source) => prop_assert!(Engine::of(&source).is_ok()),
            Err(problems) => prop_assert!(!rendered(&problems).is_empty()),
        }
    }
}
