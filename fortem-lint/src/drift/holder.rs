//! For which roles of the source a principal stands.
//!
//! A role of the account stands for `developer` in `staging` if it is called so, as `fortem-compile` names the roles it
//! deploys: `developer-staging`, with whatever before it. One that is called after the role alone is in the environment
//! of its tag, or, if it takes its tags from the session as a permission set does, in each that the fleet assigns. An
//! IAM user stands for the person of the same name. What policies are attached says nothing, since that they are attached
//! to the right principal is what is asked; but of a role whose name says nothing, it is all there is to go by.

use std::collections::BTreeSet;

use fortem_core::Mode;
use serde::Serialize;

use super::Intended;
use crate::facts::{Facts, Subject, accepts_session_tags};
use crate::unit::{Owner, Principal, PrincipalKind};

/// A role of the source in an environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Part {
    /// The role.
    pub role: String,
    /// The environment; none for a role that says itself where it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

/// A principal, and what it stands for.
#[derive(Debug, Clone, Serialize)]
pub struct Holder {
    /// The ARN.
    pub principal: String,
    /// The roles that it stands for.
    pub parts: Vec<Part>,
    /// Whether the fleet assigns the roles; otherwise the source permits the principal nothing.
    pub is_assigned: bool,
    /// Whether sessions bring the environment's tag along.
    pub takes_session_tags: bool,
    /// What says for which roles it stands.
    pub by: By,
    /// Whether it has a permissions boundary.
    pub has_boundary: bool,
    #[serde(skip)]
    modes: Vec<Mode>,
    #[serde(skip)]
    tag_key: String,
}

/// What says for which roles a principal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Its own name.
    Name,
    /// The names of its policies.
    Policies,
}

