//! What a document is attached to, which decides on its elements.

use std::fmt;

/// What a policy document is attached to.
///
/// The sources are the IAM User Guide ("IAM JSON policy element reference", "Grammar of the IAM JSON policy language")
/// and the Organizations User Guide ("SCP syntax", "RCP syntax").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A managed or inline policy of a user, group or role.
    Identity,
    /// A service control policy of an organization; since September 2025 it has the whole language.
    ServiceControl,
    /// A permissions boundary of a user or role.
    Boundary,
    /// A policy given when a session begins.
    Session,
    /// Who may assume a role. It has principals and, being part of the role, no resource.
    Trust,
    /// A policy of any other resource, such as a bucket or a repository. It has principals; with some services it has
    /// no `Resource`, and which Sids it may have differs as well.
    Resource,
    /// A resource control policy of an organization. It denies everyone, except for the one that AWS attaches.
    ResourceControl,
}

/// The elements of a statement.
pub(in crate::iam) const ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

impl DocumentKind {
    /// Whether an element of statements may stand in it.
    pub(in crate::iam) fn admits(self, element: &str) -> bool {
        match element {
            "Principal" => self.has_principals(),
            "NotPrincipal" => self == Self::Resource,
            "NotAction" => self != Self::ResourceControl,
            "Resource" | "NotResource" => self != Self::Trust,
            _ => true,
        }
    }

    /// Whether every statement says whom it is about.
    pub(in crate::iam) fn has_principals(self) -> bool {
        matches!(self, Self::Trust | Self::Resource | Self::ResourceControl)
    }

    /// Whether every statement says which resources it is about.
    pub(in crate::iam) fn needs_resources(self) -> bool {
        !matches!(self, Self::Trust | Self::Resource)
    }

    /// Whether Sids are letters and digits, no two alike.
    pub(in crate::iam) fn has_plain_sids(self) -> bool {
        self != Self::Resource
    }

    /// Whether the API takes the characters of Latin-1 only (IAM API Reference, `PolicyDocument`).
    pub(super) fn is_latin(self) -> bool {
        matches!(self, Self::Identity | Self::Boundary | Self::Session | Self::Trust)
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "an identity policy",
            Self::ServiceControl => "a service control policy",
            Self::Boundary => "a permissions boundary",
            Self::Session => "a session policy",
            Self::Trust => "a trust policy",
            Self::Resource => "a resource policy",
            Self::ResourceControl => "a resource control policy",
        })
    }
}
