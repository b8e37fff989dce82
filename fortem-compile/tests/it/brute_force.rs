//! Calls by the thousand, each judged by a specification of its own, against what the verifier finds in
//! a few it chose itself.
//!
//! The role restarts services and stops tasks. What its documents ought to say about every call is said
//! here in a few lines, from Cedar's answers alone; the documents are read by the evaluator of these tests.

use std::collections::BTreeMap;

use fortem_compile::verify::{Difference, Kind, Verifier};
use fortem_compile::{compile, output};
use fortem_core::Source;
use serde_json::{Value, json};

use crate::differential::{Question, cedar_allows};
use crate::evaluator::{self, Context, allows};
use crate::mutation::{Mutant, judge, mutants};
use crate::policies::source;

const ROLE: &str = "permit (principal in ?principal, action in [Fortem::Action::\"restartService\", \
    Fortem::Action::\"redeployService\", Fortem::Action::\"stopTask\"], resource in ?resource);";

const FLEET: &str = r#"
[names]
clusters = ["{environment}", "fleet-{environment}"]
[[environment]]
name = "alpha"
tier = "nonproduction"
aliases = ["first"]
[[environment]]
name = "beta"
tier = "nonproduction"
[[environment]]
name = "prod"
tier = "production"
aliases = ["production"]
"#;

/// One call: an API action, a resource and the keys it shows.
#[derive(Debug)]
struct Call {
    api: &'static str,
    resource: String,
    context: Context,
}

impl Call {
    fn shows(&self, key: &str) -> Option<&str> {
        self.context.get(&key.to_lowercase())?.first().map(String::as_str)
    }

    fn is_allowed_by(&self, documents: &[Value]) -> bool {
        let Self { api, resource, context } = self;
        allows(documents, &evaluator::Call { action: api, resource, context }).0
    }
}

const TAGS: [Option<&str>; 8] = [
    None,
    Some(""),
    Some("alpha"),
    Some("first"),
    Some("beta"),
    Some("PROD"),
    Some("production"),
    Some("nowhere"),
];

const CLUSTERS: [Option<&str>; 6] = [
    None,
    Some("alpha"),
    Some("fleet-alpha"),
    Some("alpha-2"),
    Some("beta"),
    Some("fleet-production"),
];

const DEFINITIONS: [Option<&str>; 3] = [None, Some("alpha-web:1"), Some("alpha:1")];

fn arn(rest: &str) -> String {
    format!("arn:aws:ecs:eu-west-1:111122223333:{rest}")
}

/// Every call of the role's API actions, with each tag, cluster and task definition.
fn calls() -> Vec<Call> {
    let mut calls = Vec::new();
    for principal in TAGS {
        for tag in TAGS {
            for cluster in CLUSTERS {
                let with =
                    |api, definition, exec| call(api, principal, tag, cluster, definition, exec);
                calls.push(with("ecs:StopTask", None, None));
                for definition in DEFINITIONS {
                    for exec in [None, Some("true")] {
                        calls.push(with("ecs:UpdateService", definition, exec));
                    }
                }
            }
        }
    }
    calls
}

fn call(
    api: &'static str,
    principal: Option<&str>,
    tag: Option<&str>,
    cluster: Option<&str>,
    definition: Option<&str>,
    exec: Option<&str>,
) -> Call {
    let keys = [
        ("aws:PrincipalTag/Environment", principal.map(str::to_owned)),
        ("aws:ResourceTag/Environment", tag.map(str::to_owned)),
        ("ecs:cluster", cluster.map(|name| arn(&format!("cluster/{name}")))),
        ("ecs:task-definition", definition.map(|name| arn(&format!("task-definition/{name}")))),
        ("ecs:enable-execute-command", exec.map(str::to_owned)),
    ];
    let shown =
        keys.into_iter().filter_map(|(key, value)| Some((key.to_lowercase(), vec![value?])));
    let kind = if api == "ecs:StopTask" { "task" } else { "service" };
    let resource = arn(&format!("{kind}/{}/web", cluster.unwrap_or("elsewhere")));
    Call { api, resource, context: shown.collect() }
}

/// What documents ought to say about the role's calls.
struct Specification<'a> {
    source: &'a Source,
    /// API action and environment → whether Cedar permits a person of the environment what it takes.
    permitted: BTreeMap<(&'static str, &'static str), bool>,
}

impl<'a> Specification<'a> {
    fn of(source: &'a Source) -> Self {
        let mut permitted = BTreeMap::new();
        for (api, action) in [("ecs:UpdateService", "restartService"), ("ecs:StopTask", "stopTask")]
        {
            for place in ["alpha", "beta", "prod", "nowhere"] {
                let environment = Some(place);
                let question =
                    Question { role: "role-0x", assigned: place, action, environment, mfa: false };
                permitted.insert((api, place), cedar_allows(source, &question));
            }
        }
        Self { source, permitted }
    }

    /// What the fleet does not know is all the same to Cedar.
    fn permits(&self, api: &'static str, name: &str) -> bool {
        let known = self.permitted.get(&(api, name)).or(self.permitted.get(&(api, "nowhere")));
        known.copied().unwrap()
    }

    /// Whether a guard closes an environment to an API action.
    fn is_closed(&self, api: &'static str, name: &str) -> bool {
        !self.permits(api, name)
    }

