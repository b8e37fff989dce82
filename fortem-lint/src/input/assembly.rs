//! Roles, users, groups, policies and who has which, put together from declarations in any order.

use std::collections::BTreeMap;

use crate::source::Place;
use crate::unit::{Boundary, Group, Owner, Policy, Principal, PrincipalKind, Unit};

/// The account in which declared resources are taken to be made.
pub(super) const ACCOUNT: &str = "111122223333";

/// What a policy is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    Role,
    User,
    Group,
}

/// Declarations so far. Keys are whatever the format calls a resource: an address or a logical id.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    unit: Unit,
    // Principals by kind and by key, and by name.
    principals: BTreeMap<(Holder, String), usize>,
    managed: BTreeMap<String, usize>,
    attachments: Vec<(Holder, String, Attached)>,
    boundaries: Vec<(usize, String)>,
    memberships: Vec<(String, String)>,
    missing: Vec<(String, String)>,
}

/// A policy that somebody has.
#[derive(Debug, Clone)]
pub(super) enum Attached {
    /// An inline policy, by index.
    Inline(usize),
    /// A managed policy, by key or ARN.
    Managed(String),
}

impl Assembly {
    pub(super) fn add_policy(&mut self, policy: Policy) -> usize {
        self.unit.policies.push(policy);
        self.unit.policies.len() - 1
    }

    /// Adds a managed policy under its key and its ARN.
    pub(super) fn add_managed(&mut self, key: &str, arn: &str, policy: Policy) {
        let index = self.add_policy(policy);
        self.managed.insert(key.to_owned(), index);
        self.managed.insert(arn.to_owned(), index);
    }

    /// Adds a user or role; its trust policy is added before.
    pub(super) fn add_principal(
        &mut self,
        key: &str,
        kind: PrincipalKind,
        declared: Declared,
        trust: Option<usize>,
    ) {
        let holder = match kind {
            PrincipalKind::Role => Holder::Role,
            PrincipalKind::User => Holder::User,
        };
        let index = self.unit.principals.len();
        self.principals.insert((holder, key.to_owned()), index);
        self.principals.insert((holder, declared.name.clone()), index);
        if let Some(boundary) = declared.boundary {
            self.boundaries.push((index, boundary));
        }
        self.unit.principals.push(Principal {
            kind,
            arn: arn_of(holder, &declared.path, &declared.name),
            name: declared.name,
            path: declared.path,
            tags: declared.tags,
            identity: Vec::new(),
            boundary: None,
            trust,
            missing: Vec::new(),
            groups: Vec::new(),
            last_used: None,
            access_keys: None,
            place: declared.place,
        });
    }

    pub(super) fn add_group(&mut self, key: &str, name: &str, path: &str, place: Place) {
        let index = self.unit.groups.len();
        self.principals.insert((Holder::Group, key.to_owned()), index);
        self.principals.insert((Holder::Group, name.to_owned()), index);
        let arn = arn_of(Holder::Group, path, name);
        self.unit.groups.push(Group { name: name.to_owned(), arn, identity: Vec::new(), place });
    }

    /// Notes that a role, user or group has a policy.
    pub(super) fn attach(&mut self, holder: Holder, key: &str, policy: Attached) {
        self.attachments.push((holder, key.to_owned(), policy));
    }

    /// Notes that a user belongs to a group, both by key or name.
    pub(super) fn join(&mut self, user: &str, group: &str) {
        self.memberships.push((user.to_owned(), group.to_owned()));
    }

    /// The unit, and what it refers to and does not hold: a policy and whose it is.
    pub(super) fn finish(mut self) -> (Unit, Vec<(String, String)>) {
        for (holder, key, attached) in std::mem::take(&mut self.attachments) {
            self.resolve(holder, &key, attached);
        }
        for (user, group) in std::mem::take(&mut self.memberships) {
            let of_group = self.principals.get(&(Holder::Group, group.clone()));
            let policies = of_group.and_then(|index| self.unit.groups.get(*index));
            let policies = policies.map(|group| group.identity.clone()).unwrap_or_default();
            let user = self.principals.get(&(Holder::User, user));
            if let Some(user) = user.and_then(|index| self.unit.principals.get_mut(*index)) {
                user.identity.extend(policies);
                user.groups.push(group);
            }
        }
        for (index, arn) in std::mem::take(&mut self.boundaries) {
            let boundary = self.managed.get(&arn).map(|policy| Boundary::Known(*policy));
            if let Some(principal) = self.unit.principals.get_mut(index) {
                if boundary.is_none() {
                    self.missing.push((arn.clone(), principal.arn.clone()));
                }
                principal.boundary = boundary.or(Some(Boundary::Unknown(arn)));
            }
        }
        self.unit.account = Some(ACCOUNT.to_owned());
        (self.unit, self.missing)
    }

    fn resolve(&mut self, holder: Holder, key: &str, attached: Attached) {
        let index = match attached {
            Attached::Inline(index) => Ok(index),
            Attached::Managed(policy) => self.managed.get(&policy).copied().ok_or(policy),
        };
        let Some(whose) = self.principals.get(&(holder, key.to_owned())).copied() else {
            // Somebody who is declared elsewhere: the policy is judged as that of whoever gets it.
            return;
        };
        let (identity, arn) = if holder == Holder::Group {
            let Some(group) = self.unit.groups.get_mut(whose) else { return };
            (&mut group.identity, &group.arn)
        } else {
            let Some(principal) = self.unit.principals.get_mut(whose) else { return };
            if let Err(missing) = &index {
                principal.missing.push(missing.clone());
            }
            (&mut principal.identity, &principal.arn)
        };
        match index {
            Ok(index) if identity.contains(&index) => {}
            Ok(index) => {
                identity.push(index);
                if let Some(Policy { owner: owner @ Owner::Nobody, .. }) =
                    self.unit.policies.get_mut(index)
                {
                    *owner = Owner::Inline(arn.clone());
                }
            }
            Err(missing) => self.missing.push((missing, arn.clone())),
        }
    }
}

/// What is declared of a user or role.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) tags: Vec<(String, String)>,
    pub(super) boundary: Option<String>,
    pub(super) place: Place,
}

fn arn_of(holder: Holder, path: &str, name: &str) -> String {
    let kind = match holder {
        Holder::Role => "role",
        Holder::User => "user",
        Holder::Group => "group",
    };
    format!("arn:aws:iam::{ACCOUNT}:{kind}{path}{name}")
}
