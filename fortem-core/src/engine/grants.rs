//! Which policies can apply to whom, by environment: the index that spares asking all of them.

use std::sync::Arc;

/// The number of an environment; never given to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EnvironmentId(pub(super) u32);

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

/// Grants of one assignee, sorted, no duplicates.
#[derive(Debug, Clone, Default)]
pub(super) struct Grants(Arc<[Grant]>);

impl Grants {
    pub(super) fn as_slice(&self) -> &[Grant] {
        &self.0
    }

    /// The grants that can apply to a resource of an environment, or of none.
    pub(super) fn at(
        &self,
        environment: Option<EnvironmentId>,
    ) -> impl Iterator<Item = Grant> + Clone + '_ {
        let (anywhere, rest) = self.split();
        let own = environment.map_or(&[] as &[Grant], |environment| {
            let begin = rest.partition_point(|one| one.environment < Some(environment));
            let rest = rest.get(begin..).unwrap_or_default();
            let count = rest.iter().take_while(|one| one.environment == Some(environment)).count();
            rest.get(..count).unwrap_or_default()
        });
        anywhere.iter().chain(own).copied()
    }

    /// The grants that name no environment.
    pub(super) fn anywhere(&self) -> &[Grant] {
        self.split().0
    }

    /// The environments that a grant is for by name, sorted; one may come more than once.
    pub(super) fn environments(&self) -> impl Iterator<Item = EnvironmentId> + '_ {
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

impl FromIterator<Grant> for Grants {
    fn from_iter<T: IntoIterator<Item = Grant>>(grants: T) -> Self {
        let mut grants: Vec<Grant> = grants.into_iter().collect();
        grants.sort_unstable();
        grants.dedup();
        Self(grants.into())
    }
}
