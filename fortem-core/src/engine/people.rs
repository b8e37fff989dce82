//! Teams and people, with what each was given.

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::grants::Grants;

/// The number of a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TeamId(pub(super) u32);

/// A team.
#[derive(Debug, Clone)]
pub(super) struct Team {
    pub(super) name: SmolStr,
    /// Those it is part of.
    pub(super) parents: Vec<TeamId>,
    /// Itself and whatever it is part of, however far up.
    pub(super) closure: Arc<[TeamId]>,
    pub(super) groups: Vec<SmolStr>,
}

/// Every team.
#[derive(Debug, Clone, Default)]
pub(super) struct Teams {
    pub(super) list: Vec<Team>,
    /// What was given to each, beside the list, so that a decision reads little.
    pub(super) grants: Vec<Grants>,
    numbers: FxHashMap<SmolStr, TeamId>,
    of_groups: FxHashMap<SmolStr, Vec<TeamId>>,
}

impl Teams {
    pub(super) fn of_fleet(teams: &[crate::fleet::Team]) -> Self {
        let numbers: FxHashMap<SmolStr, TeamId> =
            teams.iter().map(|team| SmolStr::new(team.name())).zip((0..).map(TeamId)).collect();
        let list = teams.iter().map(|team| Team {
            name: SmolStr::new(team.name()),
            parents: team.teams().filter_map(|name| numbers.get(name).copied()).collect(),
            closure: Arc::default(),
            groups: team.groups().iter().map(SmolStr::new).collect(),
        });
        let list: Vec<Team> = list.collect();
        let grants = vec![Grants::default(); list.len()];
        let mut teams = Self { list, grants, numbers, of_groups: FxHashMap::default() };
        for id in (0..).map(TeamId).take(teams.list.len()) {
            let closure = teams.above([id]);
            let Some(team) = teams.list.get_mut(id.0 as usize) else { continue };
            team.closure = closure;
            for group in &team.groups {
                teams.of_groups.entry(group.clone()).or_default().push(id);
            }
        }
        teams
    }

    pub(super) fn find(&self, name: &str) -> Option<TeamId> {
        self.numbers.get(name).copied()
    }

    pub(super) fn grants(&self, id: TeamId) -> Option<&Grants> {
        self.grants.get(id.0 as usize)
    }

    pub(super) fn grants_mut(&mut self, id: TeamId) -> Option<&mut Grants> {
        self.grants.get_mut(id.0 as usize)
    }

    pub(super) fn get(&self, id: TeamId) -> Option<&Team> {
        self.list.get(id.0 as usize)
    }

    /// The teams that the members of an identity provider's group are in.
    pub(super) fn of_group(&self, group: &str) -> &[TeamId] {
        self.of_groups.get(group).map_or(&[], Vec::as_slice)
    }

    /// The teams and whatever they are part of, sorted.
    pub(super) fn above(&self, teams: impl IntoIterator<Item = TeamId>) -> Arc<[TeamId]> {
        let mut open: Vec<TeamId> = teams.into_iter().collect();
        let mut found: BTreeSet<TeamId> = open.iter().copied().collect();
        while let Some(next) = open.pop() {
            let parents = self.get(next).into_iter().flat_map(|team| &team.parents);
            open.extend(parents.filter(|parent| found.insert(**parent)));
        }
        found.into_iter().collect()
    }
}

/// A person of the fleet.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) grants: Grants,
    /// The teams that the fleet puts the person in, and whatever these are part of.
    pub(super) closure: SmallVec<[TeamId; 4]>,
    /// Only the former.
    pub(super) teams: Box<[TeamId]>,
}

impl Person {
    pub(super) fn new(teams: Box<[TeamId]>, all: &Teams, grants: Grants) -> Self {
        let closure = all.above(teams.iter().copied());
        Self { grants, closure: SmallVec::from_slice(&closure), teams }
    }
}

const SHARDS: usize = 256;

type Shard = FxHashMap<SmolStr, Person>;

/// Every person, by id. In shards, so that a change copies a part of them and readers keep theirs.
#[derive(Debug, Clone)]
pub(super) struct People(Vec<Arc<Shard>>);

impl Default for People {
    fn default() -> Self {
        Self(vec![Arc::default(); SHARDS])
    }
}

impl People {
    fn shard(name: &str) -> usize {
        // The upper bits: the maps inside go by the lower ones.
        (FxBuildHasher.hash_one(name) >> 40) as usize % SHARDS
    }

    pub(super) fn get(&self, name: &str) -> Option<&Person> {
        self.0.get(Self::shard(name))?.get(name)
    }

    pub(super) fn put(&mut self, name: &str, person: Person) {
        if let Some(shard) = self.0.get_mut(Self::shard(name)) {
            Arc::make_mut(shard).insert(SmolStr::new(name), person);
        }
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Person> {
        Arc::make_mut(self.0.get_mut(Self::shard(name))?).get_mut(name)
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Some(shard) = self.0.get_mut(Self::shard(name)) {
            Arc::make_mut(shard).remove(name);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.len()).sum()
    }

    /// Everybody, by name.
    pub(super) fn sorted(&self) -> Vec<(&SmolStr, &Person)> {
        let mut people: Vec<_> = self.0.iter().flat_map(|shard| shard.iter()).collect();
        people.sort_by_key(|(name, _)| *name);
        people
    }

    /// Changes everybody's grants.
    pub(super) fn for_each(&mut self, mut change: impl FnMut(&mut Person)) {
        for shard in &mut self.0 {
            let mut people: Shard = (**shard).clone();
            #[expect(clippy::iter_over_hash_type, reason = "each is changed alike, in any order")]
            for person in people.values_mut() {
                change(person);
            }
            *shard = Arc::new(people);
        }
    }
}
