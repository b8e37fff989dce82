//! Calls for the AWS policy simulator, each with the answer that is expected of it.
//!
//! The documents are verified against Cedar by this crate's own model of IAM. The simulator is AWS's. The
//! calls are those of the lowering table: of each row of a role one on the environment that the person is in,
//! on another one, on production, and on something untagged.

mod call;
mod input;
mod witness;

use std::sync::Arc;

use fortem_core::{Environment, Source, Tier};
use serde::Serialize;

use self::call::{Caller, Target};
pub use self::input::{ContextEntry, SimulationInput};
use crate::Identity;
use crate::compile::Compiled;
use crate::iam::{Answer, Document, DocumentError, NamedDocument, Policies, Request, Values, Why};
use crate::lower::World;
use crate::model::{Alternative, Role};
use crate::output::OutputFile;
use crate::table::{Call, Channel, Kind, holds};

/// Asks the simulator every case.
const RUN: &str = include_str!("../data/run-simulation.sh");

/// What a directory of cases holds.
pub const CONTENTS: [&str; 4] = ["cases", "cases.json", "expected.tsv", "run.sh"];

/// What a call is made on, seen from whoever calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Something of the environment that the person is in.
    Own,
    /// Something of another environment.
    Other,
    /// Something of production, where the person is not.
    Production,
    /// Something with names of the own environment and without its tag.
    Untagged,
}

/// A call and what is expected of the simulator.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// Whose documents are asked.
    pub identity: Identity<'a>,
    /// The row of the lowering table.
    pub call: &'a Call,
    /// The kind of resource; none for a call without.
    pub kind: Option<&'a Kind>,
    /// What the call is made on.
    pub place: Place,
    /// The documents.
    pub documents: Arc<[String]>,
    /// The resource's ARN, or `*`.
    pub resource: String,
    /// The condition keys of the call.
    pub keys: Vec<(String, Values)>,
    /// What the documents say by this crate's model of IAM.
    pub expected: Answer,
}

/// The cases of everything that was compiled; of documents for one environment each, those of one environment a tier.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use fortem_compile::simulate::{Place, cases};
/// use fortem_compile::{compile, iam::Why};
/// use fortem_core::Source;
///
/// let source = Source::load("../policies")?;
/// let compiled = compile(&source, &["exec".to_owned()])?;
/// let world = compiled.world();
/// for case in cases(&source, &compiled, &world)? {
///     assert_eq!(case.expected.why() == Why::Allowed, case.place == Place::Own);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// When a document cannot be read back.
pub fn cases<'a>(
    source: &'a Source,
    compiled: &'a Compiled<'a>,
    world: &'a World<'a>,
) -> Result<Vec<Case<'a>>, DocumentError> {
    let mut cases = Vec::new();
    for role in &compiled.model.roles {
        for identity in identities(source, compiled, role) {
            let documents = compiled.documents.get(&identity).into_iter().flatten();
            let documents: Arc<[String]> =
                documents.map(super::emit::Document::to_compact_json).collect();
            let policies = policies(&documents)?;
            let asker = Asker { source, world, role, identity, documents, policies };
            cases.extend(asker.cases());
        }
    }
    Ok(cases)
}

/// One identity of each tier, or the one that there is.
fn identities<'a>(source: &Source, compiled: &'a Compiled<'a>, role: &Role) -> Vec<Identity<'a>> {
    let own = compiled.documents.keys().filter(|identity| identity.role == role.policy.id());
    let mut found: Vec<(Option<Tier>, Identity)> = Vec::new();
    for identity in own {
        let environment = identity.environment.and_then(|name| source.fleet().environment(name));
        let tier = environment.map(Environment::tier);
        if !found.iter().any(|(known, _)| *known == tier) {
            found.push((tier, *identity));
        }
    }
    found.into_iter().map(|(_, identity)| identity).collect()
}

fn policies(documents: &[String]) -> Result<Policies, DocumentError> {
    let documents = documents.iter().enumerate();
    let read = documents.map(|(index, text)| {
        Ok(NamedDocument::new((index + 1).to_string(), Document::parse(text)?))
    });
    Ok(Policies::of_identity(read.collect::<Result<Vec<_>, _>>()?))
}

/// Who asks about the calls of a role.
struct Asker<'a> {
    source: &'a Source,
    world: &'a World<'a>,
    role: &'a Role<'a>,
    identity: Identity<'a>,
    documents: Arc<[String]>,
    policies: Policies,
}

