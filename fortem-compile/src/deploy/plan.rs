//! What is made in AWS, whatever tool makes it.

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::{Fleet, Mode, Problem, Problems, Source};
use serde_json::Value;

use crate::output::Artifact;
use crate::quota::{Quota, Quotas};

/// What stands before the name of every policy and role, unless whoever makes them says otherwise.
pub(super) const NAME_PREFIX: &str = "fortem-";

/// Policies, roles and what belongs to the organization, each in the order of its file.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) policies: Vec<ManagedPolicy<'a>>,
    pub(super) roles: Vec<IamRole<'a>>,
    pub(super) organization: Vec<OrganizationPolicy<'a>>,
}

/// A customer managed policy: what a role may do, or the boundary of it.
#[derive(Debug)]
pub(super) struct ManagedPolicy<'a> {
    /// The path of its document without the extension: `identity/developer`.
    pub(super) path: &'a str,
    /// Without the prefix.
    pub(super) name: String,
    pub(super) document: Value,
}

/// A role in AWS: a role of the fleet in one environment.
#[derive(Debug)]
pub(super) struct IamRole<'a> {
    /// Without the prefix.
    pub(super) name: String,
    pub(super) description: Option<&'a str>,
    pub(super) tag: Option<(String, String)>,
    /// Paths of its policies, without the extension.
    pub(super) policies: Vec<&'a str>,
    pub(super) boundary: Option<&'a str>,
}

/// A policy of AWS Organizations.
#[derive(Debug)]
pub(super) struct OrganizationPolicy<'a> {
    pub(super) path: &'a str,
    /// Without the prefix.
    pub(super) name: String,
    pub(super) kind: OrganizationPolicyKind,
    pub(super) document: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrganizationPolicyKind {
    ServiceControl,
    Tag,
}

impl OrganizationPolicyKind {
    /// As the API of Organizations calls it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::Tag => "TAG_POLICY",
        }
    }
}

impl<'a> Plan<'a> {
    pub(super) fn of(source: &'a Source, artifacts: &'a [Artifact]) -> Self {
        let policies = artifacts.iter().filter_map(managed).collect();
        let organization = artifacts.iter().filter_map(organization).collect();
        Self { policies, roles: roles(source, artifacts), organization }
    }

    /// IAM takes the names.
    pub(super) fn check(&self) -> Result<(), Problems> {
        let quotas = Quotas::builtin();
        let policies = self.policies.iter().map(|one| one.name.as_str());
        let roles = self.roles.iter().map(|one| one.name.as_str());
        let mut problems = taken_twice(policies.clone(), "policies");
        problems.extend(taken_twice(roles.clone(), "roles"));
        problems.extend(too_long(policies, &quotas.managed_policy_name));
        problems.extend(too_long(roles, &quotas.role_name));
        Problems::unless(problems, ())
    }
}

fn taken_twice<'n>(names: impl Iterator<Item = &'n str>, what: &str) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    let repeated: BTreeSet<&str> = names.filter(|name| !seen.insert(*name)).collect();
    let problem = |name: &str| {
        let message = format!("two {what} in AWS would have the name `{name}`");
        Problem::new("fortem::deploy::same_name", message)
            .help("a name is put together from a role and an environment; give one of them another")
    };
    repeated.into_iter().map(problem).collect()
}

fn too_long<'n>(names: impl Iterator<Item = &'n str>, quota: &Quota) -> Vec<Problem> {
    let names = names.map(|name| format!("{NAME_PREFIX}{name}"));
    let problem = |name: String| {
        let Quota { what, limit, .. } = quota;
        let message = format!("`{name}` is longer than the {limit} characters of {what}");
        Problem::new("fortem::deploy::long_name", message)
            .help("give the role or the environment a shorter name")
    };
    names.filter(|name| !quota.size(name).fits()).map(problem).collect()
}

