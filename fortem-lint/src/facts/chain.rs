//! Roles that lead from one to the next.

use std::collections::{BTreeMap, BTreeSet};

use fortem_compile::iam::{Principal, Statement};

use super::{Caller, Facts, Subject, Target, may_assume, trusts};
use crate::unit::{Policy, PrincipalKind};

/// The roles whose trust policies name a principal, by its ARN.
#[derive(Debug)]
pub struct Trusting<'f, 'u>(BTreeMap<&'f str, Vec<&'f Subject<'u>>>);

impl<'f, 'u> Trusting<'f, 'u> {
    /// Those of an account.
    #[must_use]
    pub fn of(facts: &'f Facts<'u>) -> Self {
        let mut named: BTreeMap<&str, Vec<&Subject<'u>>> = BTreeMap::new();
        for subject in &facts.subjects {
            let trust = trust_of(subject, facts);
            let statements = trust.map(|policy| policy.document.statements()).unwrap_or_default();
            for principal in statements.iter().flat_map(Statement::principals) {
                if let Principal::Arn(arn) = principal {
                    named.entry(arn).or_default().push(subject);
                }
            }
        }
        Self(named)
    }
}

fn trust_of<'f, 'u>(subject: &Subject<'u>, facts: &'f Facts<'u>) -> Option<&'f Policy> {
    facts.unit.policy(subject.principal()?.trust?)
}

/// Roles that one may assume one after the other.
#[derive(Debug)]
pub struct Chain<'f> {
    /// Their ARNs, in the order in which they are assumed.
    pub roles: Vec<&'f str>,
    /// The statement of the trust policy of the last one that lets the one before in.
    pub last: (&'f Policy, &'f Statement),
}

/// A role that one may assume, by which statement of its trust policy.
type Step<'f, 'u> = (&'f Subject<'u>, bool, (&'f Policy, &'f Statement));

/// How many roles one after the other are tried, and how many from each.
const LENGTH: usize = 4;
const WIDTH: usize = 8;

impl<'f> Chain<'f> {
    /// The shortest chain from a principal to a role that is `wanted`, which is told whether the role is as good as an
    /// administrator; and that role.
    #[must_use]
    pub fn to<'u>(
        from: &Subject<'u>,
        facts: &'f Facts<'u>,
        trusting: &Trusting<'f, 'u>,
        wanted: &dyn Fn(&Subject<'u>, bool) -> bool,
    ) -> Option<(Self, &'f Subject<'u>)> {
        let mut seen = BTreeSet::from([from.principal()?.arn.as_str()]);
        let mut front: Vec<(Vec<&'f str>, &Subject<'u>)> = vec![(Vec::new(), from)];
        for _ in 0..LENGTH {
            let mut next = Vec::new();
            for (path, at) in front {
                for (role, is_administrator, last) in steps(at, facts, trusting, wanted) {
                    let Some(arn) = role.principal().map(|one| one.arn.as_str()) else { continue };
                    if !seen.insert(arn) {
                        continue;
                    }
                    let roles: Vec<&str> = path.iter().copied().chain([arn]).collect();
                    if wanted(role, is_administrator) {
                        return Some((Self { roles, last }, role));
                    }
                    next.push((roles, role));
                }
            }
            front = next;
        }
        None
    }
}

/// The roles that a principal may assume: those that name it, and those that leave it to its own policies. Of the latter
/// the first that leads out, or else some that may lead on.
fn steps<'f, 'u>(
    at: &Subject<'u>,
    facts: &'f Facts<'u>,
    trusting: &Trusting<'f, 'u>,
    leads_out: &dyn Fn(&Subject<'u>, bool) -> bool,
) -> Vec<Step<'f, 'u>> {
    let (Some(principal), Some(caller)) = (at.principal(), Caller::of(at, facts)) else {
        return Vec::new();
    };
    let trusts_in = |role: &'f Subject<'u>| {
        let trust = trust_of(role, facts)?;
        Some((trust, trusts(trust, "sts:AssumeRole", &caller)?))
    };
    let mut steps: Vec<Step<'f, 'u>> = Vec::new();
    for role in trusting.0.get(principal.arn.as_str()).into_iter().flatten() {
        if let (Some(last), Some(to)) = (trusts_in(role), role.principal())
            && may_assume(at, facts, to)
        {
            let found = facts.directory().find(facts, &to.arn);
            steps.push((role, found.is_some_and(|(_, is_administrator)| is_administrator), last));
        }
    }
    for (_, call) in
        facts.catalogue.calls(&["sts:AssumeRole"]).filter(|(_, call)| at.may_call(*call))
    {
        let reach = |(role, is_administrator): (&'f Subject<'u>, bool)| {
            let to = role.principal().filter(|one| one.kind == PrincipalKind::Role)?;
            let tag = to.tag(facts.environments.tag_key());
            let last = trusts_in(role)?;
            at.reach_arn(facts, call, &Target { tag, ..Target::untagged("") }, &to.arn)?;
            Some((role, is_administrator, last))
        };
        for (_, statement) in at.grants(call) {
            let covered = |wanted: &dyn Fn(&Subject<'u>, bool) -> bool, most: usize| {
                let roles = facts.directory().covered(facts, statement, &caller.known, wanted);
                roles.filter_map(reach).take(most).collect::<Vec<_>>()
            };
            let out = covered(leads_out, 1);
            steps.extend(if out.is_empty() { covered(&|_, _| true, WIDTH) } else { out });
        }
    }
    steps
}