impl<'a> Asker<'a> {
    fn cases(&self) -> Vec<Case<'a>> {
        let schedule = self.world.fleet.schedule().as_str();
        let calls = self.world.table.calls.iter();
        let calls = calls.filter(|call| holds(call.schedule.as_deref(), schedule));
        calls.flat_map(|call| self.of_call(call)).collect()
    }

    /// The first way in which the role permits an action that takes the call.
    fn alternative(&self, call: &Call) -> Option<&'a Alternative<'a>> {
        let own = || self.role.actions.iter().filter(|action| call.actions.contains(**action));
        let mut alternatives = self.role.alternatives.iter();
        alternatives.find(|alternative| own().any(|action| alternative.is_about(action)))
    }

    fn of_call(&self, call: &'a Call) -> Vec<Case<'a>> {
        let Some(alternative) = self.alternative(call) else { return Vec::new() };
        let Some(own) = self.own(alternative) else { return Vec::new() };
        let caller = Caller::of(self.world, self.role, self.identity, own, alternative);
        let kinds = call.kinds.iter().filter_map(|name| self.world.table.kind(name)).map(Some);
        let kinds: Vec<Option<&Kind>> =
            kinds.chain(call.kinds.is_empty().then_some(None)).collect();
        let places = self.places(call, own);
        let pairs = kinds.iter().flat_map(|kind| places.iter().map(move |place| (*kind, place)));
        pairs
            .map(|(kind, (place, target))| self.case(&caller, call, kind, *place, *target))
            .collect()
    }

    fn case(
        &self,
        caller: &Caller,
        call: &'a Call,
        kind: Option<&'a Kind>,
        place: Place,
        target: Target,
    ) -> Case<'a> {
        let (resource, keys) = caller.call(call, kind, target);
        let mut request = Request::new(&call.api, &resource);
        for (key, values) in &keys {
            request.context_mut().insert(key, values.clone());
        }
        let (identity, documents) = (self.identity, Arc::clone(&self.documents));
        let expected = self.policies.decide(&request);
        Case { identity, call, kind, place, documents, resource, keys, expected }
    }

    /// The environment that the person is in: the one the documents are for, or the first that the role is given in
    /// and holds in, rather not production.
    fn own(&self, alternative: &Alternative) -> Option<&'a Environment> {
        let fleet = self.source.fleet();
        if let Some(name) = self.identity.environment {
            return fleet.environment(name);
        }
        let id = self.role.policy.id();
        let given = |environment: &Environment| {
            let mut own = fleet.assignments().iter().filter(|one| one.role() == id);
            own.any(|one| one.environments().any(|name| name == environment.name()))
        };
        let all = fleet.environments().iter();
        let held = all.filter(|environment| alternative.reach.covers(environment));
        held.min_by_key(|one| (one.tier() == Tier::Production, !given(one)))
    }

    fn places(&self, call: &Call, own: &'a Environment) -> Vec<(Place, Target<'a>)> {
        let others =
            || self.source.fleet().environments().iter().filter(|one| one.name() != own.name());
        let tagged = |environment| Target { tag: Some(environment), names: environment };
        let other = others().min_by_key(|one| one.tier() != own.tier());
        let production = others().find(|one| one.tier() == Tier::Production);
        let production = production.filter(|_| own.tier() != Tier::Production);
        let untagged = call.channels.contains(&Channel::ResourceTag);
        let untagged = untagged.then_some(Target { tag: None, names: own });
        let all = [
            Some((Place::Own, tagged(own))),
            other.map(|one| (Place::Other, tagged(one))),
            production.map(|one| (Place::Production, tagged(one))),
            untagged.map(|target| (Place::Untagged, target)),
        ];
        all.into_iter().flatten().collect()
    }
}

impl Case<'_> {
    /// The answer that is expected, in the words of the simulator.
    #[must_use]
    pub fn decision(&self) -> &'static str {
        match self.expected.why() {
            Why::Allowed => "allowed",
            Why::ImplicitlyDenied => "implicitDeny",
            Why::ExplicitlyDenied => "explicitDeny",
        }
    }
}

/// A case in the list of all.
#[derive(Serialize)]
struct Entry<'c> {
    file: &'c str,
    role: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'c str>,
    actions: Vec<&'c str>,
    api: &'c str,
    resource: &'c str,
    place: Place,
    expected: &'static str,
    /// The statements that decide.
    statements: Vec<String>,
    /// What AWS's documentation leaves open about the call.
    open: Vec<String>,
}

#[derive(Serialize)]
struct Listing<'c> {
    version: u32,
    cases: Vec<Entry<'c>>,
}

/// A directory of cases: the input of each for `aws iam simulate-custom-policy --cli-input-json`, what is expected, and
/// a script that asks them all.
///
/// # Errors
///
/// When a case cannot be written as JSON.
pub fn files(world: &World, cases: &[Case]) -> Result<Vec<OutputFile>, serde_json::Error> {
    let mut files = Vec::new();
    let mut expected = String::new();
    let mut entries = Vec::new();
    let names: Vec<String> =
        cases.iter().enumerate().map(|(index, case)| name(index, case)).collect();
    for (file, case) in names.iter().zip(cases) {
        let input = SimulationInput::of(world.reference, case);
        files.push((file.clone(), serde_json::to_string_pretty(&input)? + "\n"));
        expected.extend([case.decision(), "\t", file, "\n"]);
        entries.push(Entry {
            file,
            role: case.identity.role,
            environment: case.identity.environment,
            actions: case.call.actions.iter().map(String::as_str).collect(),
            api: &case.call.api,
            resource: &case.resource,
            place: case.place,
            expected: case.decision(),
            statements: case.expected.matched().iter().map(ToString::to_string).collect(),
            open: case.expected.doubts().iter().map(ToString::to_string).collect(),
        });
    }
    let listing = Listing { version: 1, cases: entries };
    files.push(("cases.json".to_owned(), serde_json::to_string_pretty(&listing)? + "\n"));
    files.push(("expected.tsv".to_owned(), expected));
    files.push(("run.sh".to_owned(), RUN.to_owned()));
    Ok(files)
}

/// `cases/developer/012-ecs-StopTask-task-own.json`.
fn name(index: usize, case: &Case) -> String {
    let kind = case.kind.map(|kind| format!("-{}", kind.name)).unwrap_or_default();
    let place = match case.place {
        Place::Own => "own",
        Place::Other => "other",
        Place::Production => "production",
        Place::Untagged => "untagged",
    };
    let (folder, api) = (case.identity.name("/"), case.call.api.replace(':', "-"));
    format!("cases/{folder}/{:03}-{api}{kind}-{place}.json", index + 1)
}
