//! Logical ids: letters and digits, each once.

use std::collections::{BTreeMap, BTreeSet};

use super::Item;
use crate::deploy::plan::Plan;

/// The logical ids of everything that is planned, by path of the document or name of the role.
pub(super) struct Ids(BTreeMap<String, String>);

impl Ids {
    pub(super) fn of(plan: &Plan) -> Self {
        let policies = plan.policies.iter().map(|one| one.path);
        let organization = plan.organization.iter().map(|one| one.path);
        let roles = plan.roles.iter().map(|one| one.name.as_str());
        let mut taken = BTreeSet::new();
        let mut ids = BTreeMap::new();
        for name in policies.chain(organization).chain(roles) {
            let base = camel_case(name);
            let numbered = (2..).map(|number| format!("{base}No{number}"));
            let mut free = std::iter::once(base.clone()).chain(numbered);
            if let Some(id) = free.find(|id| taken.insert(id.clone())) {
                ids.insert(name.to_owned(), id);
            }
        }
        Self(ids)
    }

    pub(super) fn of_path(&self, path: &str) -> String {
        self.0.get(path).cloned().unwrap_or_default()
    }

    pub(super) fn of_item(&self, item: Item) -> String {
        self.of_path(match item {
            Item::Policy(policy) => policy.path,
            Item::Role(role) => &role.name,
            Item::Organization(policy) => policy.path,
        })
    }
}

/// `IdentityLogViewer` of `identity/log-viewer`.
fn camel_case(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn an_id_has_letters_and_digits_only() {
        assert_eq!(camel_case("identity/log-viewer-2"), "IdentityLogViewer2");
        assert_eq!(camel_case("tag-policy/team-stage"), "TagPolicyTeamStage");
    }
}
