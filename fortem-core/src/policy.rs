//! A role, grant or guard as it was written: Cedar policy, file and place.

use std::ops::Range;

use cedar_policy::{PolicySet, pst};

use crate::fleet::RoleSlots;
use crate::problem::SourceFile;

/// What a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// A `permit` with slots, which assignments fill.
    Role,
    /// A `forbid` without slots, which holds for everybody it names.
    Guard,
    /// A `permit` without slots, for whom and where it names.
    Grant,
    /// A `forbid` with slots.
    Other,
}

/// One Cedar policy of the policies directory.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(crate) id: String,
    pub(crate) template: pst::Template,
    pub(crate) named: PolicySet,
    pub(crate) file: SourceFile,
    pub(crate) span: Range<usize>,
    pub(crate) clauses: Vec<Range<usize>>,
}

impl Policy {
    /// The id given by `@id`; unique, of lower-case letters, digits and `-`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the policy is for, as its `@doc` says; empty if it has none.
    #[must_use]
    pub fn doc(&self) -> &str {
        self.template.annotations.get("doc").map_or("", |doc| doc.as_str())
    }

    /// Role, guard, grant or something else.
    #[must_use]
    pub fn kind(&self) -> PolicyKind {
        match (self.template.effect, self.template.is_static()) {
            (pst::Effect::Permit, false) => PolicyKind::Role,
            (pst::Effect::Forbid, true) => PolicyKind::Guard,
            (pst::Effect::Permit, true) => PolicyKind::Grant,
            (pst::Effect::Forbid, false) => PolicyKind::Other,
        }
    }

    /// What an assignment of the policy has to name; nothing where it has no slots.
    #[must_use]
    pub fn slots(&self) -> RoleSlots {
        RoleSlots {
            principal: self.template.principal.has_slot(),
            resource: self.template.resource.has_slot(),
        }
    }

    /// Cedar's public syntax tree; a policy without slots is its own template.
    #[must_use]
    pub fn template(&self) -> &pst::Template {
        &self.template
    }

    /// The policy alone, under its id, as Cedar evaluates it.
    #[must_use]
    pub fn policy_set(&self) -> &PolicySet {
        &self.named
    }

    /// The file the policy stands in.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// The bytes of the file from the first annotation or keyword to the closing `;`.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The bytes of the `when` or `unless` clause at `index`, counted from 0 in the order written.
    #[must_use]
    pub fn clause_span(&self, index: usize) -> Range<usize> {
        self.clauses.get(index).cloned().unwrap_or_else(|| self.span())
    }

    /// The first line of the policy, for an excerpt about the whole of it that stays short.
    #[must_use]
    pub fn header_span(&self) -> Range<usize> {
        header(&self.file, &self.span)
    }

    /// Path and line, `policies/roles/developer.cedar:9`.
    #[must_use]
    pub fn location(&self) -> String {
        format!("{}:{}", self.file.path(), self.file.line(self.span.start))
    }
}

/// The first line of a range of bytes.
pub(crate) fn header(file: &SourceFile, span: &Range<usize>) -> Range<usize> {
    let text = file.text().get(span.clone()).unwrap_or_default();
    let length = text.find('\n').unwrap_or(text.len());
    span.start..span.start + length
}
