//! What may be run as a role that one hands over to a service.

mod paths;

pub(crate) use self::paths::{CALLS, DIRECT, PASSED, Path};

use super::{Facts, Reached, Subject, Target, services_of};
use crate::catalogue::Call;
use crate::unit::PrincipalKind;

/// A role that may be handed over.
#[derive(Debug)]
pub(crate) struct Passed<'f, 'u> {
    /// The role.
    pub(crate) role: &'f Subject<'u>,
    /// Whether it is as good as an administrator.
    pub(crate) is_administrator: bool,
    /// The call of `iam:PassRole`.
    pub(crate) reached: Reached<'u>,
}

impl Path {
    /// For each step a call that the subject may make on something, if there is one for all.
    #[must_use]
    pub(crate) fn calls(
        &self,
        subject: &Subject<'_>,
        facts: &Facts<'_>,
    ) -> Option<Vec<&'static str>> {
        let steps = self.steps.iter().map(|step| {
            let mut calls = facts.catalogue.calls(step).filter(|(_, call)| subject.may_call(*call));
            calls.next()
        });
        // The cheap look at all steps comes before the search for calls.
        steps.collect::<Option<Vec<_>>>()?;
        let reachable = |step: &'static [&'static str]| {
            let mut calls = facts.catalogue.calls(step).filter(|(_, call)| subject.may_call(*call));
            calls
                .find(|(_, call)| subject.reach_anywhere(facts, *call, &[]).is_some())
                .map(|(name, _)| name)
        };
        self.steps.iter().map(|step| reachable(step)).collect()
    }

    /// A role of the account that is `wanted`, that the service may take on and the subject may hand over to it. What is
    /// wanted is told whether the role is as good as an administrator.
    pub(crate) fn role<'f, 'u>(
        &self,
        pass: Call,
        subject: &Subject<'u>,
        facts: &'f Facts<'u>,
        wanted: &dyn Fn(&Subject<'u>, bool) -> bool,
    ) -> Option<Passed<'f, 'u>> {
        let keys = [("iam:PassedToService", Some(self.service))];
        let known = subject.known(facts, &Target::untagged("").with(&keys));
        subject.grants(pass).find_map(|(_, statement)| {
            facts.directory().covered(facts, statement, &known, wanted).find_map(
                |(role, is_administrator)| {
                    let to = role.principal().filter(|one| one.kind == PrincipalKind::Role)?;
                    let trusts = services_of(facts, to).iter().any(|one| *one == self.service);
                    let tag = to.tag(facts.environments.tag_key()).filter(|_| trusts);
                    let target = Target { tag, ..Target::untagged("") }.with(&keys);
                    let reached = trusts
                        .then(|| subject.reach_arn(facts, pass, &target, &to.arn))
                        .flatten()?;
                    Some(Passed { role, is_administrator, reached })
                },
            )
        })
    }
}
