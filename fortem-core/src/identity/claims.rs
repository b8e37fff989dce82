//! Identities out of the claims of a token, which somebody else has verified.

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

use super::Identity;

/// Which claims of an OpenID Connect token say what. A name is first looked up as it is, then as a path with dots, such
/// as `realm_access.roles`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcClaims {
    /// The id of the person: `sub`. Another, such as `email`, only if the provider lets nobody choose it.
    pub id: String,
    /// The groups, a text or a list of texts: `groups`. A token without the claim has no groups.
    pub groups: String,
    /// Tags of the session: the key of each tag, and the claim with its value. What is not in a token is left out.
    pub tags: BTreeMap<String, String>,
}

impl Default for OidcClaims {
    fn default() -> Self {
        Self { id: "sub".into(), groups: "groups".into(), tags: BTreeMap::new() }
    }
}

/// Which attributes of a SAML assertion say what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamlAttributes {
    /// The attribute with the id of the person, exactly one value; an embedder can put the `NameID` under that name.
    pub id: String,
    /// The attribute with the groups; an assertion without it has no groups.
    pub groups: String,
    /// Tags of the session: the key of each tag, and the attribute with its one value.
    pub tags: BTreeMap<String, String>,
}

impl Default for SamlAttributes {
    fn default() -> Self {
        Self { id: "NameID".into(), groups: "groups".into(), tags: BTreeMap::new() }
    }
}

/// Why claims say not who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// There is no id, or an empty one.
    #[error("no `{claim}`, which would say who it is")]
    NoId {
        /// The claim or attribute.
        claim: String,
    },
    /// A claim is not of the type that it has to be.
    #[error("`{claim}` is not {expected}")]
    WrongType {
        /// The claim or attribute.
        claim: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// The provider left the groups out of the token, since there are too many (Entra ID's groups overage). They are
    /// not none: a policy may forbid something to one of them.
    #[error(
        "the token leaves the groups out; ask the identity provider for them, or limit them there"
    )]
    GroupsLeftOut,
}

impl Identity {
    /// A person by the claims of an OpenID Connect token.
    ///
    /// **Nothing is verified here**: signature, issuer, audience and expiry have been checked before, or anybody can be
    /// anybody. The second factor is `mfa` among the values of `amr` (RFC 8176).
    ///
    /// ```
    /// use fortem_core::{Identity, OidcClaims};
    ///
    /// let claims = serde_json::json!({ "sub": "zoe", "groups": ["idp-payments"], "amr": ["pwd", "mfa"] });
    /// let identity = Identity::from_oidc(&claims, &OidcClaims::default())?;
    /// assert_eq!((identity.id(), identity.groups()), ("zoe", &["idp-payments".to_owned()][..]));
    /// assert!(identity.mfa());
    /// # Ok::<(), fortem_core::IdentityError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Without an id, with claims of a wrong type, and where the provider left the groups out
    /// (`hasgroups`, or the groups in `_claim_names`).
    pub fn from_oidc(claims: &Value, names: &OidcClaims) -> Result<Self, IdentityError> {
        let id = claim(claims, &names.id);
        let id = id.map(|one| text(one, &names.id)).transpose()?.unwrap_or_default();
        let mut identity = named(id, &names.id)?;
        if groups_left_out(claims, &names.groups) {
            return Err(IdentityError::GroupsLeftOut);
        }
        for group in texts(claims, &names.groups)? {
            identity = identity.group(group);
        }
        for (key, name) in &names.tags {
            if let Some(value) = claim(claims, name) {
                identity = identity.tag(key, text(value, name)?);
            }
        }
        let mfa = texts(claims, "amr")?.contains(&"mfa");
        Ok(identity.with_mfa(mfa))
    }

    /// A person by the attributes of a SAML assertion, each with its values. It has no second factor;
    /// [`Identity::with_mfa`] adds it where the embedder knows of one.
    ///
    /// **Nothing is verified here**: the signature of the assertion, its audience and its times have been checked
    /// before, or anybody can be anybody.
    ///
    /// # Errors
    ///
    /// Without an id, and where an attribute that has one value has several.
    pub fn from_saml(
        attributes: &BTreeMap<String, Vec<String>>,
        names: &SamlAttributes,
    ) -> Result<Self, IdentityError> {
        let mut identity = named(single(attributes, &names.id)?.unwrap_or_default(), &names.id)?;
        for group in attributes.get(&names.groups).into_iter().flatten() {
            identity = identity.group(group);
        }
        for (key, name) in &names.tags {
            if let Some(value) = single(attributes, name)? {
                identity = identity.tag(key, value);
            }
        }
        Ok(identity)
    }
}

fn named(id: &str, claim: &str) -> Result<Identity, IdentityError> {
    if id.is_empty() {
        return Err(IdentityError::NoId { claim: claim.to_owned() });
    }
    Ok(Identity::new(id))
}

fn claim<'c>(claims: &'c Value, name: &str) -> Option<&'c Value> {
    let found = claims
        .get(name)
        .or_else(|| name.split('.').try_fold(claims, |inner, part| inner.get(part)));
    found.filter(|one| !one.is_null())
}

fn text<'c>(value: &'c Value, claim: &str) -> Result<&'c str, IdentityError> {
    value.as_str().ok_or_else(|| wrong_type(claim, "a text"))
}

/// A text or a list of texts.
fn texts<'c>(claims: &'c Value, name: &str) -> Result<Vec<&'c str>, IdentityError> {
    let wrong = || wrong_type(name, "a text or a list of texts");
    match claim(claims, name) {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one]),
        Some(Value::Array(many)) => many.iter().map(|one| one.as_str().ok_or_else(wrong)).collect(),
        Some(_) => Err(wrong()),
    }
}

fn wrong_type(claim: &str, expected: &'static str) -> IdentityError {
    IdentityError::WrongType { claim: claim.to_owned(), expected }
}

/// <https://learn.microsoft.com/en-us/security/zero-trust/develop/configure-tokens-group-claims-app-roles>, group overages.
fn groups_left_out(claims: &Value, groups: &str) -> bool {
    let elsewhere = claims.get("_claim_names").and_then(Value::as_object);
    elsewhere.is_some_and(|names| names.contains_key(groups) || names.contains_key("groups"))
        || claims.get("hasgroups").is_some_and(|one| one != &Value::Bool(false))
}

fn single<'c>(
    attributes: &'c BTreeMap<String, Vec<String>>,
    name: &str,
) -> Result<Option<&'c str>, IdentityError> {
    match attributes.get(name).map(Vec::as_slice) {
        None | Some([]) => Ok(None),
        Some([one]) => Ok(Some(one)),
        Some(_) => Err(wrong_type(name, "one value")),
    }
}
