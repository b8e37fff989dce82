//! Which policies can apply to whom, by environment: the index that spares asking all of them.

use std::num::NonZeroU32;

use smallvec::SmallVec;

use crate::fleet::Tier;

/// The number of an environment and, in its lowest bit, the tier; never given to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EnvironmentId(NonZeroU32);

impl EnvironmentId {
    /// The environment at an index of their list.
    pub(super) fn new(index: usize, tier: Tier) -> Self {
        // 2 billion environments do not fit into memory.
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX >> 1) << 1;
        let id = NonZeroU32::MIN.saturating_add(number - 1);
        Self(id | u32::from(tier == Tier::Production))
    }

    pub(super) fn index(self) -> usize {
        (self.0.get() >> 1) as usize - 1
    }

    pub(super) fn tier(self) -> Tier {
        if self.0.get() & 1 == 1 { Tier::Production } else { Tier::Nonproduction }
    }
}

/// The number of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RuleId(pub(super) u32);

/// A policy, and the one environment whose resources it can apply to, or any resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grant {
    // `None` is less than every `Some`, so what applies anywhere stands first.
    environment: Option<EnvironmentId>,
    rule: RuleId,
}

impl Grant {
    pub(super) fn new(environment: Option<EnvironmentId>, rule: RuleId) -> Self {
        Self { environment, rule }
    }

    pub(super) fn environment(self) -> Option<EnvironmentId> {
        self.environment
    }

    pub(super) fn rule(self) -> RuleId {
        self.rule
    }
}

/// Grants of one assignee, sorted, no duplicates. The usual few stand beside the assignee, where a decision reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Grants(SmallVec<[Grant; 4]>);

/// So many grants are looked through faster than they are searched.
const FEW: usize = 16;

impl Grants {
    pub(super) fn as_slice(&self) -> &[Grant] {
        &self.0
    }

    /// The grants that can apply to a resource of an environment, or of none.
    pub(super) fn at(&self, environment: Option<EnvironmentId>) -> impl Iterator<Item = Grant> {
        let (anywhere, rest) = self.split();
        let own = environment.map_or(&[] as &[Grant], |id| within(rest, id));
        anywhere.iter().chain(own).copied()
    }

    /// The grants that name no environment.
    pub(super) fn anywhere(&self) -> &[Grant] {
        self.split().0
    }

    /// The environments that a grant names, sorted; one may come more than once.
    pub(super) fn environments(&self) -> impl Iterator<Item = EnvironmentId> {
        self.split().1.iter().filter_map(|one| one.environment)
    }

    fn split(&self) -> (&[Grant], &[Grant]) {
        self.0.split_at(self.0.iter().take_while(|one| one.environment.is_none()).count())
    }

    pub(super) fn contains(&self, grant: Grant) -> bool {
        self.0.binary_search(&grant).is_ok()
    }

    pub(super) fn with(&self, grant: Grant) -> Self {
        self.0.iter().copied().chain([grant]).collect()
    }

    pub(super) fn without(&self, unwanted: impl Fn(Grant) -> bool) -> Self {
        self.0.iter().copied().filter(|one| !unwanted(*one)).collect()
    }
}

/// The grants that name an environment.
fn within(grants: &[Grant], id: EnvironmentId) -> &[Grant] {
    let begin = if grants.len() <= FEW {
        grants.iter().take_while(|one| one.environment < Some(id)).count()
    } else {
        grants.partition_point(|one| one.environment < Some(id))
    };
    let rest = grants.get(begin..).unwrap_or_default();
    let count = rest.iter().take_while(|one| one.environment == Some(id)).count();
    rest.get(..count).unwrap_or_default()
}

impl FromIterator<Grant> for Grants {
    fn from_iter<T: IntoIterator<Item = Grant>>(grants: T) -> Self {
        let mut grants: SmallVec<[Grant; 4]> = grants.into_iter().collect();
        grants.sort_unstable();
        grants.dedup();
        Self(grants)
    }
}
