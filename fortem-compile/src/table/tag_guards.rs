//! The tags that a team's own rows go by are guarded as those of the built-in rows are.

use std::collections::BTreeSet;

use fortem_core::pattern::matches;

use super::{Channel, Table};
use crate::reference::{Action, Carries, Reference};

/// The guard that denies whatever takes tags away.
const NO_UNTAG: &str = "NoUntag";
/// The guard that denies setting the environment's tag.
const NO_RETAG: &str = "NoRetag";

/// Adds the API actions that change tags, of the services that some row goes by the resource's tag in.
pub(super) fn add(table: &mut Table, reference: &Reference) {
    let rows = table.calls.iter().filter(|call| call.channels.contains(&Channel::ResourceTag));
    let services: BTreeSet<String> =
        rows.filter_map(|call| Some(call.api.split_once(':')?.0.to_owned())).collect();
    let actions = services.iter().flat_map(|service| reference.actions(service));
    for action in actions.filter(|action| changes_tags(action.name())) {
        let name = action.name();
        let is_guarded =
            table.integrity.iter().any(|row| row.apis.iter().any(|api| matches(api, name)));
        let guard = if names_tag_keys(reference, action) { NO_RETAG } else { NO_UNTAG };
        if let Some(row) = table.integrity.iter_mut().find(|row| !is_guarded && row.name == guard) {
            row.apis.insert(name.to_owned());
        }
    }
}

fn changes_tags(api: &str) -> bool {
    let name = api.split_once(':').map_or(api, |(_, name)| name);
    let reads = ["BatchGet", "Describe", "Get", "List", "Search"];
    (name.contains("Tag") || name.contains("Untag"))
        && !reads.iter().any(|verb| name.starts_with(verb))
}

/// Whether a condition can tell which tags it sets; of one that takes tags away it is not asked.
fn names_tag_keys(reference: &Reference, action: &Action) -> bool {
    let name = action.name();
    let takes_away = ["Untag", "Remove", "Delete"].iter().any(|verb| name.contains(verb));
    let carries = |of| reference.carries(name, of, "aws:TagKeys") == Carries::Yes;
    let mut types = action.resource_types().iter();
    !takes_away && types.all(|of| carries(Some(of.name())))
}
