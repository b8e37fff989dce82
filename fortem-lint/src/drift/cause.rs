//! Which statement, layer or tag makes a call come out as it does.

use fortem_compile::diff::Example;
use fortem_compile::iam::{Effect, Request, Statement, Truth};

use super::deviation::Kind;
use crate::facts::Subject;
use crate::unit::Policy;

/// A statement and its policy.
pub(super) type Of<'u> = (&'u Policy, &'u Statement);

/// What calls have in common that come out otherwise.
pub(super) enum Cause<'u> {
    /// A statement that allows.
    AllowedBy(Of<'u>),
    /// A policy that allows, where the tag of the principal makes every statement speak of another environment.
    AllowedUnder(&'u Policy),
    /// A statement that denies.
    DeniedBy(Of<'u>),
    /// SCPs or the boundary, which have no statement that allows.
    Limited(String),
    /// A statement that would allow, with a condition that does not hold.
    Unmet(Of<'u>),
    /// The principal's tag.
    Tag,
    /// No statement.
    None,
}

impl Cause<'_> {
    /// Whether it is the same statement, or the same otherwise.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::AllowedBy((_, one)), Self::AllowedBy((_, other)))
            | (Self::DeniedBy((_, one)), Self::DeniedBy((_, other)))
            | (Self::Unmet((_, one)), Self::Unmet((_, other))) => std::ptr::eq(*one, *other),
            (Self::AllowedUnder(one), Self::AllowedUnder(other)) => std::ptr::eq(*one, *other),
            (Self::Limited(one), Self::Limited(other)) => one == other,
            (Self::Tag, Self::Tag) | (Self::None, Self::None) => true,
            _ => false,
        }
    }
}

/// Why a call comes out so.
pub(super) fn cause<'u>(
    subject: &Subject<'u>,
    kind: Kind,
    example: &Example,
    is_mistagged: bool,
) -> Cause<'u> {
    let request = request(example);
    let request = &request;
    let applies = |effect: Effect| {
        move |(_, one): &Of<'u>| one.effect() == effect && one.applies(request) != Truth::No
    };
    let identity = || statements(subject.identity.iter().copied());
    match kind {
        Kind::Granted => match identity().find(applies(Effect::Allow)) {
            Some((policy, _)) if is_mistagged => Cause::AllowedUnder(policy),
            Some(of) => Cause::AllowedBy(of),
            None => Cause::None,
        },
        Kind::GuardMissing => Cause::None,
        Kind::NotWorking => {
            let all = identity().chain(
                subject.limits.iter().flat_map(|layer| statements(layer.policies.iter().copied())),
            );
            if let Some(of) = all.into_iter().find(applies(Effect::Deny)) {
                return Cause::DeniedBy(of);
            }
            if !identity().any(|of| applies(Effect::Allow)(&of)) {
                return if is_mistagged {
                    Cause::Tag
                } else {
                    unmet(identity(), request, &sids_of_source(example))
                };
            }
            let lacks = subject.limits.iter().find(|layer| {
                !statements(layer.policies.iter().copied()).any(|of| applies(Effect::Allow)(&of))
            });
            lacks.map_or(Cause::None, |layer| Cause::Limited(layer.name.clone()))
        }
    }
}

fn statements<'u>(policies: impl Iterator<Item = &'u Policy>) -> impl Iterator<Item = Of<'u>> {
    policies.flat_map(|policy| policy.document.statements().iter().map(move |one| (policy, one)))
}

/// A statement about the action that would allow it otherwise: one about the resource, or what the source's own has
/// become.
fn unmet<'u>(identity: impl Iterator<Item = Of<'u>>, request: &Request, own: &[&str]) -> Cause<'u> {
    let action = request.action().to_ascii_lowercase();
    let is_own = |one: &Statement| one.sid().is_some_and(|sid| own.contains(&sid));
    let is_about =
        |one: &Statement| one.covers_resource(request.resource(), request.context()) != Truth::No;
    let about = identity
        .filter(|(_, one)| one.effect() == Effect::Allow && one.covers_action(&action))
        .filter(|(_, one)| is_own(one) || is_about(one))
        .max_by_key(|(_, one)| is_own(one));
    about.map_or(Cause::None, Cause::Unmet)
}

/// The call of an example.
pub(super) fn request(example: &Example) -> Request {
    let mut request = Request::new(&example.api, &example.resource);
    for (key, values) in &example.keys {
        // A policy variable stands for a key with one value, not for a list of one.
        match values.as_slice() {
            [one] => request.context_mut().insert(key, one.as_str()),
            _ => request.context_mut().insert(key, values.clone()),
        };
    }
    request
}

/// The Sids of the source's statements that decide about a call.
pub(super) fn sids_of_source(example: &Example) -> Vec<&str> {
    let named = example.a.statements.iter().filter_map(|one| one.split_once(' '));
    let mut sids: Vec<&str> = named.map(|(_, sid)| sid).collect();
    sids.sort_unstable();
    sids.dedup();
    sids
}