fn managed<'a>(artifact: &'a Artifact) -> Option<ManagedPolicy<'a>> {
    let path = artifact.file.strip_suffix(".json")?;
    let name = policy_name(path)?;
    Some(ManagedPolicy { path, name, document: serde_json::from_str(&artifact.text).ok()? })
}

/// The name of the policy that is made of a document, by the path of the document without the extension.
pub(super) fn policy_name(path: &str) -> Option<String> {
    let (kind, name) = path.split_once('/')?;
    let name = name.replace('/', "-");
    match kind {
        "identity" => Some(name),
        "boundary" => Some(format!("{name}-boundary")),
        _ => None,
    }
}

fn organization<'a>(artifact: &'a Artifact) -> Option<OrganizationPolicy<'a>> {
    let path = artifact.file.strip_suffix(".json")?;
    let (kind, name) = path.split_once('/')?;
    let kind = match kind {
        "scp" => OrganizationPolicyKind::ServiceControl,
        "tag-policy" => OrganizationPolicyKind::Tag,
        _ => return None,
    };
    let document = serde_json::from_str(&artifact.text).ok()?;
    Some(OrganizationPolicy { path, name: name.replace('/', "-"), kind, document })
}

/// A role in AWS for each pair of role and environment that is assigned to somebody.
fn roles<'a>(source: &'a Source, artifacts: &'a [Artifact]) -> Vec<IamRole<'a>> {
    let fleet = source.fleet();
    let mut pairs: BTreeSet<(&str, Option<&str>)> = BTreeSet::new();
    for assignment in fleet.assignments() {
        let mut environments = assignment.environments().peekable();
        if environments.peek().is_none() {
            pairs.insert((assignment.role(), None));
        }
        pairs.extend(environments.map(|environment| (assignment.role(), Some(environment))));
    }
    let docs: BTreeMap<&str, &str> = source.roles().map(|role| (role.id(), role.doc())).collect();
    let mut by_role: BTreeMap<(&str, &str), Vec<&Artifact>> = BTreeMap::new();
    for artifact in artifacts {
        if let Some(role) = artifact.role {
            by_role.entry((artifact.kind(), role)).or_default().push(artifact);
        }
    }
    let of = |kind: &str, role: &str, environment: Option<&str>| -> Vec<&'a str> {
        let own = by_role.get(&(kind, role)).into_iter().flatten();
        let own = own.filter(|one| one.environment.is_none() || one.environment == environment);
        own.filter_map(|one| one.file.strip_suffix(".json")).collect()
    };
    let role = |(role, environment): (&'a str, Option<&str>)| IamRole {
        name: environment.map_or_else(|| role.to_owned(), |name| format!("{role}-{name}")),
        description: docs.get(role).copied().filter(|doc| is_description(doc)),
        tag: environment.map(|environment| tag(fleet, role, environment)),
        policies: of("identity", role, environment),
        boundary: of("boundary", role, environment).first().copied(),
    };
    // A role without a policy was not compiled, or may do nothing there.
    pairs.into_iter().map(role).filter(|role| !role.policies.is_empty()).collect()
}

/// The tag that says which environment a role is in.
fn tag(fleet: &Fleet, role: &str, environment: &str) -> (String, String) {
    let key = fleet.tag_key();
    match fleet.mode_of(role) {
        Mode::Slots => (format!("{key}1"), environment.to_owned()),
        Mode::Abac | Mode::Literal => (key.to_owned(), environment.to_owned()),
    }
}

/// Whether a document is planned for, and not only a file.
pub(super) fn is_planned(artifact: &Artifact) -> bool {
    managed(artifact).is_some() || organization(artifact).is_some()
}

/// What IAM takes as a description (IAM API Reference, `CreateRole`).
fn is_description(text: &str) -> bool {
    let allowed = |c: char| matches!(c, ' '..='~' | '\u{a1}'..='\u{ff}');
    !text.is_empty() && text.chars().count() <= 1_000 && text.chars().all(allowed)
}
