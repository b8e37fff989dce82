//! What is compared of a principal, and what every call of it has.

use std::collections::BTreeSet;

use fortem_compile::diff::{Change, DiffError, Known};
use fortem_compile::iam::{Condition, Document, Statement};

use super::holder::Sessions;
use super::{Comparison, Holder, Intended};
use crate::facts::{Subject, TagOf, tag_of_key};
use crate::unit::PrincipalKind;

const TAG: &str = "aws:PrincipalTag/";

impl Comparison<'_, '_> {
    /// What differs between what the source permits some sessions, and all that bears on them.
    pub(super) fn compare(
        &self,
        subject: &Subject<'_>,
        holder: &Holder,
        sessions: &Sessions,
    ) -> Result<Vec<Change>, DiffError> {
        let is_renamed = is_mistagged(subject, holder, sessions);
        let meant = self.intended.documents(&sessions.parts, is_renamed);
        let identity = subject.identity.iter().map(|policy| &policy.document).collect();
        let mut layers: Vec<Vec<&Document>> = vec![identity];
        layers.extend(
            subject
                .limits
                .iter()
                .map(|layer| layer.policies.iter().map(|policy| &policy.document).collect()),
        );
        let all = meant.iter().chain(layers.iter().flatten().copied());
        let known = self.known(subject, holder, sessions, is_renamed, all);
        self.accesses.compare(&holder.principal, &[meant.iter().collect()], &layers, &known)
    }

    fn known<'d>(
        &self,
        subject: &Subject<'_>,
        holder: &Holder,
        sessions: &Sessions,
        is_renamed: bool,
        documents: impl Iterator<Item = &'d Document>,
    ) -> Known {
        let mut known = Known::default();
        let Some(principal) = subject.principal() else { return known };
        if !holder.takes_session_tags {
            for key in tag_keys(documents) {
                known.set(&format!("{TAG}{key}"), principal.tag(&key));
            }
        }
        for (tag, value) in &sessions.meant {
            if holder.takes_session_tags {
                known.set(&format!("{TAG}{tag}"), Some(value.as_str()));
            }
            if is_renamed {
                known.set(&Intended::meant_key(tag), Some(value.as_str()));
            }
        }
        known.set("aws:PrincipalArn", Some(principal.arn.as_str()));
        let kind = match principal.kind {
            PrincipalKind::User => "User",
            PrincipalKind::Role => "AssumedRole",
        };
        known.set("aws:PrincipalType", Some(kind));
        let is_user = principal.kind == PrincipalKind::User;
        known.set("aws:username", Some(principal.name.as_str()).filter(|_| is_user));
        if let Some(account) = &self.facts.unit.account {
            known.set("aws:PrincipalAccount", Some(account.as_str()));
        }
        known
    }
}

/// Whether a principal has not the environment tags that it should have.
pub(super) fn is_mistagged(subject: &Subject<'_>, holder: &Holder, sessions: &Sessions) -> bool {
    let Some(principal) = subject.principal() else { return false };
    let has = |(key, value): &(String, String)| principal.tag(key) == Some(value.as_str());
    !holder.takes_session_tags && !sessions.meant.iter().all(has)
}

/// The keys of principals' tags that documents speak of, in lower case.
fn tag_keys<'d>(documents: impl Iterator<Item = &'d Document>) -> BTreeSet<String> {
    let statements = documents.flat_map(Document::statements);
    let keys = statements.flat_map(|statement: &Statement| {
        let conditions = statement.conditions().iter();
        let named = conditions.clone().map(Condition::key);
        let variables = conditions.flat_map(Condition::variables);
        let keys: Vec<String> = named
            .chain(variables)
            .chain(statement.resource_variables())
            .map(str::to_lowercase)
            .collect();
        keys
    });
    let of_principal = keys.filter_map(|key| match tag_of_key(&key) {
        Some((TagOf::Principal, tag)) => Some(tag.to_owned()),
        _ => None,
    });
    of_principal.collect()
}
