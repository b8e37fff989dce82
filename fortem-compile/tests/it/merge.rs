//! Merging changes how statements are written, never what they allow.

use std::collections::BTreeSet;

use fortem_compile::Identity;
use fortem_compile::context::ContextKeys;
use fortem_compile::lower::{World, lower};
use fortem_compile::merge::merge;
use fortem_compile::reference::{Action, ArnPattern, Reference};
use fortem_compile::statement::Statement;
use fortem_compile::table::Table;
use fortem_compile::{emit, model};
use fortem_core::Source;
use serde_json::Value;

use crate::evaluator::{Call, Context, allows};

/// The statements of a shipped role as they come from the lowering table.
fn plain(role: &str) -> Vec<Statement> {
    let source = Source::load("../policies").unwrap();
    let world = World::new(&source, Table::builtin(), Reference::builtin().unwrap());
    let keys = ContextKeys::of(source.fleet(), world.reference).unwrap();
    let model = model::build(&source, &keys).unwrap();
    let role = model.roles.iter().find(|one| one.policy.id() == role).unwrap();
    lower(&world, &model, role, Identity::of(role.policy.id())).unwrap().statements
}

fn document(statements: &[Statement]) -> Value {
    let documents = emit::documents(statements, usize::MAX).unwrap();
    let [document] = documents.as_slice() else { panic!("one document") };
    serde_json::from_str(&document.to_json()).unwrap()
}

const ROLES: [&str; 4] = ["developer", "exec", "log-viewer", "operator"];

#[test]
fn merging_twice_is_merging_once() {
    let reference = Reference::builtin().unwrap();
    for role in ROLES {
        let once = merge(reference, plain(role));
        assert_eq!(merge(reference, once.clone()), once, "{role}");
    }
}

#[test]
fn merging_makes_fewer_statements_with_names_of_their_own() {
    let reference = Reference::builtin().unwrap();
    for role in ROLES {
        let (before, after) = (plain(role), merge(reference, plain(role)));
        assert!(after.len() < before.len(), "{role}");
        let names: BTreeSet<&str> = after.iter().map(Statement::sid).collect();
        assert_eq!(names.len(), after.len(), "{role}");
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_alphanumeric())));
    }
}

/// Each API action of the reference on a resource of each kind, with every key that could matter shown
/// as one's own, another's, or not at all.
#[test]
fn merged_statements_allow_what_the_plain_ones_do() {
    let resources = [
        "cluster/staging",
        "cluster/prod",
        "service/staging/web",
        "service/qa/web",
        "task/staging/1",
        "task/prod/1",
        "task-definition/staging-web:1",
        "service-deployment/staging/web/1",
    ];
    let other = [
        "arn:aws:logs:eu-west-1:1:log-group:/ecs/staging/web:*",
        "arn:aws:logs:eu-west-1:1:log-group:/ecs/qa/web:log-stream:x",
        "arn:aws:elasticache:eu-west-1:1:user:x",
        "arn:aws:elasticache:eu-west-1:1:replicationgroup:redis-prod",
        "arn:aws:events:eu-west-1:1:rule/x",
        "arn:aws:iam::1:role/ecs/staging/web",
        "*",
    ];
    let ecs = resources.map(|rest| format!("arn:aws:ecs:eu-west-1:1:{rest}"));
    let resources: Vec<String> = ecs.into_iter().chain(other.map(str::to_owned)).collect();
    let reference = Reference::builtin().unwrap();
    // The other two are granted nothing that these are not.
    for role in ["developer", "exec"] {
        let (plain, merged) = (document(&plain(role)), document(&merge(reference, plain(role))));
        let mut allowed = 0;
        for action in reference.matching("*") {
            for resource in resources.iter().filter(|resource| possible(action, resource)) {
                for context in contexts() {
                    let call = Call { action: action.name(), resource, context: &context };
                    let before = allows(std::slice::from_ref(&plain), &call).0;
                    let after = allows(std::slice::from_ref(&merged), &call).0;
                    assert_eq!(before, after, "{role} {} {resource} {context:?}", action.name());
                    allowed += usize::from(after);
                }
            }
        }
        assert!(allowed > 0, "{role}");
    }
}

/// Whether AWS would authorize the API action on the resource at all.
fn possible(action: &Action, resource: &str) -> bool {
    let arn = ArnPattern::new(resource);
    let mut types = action.resource_types().iter();
    if resource == "*" { types.next().is_none() } else { types.any(|of| of.arn().overlaps(&arn)) }
}

fn contexts() -> impl Iterator<Item = Context> {
    let keys = [
        ("aws:resourcetag/environment", "staging", "qa"),
        ("aws:requesttag/environment", "staging", "qa"),
        (
            "ecs:cluster",
            "arn:aws:ecs:eu-west-1:1:cluster/staging",
            "arn:aws:ecs:eu-west-1:1:cluster/qa",
        ),
    ];
    (0..27).map(move |number: usize| {
        let fixed = [
            ("aws:principaltag/environment", "staging"),
            ("aws:multifactorauthpresent", "true"),
            ("aws:tagkeys", "Environment"),
            ("ecs:createaction", "RunTask"),
            ("iam:passedtoservice", "ecs-tasks.amazonaws.com"),
        ];
        let mut context: Context = fixed
            .iter()
            .map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()]))
            .collect();
        let mut rest = number;
        for (key, own, foreign) in keys {
            let value = [None, Some(own), Some(foreign)][rest % 3];
            context.extend(value.map(|value| (key.to_owned(), vec![value.to_owned()])));
            rest /= 3;
        }
        context
    })
}
