//! Who a person is, as an identity provider says.

mod claims;

use std::collections::BTreeMap;

pub use self::claims::{IdentityError, OidcClaims, SamlAttributes};

/// A person as a verified token describes them: id, groups, tags of the session.
///
/// **Nothing is verified here.** Whoever builds an identity from a token has checked its signature, issuer, audience
/// and expiry before; an identity made from an unchecked token lets anybody be anybody.
///
/// The fleet file says which groups are which teams (`groups` of a `[[team]]`); groups that it does not name are left
/// aside. A person who is also in the fleet file has the teams of both.
///
/// ```
/// use fortem_core::Identity;
///
/// let identity = Identity::new("zoe").group("idp-payments").tag("Department", "payments");
/// assert_eq!(identity.groups(), ["idp-payments"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    id: String,
    groups: Vec<String>,
    tags: BTreeMap<String, String>,
    mfa: bool,
}

impl Identity {
    /// Somebody in no group.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// Also in a group of the identity provider.
    #[must_use]
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.groups.push(name.into());
        self
    }

    /// With a tag of the session: what Cedar's `principal.getTag` and AWS's `aws:PrincipalTag` see.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// Whether the person signed in with a second factor.
    #[must_use]
    pub fn with_mfa(self, mfa: bool) -> Self {
        Self { mfa, ..self }
    }

    /// The id that the identity provider gives.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The groups, as the token names them.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Tags of the session.
    #[must_use]
    pub fn tags(&self) -> &BTreeMap<String, String> {
        &self.tags
    }

    /// Whether the token says that there was a second factor.
    #[must_use]
    pub fn mfa(&self) -> bool {
        self.mfa
    }
}
