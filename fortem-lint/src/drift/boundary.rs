//! Whether the permissions boundary of a principal still holds back what that of the source holds back.

use fortem_compile::diff::{DiffError, Direction, Known};
use fortem_compile::iam::{Document, Effect, Truth};

use super::cause::request;
use super::deviation::{Deviation, Kind};
use super::explain::{call_of, name};
use super::{Comparison, Holder};
use crate::facts::Subject;
use crate::shown::Spot;
use crate::unit::{Boundary, Policy};

/// How the boundaries that `fortem-compile` deploys are called.
const SUFFIX: &str = "-boundary";

impl Comparison<'_, '_> {
    /// What a boundary that is called as the source's lets through beyond it. Another one is the account's own matter.
    pub(super) fn boundary(
        &self,
        subject: &Subject<'_>,
        holder: &Holder,
    ) -> Result<Option<Deviation>, DiffError> {
        let Some(policy) = self.boundary_of(subject) else { return Ok(None) };
        let meant = self.intended.boundaries(&holder.parts);
        let meant: Vec<&Document> = meant.iter().collect();
        if meant.is_empty() {
            return Ok(None);
        }
        let sides = [meant, vec![&policy.document]];
        let [a, b] = sides.each_ref().map(std::slice::from_ref);
        let changes = self.accesses.compare(&holder.principal, a, b, &Known::default())?;
        let wider = changes.iter().filter(|one| one.direction == Direction::Widened);
        let mut wider = wider.filter_map(|one| Some((one, one.examples.first()?)));
        let Some((first, example)) = wider.next() else { return Ok(None) };
        let (who, call) = (&holder.principal, request(example));
        let allowing = policy
            .document
            .statements()
            .iter()
            .find(|one| one.effect() == Effect::Allow && one.applies(&call) != Truth::No);
        let api = &first.api;
        Ok(Some(Deviation {
            kind: Kind::GuardMissing,
            severity: Kind::GuardMissing.severity(),
            account: self.facts.unit.account.clone(),
            principal: who.clone(),
            message: format!(
                "the permissions boundary of `{who}` lets `{api}` through, which the source's does not"
            ),
            call: call_of(example),
            others: wider.filter(|(one, _)| one.known).map(|(one, _)| one.api.clone()).collect(),
            reasons: allowing
                .map(|one| format!("{} of it allows it", name(one)))
                .into_iter()
                .collect(),
            spot: allowing.map(|one| Spot::of(self.facts, policy, one)),
        }))
    }

    fn boundary_of(&self, subject: &Subject<'_>) -> Option<&Policy> {
        let Some(Boundary::Known(index)) = subject.principal()?.boundary else { return None };
        let policy = self.facts.unit.policy(index)?;
        policy.label().filter(|label| label.ends_with(SUFFIX)).map(|_| policy)
    }
}
