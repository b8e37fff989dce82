//! The environments, by every spelling of them.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::grants::EnvironmentId;
use crate::fleet::Tier;

/// An environment as the engine knows it.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    pub(super) name: SmolStr,
    pub(super) aliases: Vec<SmolStr>,
}

/// Every environment; a number whose environment was removed is not given again.
#[derive(Debug, Clone, Default)]
pub(super) struct Environments {
    numbers: FxHashMap<SmolStr, EnvironmentId>,
    /// By index.
    list: Vec<Option<(EnvironmentId, Environment)>>,
}

impl Environments {
    /// The environment of a name or an alias.
    pub(super) fn find(&self, spelling: &str) -> Option<EnvironmentId> {
        self.numbers.get(spelling).copied()
    }

    /// The environment of a name; aliases do not count.
    pub(super) fn named(&self, name: &str) -> Option<EnvironmentId> {
        self.find(name).filter(|id| self.name(*id) == name)
    }

    pub(super) fn get(&self, id: EnvironmentId) -> Option<&Environment> {
        self.list.get(id.index())?.as_ref().map(|(_, one)| one)
    }

    pub(super) fn name(&self, id: EnvironmentId) -> &str {
        self.get(id).map_or("", |one| one.name.as_str())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (EnvironmentId, &Environment)> {
        self.list.iter().flatten().map(|(id, one)| (*id, one))
    }

    pub(super) fn spellings(&self) -> impl Iterator<Item = (&str, EnvironmentId)> {
        self.numbers.iter().map(|(spelling, id)| (spelling.as_str(), *id))
    }

    pub(super) fn len(&self) -> usize {
        self.list.iter().flatten().count()
    }

    /// Adds one whose spellings are all new.
    pub(super) fn add(&mut self, environment: Environment, tier: Tier) {
        let id = EnvironmentId::new(self.list.len(), tier);
        for spelling in environment.aliases.iter().chain([&environment.name]) {
            self.numbers.insert(spelling.clone(), id);
        }
        self.list.push(Some((id, environment)));
    }

    pub(super) fn rename(&mut self, id: EnvironmentId, name: &str) {
        if let Some(Some((_, environment))) = self.list.get_mut(id.index()) {
            self.numbers.remove(&environment.name);
            environment.name = SmolStr::new(name);
            self.numbers.insert(environment.name.clone(), id);
        }
    }

    pub(super) fn remove(&mut self, id: EnvironmentId) {
        let Some((_, removed)) = self.list.get_mut(id.index()).and_then(Option::take) else {
            return;
        };
        for spelling in removed.aliases.iter().chain([&removed.name]) {
            self.numbers.remove(spelling);
        }
    }
}
