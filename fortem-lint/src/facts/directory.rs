//! The users and roles of an account by name, so that whom a pattern covers is found without looking at everybody.

use fortem_compile::iam::{Context, Statement, Truth};
use fortem_core::pattern;

use super::{Facts, Subject};

/// The users and roles of an account, and which of them are as good as administrators.
#[derive(Debug)]
pub struct Directory {
    // INVARIANT: sorted by name, which is an ARN's part after the fifth colon: `role/ecs/orders`.
    entries: Vec<Entry>,
}

/// One of them.
#[derive(Debug)]
struct Entry {
    name: String,
    // Its place in `Facts::subjects`.
    subject: usize,
    is_administrator: bool,
}

impl Directory {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let subjects = facts.subjects.iter().enumerate();
        let mut entries: Vec<Entry> = subjects
            .filter_map(|(at, subject)| {
                let name = name_of(&subject.principal()?.arn).to_owned();
                let is_administrator = subject.is_administrator(facts);
                Some(Entry { name, subject: at, is_administrator })
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Self { entries }
    }

    /// Users and roles that the `Resource` of a statement covers, each with whether it is as good as an administrator;
    /// one that several patterns cover comes several times. Only those `wanted` by the same two are compared, as that is
    /// what takes time.
    pub fn covered<'a, 'u>(
        &'a self,
        facts: &'a Facts<'u>,
        statement: &Statement,
        context: &Context,
        wanted: impl Fn(&Subject<'u>, bool) -> bool,
    ) -> impl Iterator<Item = (&'a Subject<'u>, bool)> {
        let open = statement.is_not_resource();
        let patterns =
            if open { vec!["*".to_owned()] } else { statement.filled_resources(context) };
        let entries = patterns.into_iter().flat_map(|one| {
            let name = if one == "*" { one } else { name_of(&one).to_owned() };
            let begin = pattern::literal(&name).to_owned();
            let first = self.entries.partition_point(|entry| entry.name.as_str() < begin.as_str());
            let near = self.entries.iter().skip(first);
            let near = near.take_while(move |entry| entry.name.starts_with(&begin));
            near.filter(move |entry| pattern::matches(&name, &entry.name))
        });
        entries.filter_map(move |entry| {
            let subject = facts.subjects.get(entry.subject)?;
            if !wanted(subject, entry.is_administrator) {
                return None;
            }
            let covers = statement.covers_resource(&subject.principal()?.arn, context) != Truth::No;
            covers.then_some((subject, entry.is_administrator))
        })
    }

    /// The user or role of an ARN.
    #[must_use]
    pub fn find<'a, 'u>(&self, facts: &'a Facts<'u>, arn: &str) -> Option<(&'a Subject<'u>, bool)> {
        let name = name_of(arn);
        let at = self.entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        let entry = self.entries.get(at)?;
        let subject = facts.subjects.get(entry.subject)?;
        (subject.principal()?.arn == arn).then_some((subject, entry.is_administrator))
    }
}

/// What stands after the fifth colon of an ARN.
fn name_of(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}