    /// Whether a tag shows a closed environment; where the unknown is closed, so is having none.
    fn tag_is_closed(&self, api: &'static str, tag: Option<&str>, by_alias: bool) -> bool {
        let mut environments = self.source.fleet().environments().iter();
        if self.is_closed(api, "nowhere") {
            return environments.all(|one| {
                let is_own = tag == Some(one.name())
                    || (by_alias && one.spellings().any(|spelling| tag == Some(spelling)));
                self.is_closed(api, one.name()) || !is_own
            });
        }
        environments.any(|one| {
            let mut spellings = one.spellings();
            self.is_closed(api, one.name())
                && spellings
                    .any(|spelling| tag.is_some_and(|tag| tag.eq_ignore_ascii_case(spelling)))
        })
    }

    /// Whether the call must be denied explicitly, whatever else allows it.
    fn forbids(&self, call: &Call) -> bool {
        let principal = call.shows("aws:PrincipalTag/Environment");
        let cluster = call.shows("ecs:cluster").and_then(|arn| arn.rsplit('/').next());
        let mut environments = self.source.fleet().environments().iter();
        let in_closed_cluster = environments.any(|one| {
            self.is_closed(call.api, one.name())
                && one.spellings().any(|spelling| {
                    cluster == Some(spelling) || cluster == Some(&format!("fleet-{spelling}"))
                })
        });
        principal == Some("")
            || self.tag_is_closed(call.api, principal, false)
            || self.tag_is_closed(call.api, call.shows("aws:ResourceTag/Environment"), true)
            || in_closed_cluster
            || call.shows("ecs:enable-execute-command") == Some("true")
    }

    /// Whether the documents must allow the call: each thing it shows is of the principal's environment.
    fn grants(&self, call: &Call) -> bool {
        let Some(own) = call.shows("aws:PrincipalTag/Environment") else { return false };
        let is = |key: &str, names: &[String]| {
            call.shows(key).is_some_and(|value| names.iter().any(|name| value == arn(name)))
        };
        let clusters = [format!("cluster/{own}"), format!("cluster/fleet-{own}")];
        let definition = call.shows("ecs:task-definition");
        let family = arn(&format!("task-definition/{own}-"));
        self.permits(call.api, own)
            && call.shows("aws:ResourceTag/Environment") == Some(own)
            && is("ecs:cluster", &clusters)
            && definition.is_none_or(|definition| definition.starts_with(&family))
            && !self.forbids(call)
    }

    /// In which way documents are wrong about a call, if they are.
    fn judge(&self, document: &Value, call: &Call) -> Option<Kind> {
        let everything = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
        let allowed = call.is_allowed_by(std::slice::from_ref(document));
        let denied = !call.is_allowed_by(&[document.clone(), everything]);
        match (allowed, self.grants(call), denied, self.forbids(call)) {
            (true, false, ..) => Some(Kind::Excess),
            (false, true, ..) => Some(Kind::Shortfall),
            (_, _, false, true) => Some(Kind::Unguarded),
            (_, _, true, false) => Some(Kind::Overreach),
            _ => None,
        }
    }
}

/// The call that the verifier shows; nothing if it is none of the role's own.
fn replayed(found: &Difference) -> Option<Call> {
    let own = ["ecs:UpdateService", "ecs:StopTask"];
    let api = own.into_iter().find(|own| *own == found.api())?;
    let principal = found.principal().map(|tag| vec![tag.to_owned()]);
    let principal = principal.map(|tag| ("aws:principaltag/environment".to_owned(), tag));
    let keys = found.keys().iter().map(|(key, values)| (key.to_lowercase(), values.clone()));
    let resource = found.resource().to_owned();
    Some(Call { api, resource, context: keys.chain(principal).collect() })
}

/// The documents of the role under some guards are right about every call. Of those with a fault, if a
/// call shows it the verifier finds it; and the call that the verifier shows is wrong as it says.
fn agree(guards: &[&str]) {
    let calls = calls();
    assert_eq!(calls.len(), 8 * 8 * 6 * (1 + 3 * 2));
    let source = source(FLEET, &[ROLE], guards);
    let specification = Specification::of(&source);
    let compiled = compile(&source, &[]).unwrap();
    let (_, text) = &output::documents(&compiled)[0];
    let document: Value = serde_json::from_str(text).unwrap();
    for call in &calls {
        assert_eq!(specification.judge(&document, call), None, "{call:?}");
    }
    let mut verifier = Verifier::new(&source, compiled.world());
    let (mut wrong, mut shown) = (0, 0);
    for Mutant { fault, document } in mutants(&document) {
        let found = judge(&mut verifier, "role-0x", &document);
        // Some of them will do, in changing places.
        let mut some = calls.iter().skip(wrong % 3).step_by(3);
        if let Some(call) = some.find(|call| specification.judge(&document, call).is_some()) {
            wrong += 1;
            assert!(found.is_some(), "{fault}: {call:?}");
        }
        if let Some(found) = found
            && let Some(call) = replayed(&found)
        {
            shown += 1;
            assert_eq!(
                specification.judge(&document, &call),
                Some(found.kind()),
                "{fault}: {found}"
            );
        }
    }
    assert!(wrong >= 20 && shown >= 14, "{wrong} {shown}");
}

#[test]
fn the_verifier_agrees_with_many_calls_without_a_guard() {
    agree(&[]);
}

#[test]
fn the_verifier_agrees_with_many_calls_where_production_is_closed() {
    agree(&[
        "forbid (principal, action, resource) when { resource in Fortem::Tier::\"production\" };",
    ]);
}

#[test]
fn the_verifier_agrees_with_many_calls_where_all_but_nonproduction_is_closed() {
    agree(&[
        "forbid (principal, action, resource) unless { resource in Fortem::Tier::\"nonproduction\" };",
    ]);
}

#[test]
fn the_verifier_agrees_with_many_calls_where_one_action_is_closed() {
    agree(&[
        "forbid (principal, action == Fortem::Action::\"stopTask\", resource in Fortem::Environment::\"beta\");",
    ]);
}