/// Sessions of a principal that are alike.
#[derive(Debug, Clone)]
pub(super) struct Sessions {
    /// What they may do by the source.
    pub(super) parts: Vec<Part>,
    /// The environment tags that the source wants of them.
    pub(super) meant: Vec<(String, String)>,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`", self.role)?;
        self.environment.iter().try_for_each(|name| write!(f, " in `{name}`"))
    }
}

impl Holder {
    /// The principal of a subject, if the source has roles for it.
    #[must_use]
    pub fn of(subject: &Subject<'_>, facts: &Facts<'_>, intended: &Intended) -> Option<Self> {
        let principal = subject.principal()?;
        let environment = facts.environments.tag_key();
        let takes_session_tags = principal.kind == PrincipalKind::Role
            && accepts_session_tags(facts, principal)
            && principal.tag(environment).is_none();
        let by_name = match principal.kind {
            PrincipalKind::Role => of_role(principal, facts, intended, takes_session_tags),
            PrincipalKind::User => of_user(principal, facts, intended),
        };
        let by = if by_name.is_some() { By::Name } else { By::Policies };
        let by_policy = || of_policies(subject, facts, intended, takes_session_tags);
        let parts = by_name.or_else(by_policy)?;
        Some(Self {
            principal: principal.arn.clone(),
            is_assigned: parts.iter().any(|part| intended.assigned().contains(part)),
            modes: parts.iter().map(|part| intended.mode_of(&part.role)).collect(),
            parts,
            takes_session_tags,
            by,
            has_boundary: principal.boundary.is_some(),
            tag_key: environment.to_owned(),
        })
    }

    /// The kinds of sessions: one for each environment where sessions bring the tag along, otherwise one for all.
    pub(super) fn sessions(&self) -> Vec<Sessions> {
        let parts = if self.is_assigned { self.parts.clone() } else { Vec::new() };
        if !self.takes_session_tags {
            return vec![Sessions { meant: self.meant(&self.parts), parts }];
        }
        let environments: BTreeSet<_> = self.parts.iter().map(|part| &part.environment).collect();
        let of = |environment: &Option<String>| {
            let of: Vec<Part> = self
                .parts
                .iter()
                .filter(|part| part.environment == *environment)
                .cloned()
                .collect();
            let meant = self.meant(&of);
            Sessions { parts: if self.is_assigned { of } else { Vec::new() }, meant }
        };
        environments.into_iter().map(of).collect()
    }

    /// The environment tags that documents of these roles ask for.
    fn meant(&self, parts: &[Part]) -> Vec<(String, String)> {
        let of: BTreeSet<&str> =
            parts.iter().filter_map(|part| part.environment.as_deref()).collect();
        if self.modes.contains(&Mode::Slots) {
            let numbered = of.into_iter().enumerate();
            let tag = |(at, name): (usize, &str)| {
                (format!("{}{}", self.tag_key, at + 1), name.to_owned())
            };
            return numbered.map(tag).collect();
        }
        of.into_iter().take(1).map(|name| (self.tag_key.clone(), name.to_owned())).collect()
    }

    /// The roles in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(ToString::to_string).collect();
        parts.join(", ")
    }
}

/// What stands before the names of what `fortem-compile` deploys, unless whoever deploys says otherwise.
const PREFIX: &str = "fortem-";

fn of_role(
    principal: &Principal,
    facts: &Facts<'_>,
    intended: &Intended,
    takes_session_tags: bool,
) -> Option<Vec<Part>> {
    let name = without_identity_center(&principal.name).to_lowercase();
    let environments = facts.environments.all();
    let spelt = environments.iter().flat_map(|one| one.spellings().map(move |by| (one, by)));
    let spelt: Vec<_> = spelt.collect();
    let pairs = intended.roles().iter().flat_map(|role| {
        let of_environment = spelt.iter().flat_map(move |(one, by)| {
            [format!("{role}-{by}"), format!("{by}-{role}")]
                .map(|called| (called, role, Some(one.name.clone())))
        });
        of_environment.chain([(role.clone(), role, None)])
    });
    let fitting = pairs.filter(|(called, ..)| ends_with(&name, &called.to_lowercase()));
    let (called, role, environment) = fitting.max_by_key(|(called, ..)| called.len())?;
    let part = |environment: Option<String>| Part { role: role.clone(), environment };
    if environment.is_some() {
        return Some(vec![part(environment)]);
    }
    if let Some(tag) = tagged(principal, facts.environments.tag_key()) {
        return Some(vec![part(Some(tag.to_owned()))]);
    }
    let is_own =
        name == called.to_lowercase() || name == format!("{PREFIX}{called}").to_lowercase();
    match (takes_session_tags, is_own) {
        (true, _) => Some(of_sessions(&[role], facts, intended)),
        (false, true) => Some(assigned(&[role], intended).take(1).collect()),
        (false, false) => None,
    }
}

fn assigned<'i>(roles: &'i [&String], intended: &'i Intended) -> impl Iterator<Item = Part> + 'i {
    intended.assigned().iter().filter(|one| roles.contains(&&one.role)).cloned()
}

/// Where sessions with these roles may be: where the fleet assigns them, and everywhere if it does so to nobody.
fn of_sessions(roles: &[&String], facts: &Facts<'_>, intended: &Intended) -> Vec<Part> {
    let assigned: Vec<Part> = assigned(roles, intended).collect();
    if !assigned.is_empty() {
        return assigned;
    }
    let everywhere = |role: &&String| {
        let role = (*role).clone();
        let environments = facts.environments.all().iter();
        environments
            .map(move |one| Part { role: role.clone(), environment: Some(one.name.clone()) })
    };
    roles.iter().flat_map(everywhere).collect()
}

/// For what a role stands by the names of its managed policies, as the compiler calls its documents: `developer`, or
/// `developer-2` where it took several.
fn of_policies(
    subject: &Subject<'_>,
    facts: &Facts<'_>,
    intended: &Intended,
    takes_session_tags: bool,
) -> Option<Vec<Part>> {
    let principal = subject.principal().filter(|one| one.kind == PrincipalKind::Role)?;
    let managed = subject.identity.iter().filter(|one| matches!(one.owner, Owner::Managed(_)));
    let names: Vec<&str> = managed.filter_map(|one| one.name.as_deref()).collect();
    let is_of = |role: &&String| {
        names.iter().any(|name| {
            let name = name.strip_prefix(PREFIX).unwrap_or(name);
            let rest = name.strip_prefix(role.as_str());
            rest.is_some_and(|rest| {
                let number = rest.strip_prefix('-').map(str::parse::<u16>);
                rest.is_empty() || number.is_some_and(|one| one.is_ok())
            })
        })
    };
    let roles: Vec<&String> = intended.roles().iter().filter(is_of).collect();
    let tag = tagged(principal, facts.environments.tag_key());
    if let Some(tag) = tag {
        let part =
            |role: &&String| Part { role: (*role).clone(), environment: Some(tag.to_owned()) };
        return Some(roles.iter().map(part).collect())
            .filter(|parts: &Vec<Part>| !parts.is_empty());
    }
    let parts = of_sessions(&roles, facts, intended);
    Some(parts).filter(|parts| takes_session_tags && !parts.is_empty())
}

/// The value of the environment tag, or of the first of several.
fn tagged<'p>(principal: &'p Principal, key: &str) -> Option<&'p str> {
    principal.tag(key).or_else(|| principal.tag(&format!("{key}1")))
}

fn of_user(principal: &Principal, facts: &Facts<'_>, intended: &Intended) -> Option<Vec<Part>> {
    let all = intended.of_user(&principal.name)?;
    let is_of_one = |part: &Part| intended.mode_of(&part.role) == Mode::Abac;
    let tag = tagged(principal, facts.environments.tag_key()).map(str::to_owned);
    let of_tag = |part: &&Part| part.environment == tag;
    // Whose documents go by one tag is in one environment at a time.
    let own = if tag.is_some() && all.iter().any(|part| of_tag(&part)) {
        tag.clone()
    } else {
        all.iter().find_map(|part| part.environment.clone())
    };
    let holds =
        |part: &Part| !is_of_one(part) || part.environment.is_none() || part.environment == own;
    Some(all.into_iter().filter(holds).collect())
}

/// Whether a name is a text, or ends with it as a word of its own.
fn ends_with(name: &str, text: &str) -> bool {
    name.strip_suffix(text)
        .is_some_and(|before| before.is_empty() || before.ends_with(['-', '_', '.', '/']))
}

/// The name of a permission set: IAM Identity Center puts a word before it and sixteen hexadecimal digits behind it (IAM
/// Identity Center User Guide, "Referencing permission sets", 2026-09).
fn without_identity_center(name: &str) -> &str {
    let own = name.strip_prefix("AWSReservedSSO_");
    own.and_then(|own| own.rsplit_once('_')).map_or(name, |(own, _)| own)
}
