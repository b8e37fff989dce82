//! Whether calls have the condition keys that statements ask for.

use fortem_compile::iam::{Condition, Statement};
use fortem_compile::reference::{Action, ArnPattern, Carries, Reference, ResourceType};

use super::condition::needs_key;
use super::scope::tag_of_key;

/// A pattern of `Action` whose calls never have a key that a statement asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dead<'s> {
    /// The action or pattern as written.
    pub action: &'s str,
    /// The condition key as written.
    pub key: &'s str,
}

/// The actions of a statement, as written, that it never covers since their calls lack a key; of a pattern every call
/// has to. Nothing is said of services and keys that the reference leaves out.
#[must_use]
pub fn dead_actions<'s>(statement: &'s Statement, reference: &Reference) -> Vec<Dead<'s>> {
    if statement.is_not_action() {
        return Vec::new();
    }
    let needed = statement.conditions().iter().filter(|one| needs_key(one));
    let keys: Vec<&str> =
        needed.map(Condition::key).filter(|key| is_of_calls(key, reference)).collect();
    if keys.is_empty() {
        return Vec::new();
    }
    let dead = statement.actions().iter().filter_map(|written| {
        let actions = reference.matching(written);
        let lacks = |key: &&&str| {
            !actions.is_empty()
                && actions.iter().all(|one| !is_populated(one, statement, reference, key))
        };
        let key = keys.iter().find(lacks)?;
        // A pattern over services may cover some that the data leaves out.
        let of_service = written.contains(':') && !written.starts_with('*');
        of_service.then_some(Dead { action: written, key })
    });
    dead.collect()
}

/// Whether calls of an action on what the statement covers have a key.
#[must_use]
pub fn is_populated(
    action: &Action,
    statement: &Statement,
    reference: &Reference,
    key: &str,
) -> bool {
    let carried = |kind: Option<&str>| reference.carries(action.name(), kind, key) != Carries::No;
    let types = action.resource_types();
    if types.is_empty() {
        return carried(None);
    }
    let mut covered = types.iter().filter(|one| may_cover(statement, one)).peekable();
    // That the resources fit none of its types is another fault.
    covered.peek().is_none() || covered.any(|one| carried(Some(one.name())))
}

/// Whether a statement may be about resources of a type.
#[must_use]
pub fn may_cover(statement: &Statement, kind: &ResourceType) -> bool {
    if statement.is_not_resource() || statement.resources().is_empty() {
        return true;
    }
    let overlaps =
        |written: &String| written == "*" || ArnPattern::new(written).overlaps(kind.arn());
    statement.resources().iter().any(overlaps)
}

/// Whether a key is one that some calls have and others do not by what they are: tags, and keys of a service.
#[must_use]
pub fn is_of_calls(key: &str, reference: &Reference) -> bool {
    if let Some((service, _)) = key.split_once(':')
        && service.eq_ignore_ascii_case("aws")
    {
        let of_tag = tag_of_key(key).is_some_and(|(whose, _)| whose != super::TagOf::Principal);
        return of_tag || key.eq_ignore_ascii_case("aws:TagKeys");
    }
    let service = key.split(':').next().unwrap_or_default();
    !key.contains('/') && reference.key_type(key).is_some() && reference.has_service(service)
}
