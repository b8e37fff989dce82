//! Findings that say the same, shown once.

use std::collections::HashMap;
use std::hash::Hash;

use crate::finding::Finding;

/// Findings that say the same.
#[derive(Debug)]
pub(super) struct Group<'r> {
    // INVARIANT: not empty.
    findings: Vec<&'r Finding>,
}

/// How many principals are named before the rest is counted.
const NAMED: usize = 3;

impl<'r> Group<'r> {
    /// The finding that stands for all, if there is any.
    pub(super) fn first(&self) -> Option<&'r Finding> {
        self.findings.first().copied()
    }

    /// All of them.
    pub(super) fn findings(&self) -> &[&'r Finding] {
        &self.findings
    }

    /// The principals, each once.
    pub(super) fn principals(&self) -> Vec<&'r str> {
        let mut principals: Vec<&str> =
            self.findings.iter().filter_map(|one| one.principal.as_deref()).collect();
        principals.dedup();
        principals
    }

    /// The first principals by name, and how many there are besides.
    pub(super) fn some_principals(&self) -> Option<String> {
        let principals = self.principals();
        let named: Vec<String> =
            principals.iter().take(NAMED).map(|one| format!("`{one}`")).collect();
        let more = principals.len().saturating_sub(NAMED);
        match (named.len(), more) {
            (0, _) => None,
            (_, 0) => Some(named.join(", ")),
            _ => Some(format!("{}, and {more} more", named.join(", "))),
        }
    }
}

/// Findings of one rule at one place, with one message: they differ in the principal.
pub(super) fn by_place(findings: &[Finding]) -> Vec<Group<'_>> {
    by(findings, |one| (one.rule, one.severity, &one.file, one.position, &one.message))
}

/// Findings of one rule with one message about one text, wherever it stands.
pub(super) fn by_text(findings: &[Finding]) -> Vec<Group<'_>> {
    by(findings, |one| (one.rule, one.severity, &one.message, &one.excerpt))
}

/// Groups in the order of their first findings.
fn by<'r, K: Hash + Eq>(findings: &'r [Finding], key: impl Fn(&'r Finding) -> K) -> Vec<Group<'r>> {
    let mut groups: Vec<Group<'r>> = Vec::new();
    let mut known: HashMap<K, usize> = HashMap::with_capacity(findings.len());
    for finding in findings {
        let at = *known.entry(key(finding)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group { findings: vec![finding] }),
        }
    }
    groups
}
