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
    list: Vec<Option<Environment>>,
    /// Beside the list, so that a decision reads one byte.
    tiers: Vec<Tier>,
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

    pub(super) fn tier(&self, id: EnvironmentId) -> Option<Tier> {
        self.tiers.get(id.0 as usize).copied()
    }

    pub(super) fn get(&self, id: EnvironmentId) -> Option<&Environment> {
        self.list.get(id.0 as usize)?.as_ref()
    }

    pub(super) fn name(&self, id: EnvironmentId) -> &str {
        self.get(id).map_or("", |one| one.name.as_str())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (EnvironmentId, &Environment)> {
        (0..).map(EnvironmentId).zip(&self.list).filter_map(|(id, one)| Some((id, one.as_ref()?)))
    }

    pub(super) fn spellings(&self) -> impl Iterator<Item = &str> {
        self.numbers.keys().map(SmolStr::as_str)
    }

    pub(super) fn len(&self) -> usize {
        self.list.iter().flatten().count()
    }

    /// Adds one whose spellings are all new.
    pub(super) fn add(&mut self, environment: Environment, tier: Tier) -> EnvironmentId {
        let id = EnvironmentId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        for spelling in environment.aliases.iter().chain([&environment.name]) {
            self.numbers.insert(spelling.clone(), id);
        }
        self.list.push(Some(environment));
        self.tiers.push(tier);
        id
    }

    pub(super) fn rename(&mut self, id: EnvironmentId, name: &str) {
        if let Some(Some(environment)) = self.list.get_mut(id.0 as usize) {
            self.numbers.remove(&environment.name);
            environment.name = SmolStr::new(name);
            self.numbers.insert(environment.name.clone(), id);
        }
    }

    pub(super) fn remove(&mut self, id: EnvironmentId) {
        let removed = self.list.get_mut(id.0 as usize).and_then(Option::take);
        for spelling in removed.iter().flat_map(|one| one.aliases.iter().chain([&one.name])) {
            self.numbers.remove(spelling);
        }
    }
}
