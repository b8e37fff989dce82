//! What surrounds the fleet in AWS: who keeps the platform, and who brings people in.

use super::read::{Found, Reader, Table};
use super::{Fleet, Partition};

const CODE: &str = "fortem::fleet::organization";

const KEYS: [&str; 7] = [
    "platform_roles",
    "fargate_only",
    "saml_provider",
    "oidc_issuer",
    "oidc_audience",
    "broker",
    "identity_center_attribute",
];

/// `[organization]` of the fleet file; each setting may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organization {
    platform_roles: Vec<String>,
    fargate_only: bool,
    saml_provider: Option<String>,
    oidc: Option<Oidc>,
    broker: Option<String>,
    identity_center_attribute: Option<String>,
}

/// An OpenID Connect provider, as IAM knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oidc {
    issuer: String,
    audience: String,
}

pub(super) fn read(reader: &mut Reader, top: &Table, partition: Partition) -> Organization {
    let Some(table) = reader.table(top, "organization") else {
        return Organization::default();
    };
    reader.only(&table, &KEYS);
    let partition = partition.as_str();
    let platform = reader.strings(&table, "platform_roles").unwrap_or_default();
    let platform = platform.into_iter().filter_map(|found| {
        let is_role = is_role_pattern(&found.value, partition);
        let expected = format!(
            "expected the ARN of a role such as `arn:{partition}:iam::*:role/platform-admin`; the account may be `*`, \
             and what follows `role/` may have wildcards but not be one"
        );
        known(reader, found, is_role, "an ARN that names roles", &expected)
    });
    let platform_roles = platform.collect();
    let saml_provider = reader.string(&table, "saml_provider").and_then(|found| {
        let is_name = is_provider_name(&found.value);
        let expected = "expected the name that the provider has in IAM, of letters, digits and `._-`; each account has \
                        one of that name";
        known(reader, found, is_name, "the name of a SAML provider", expected)
    });
    let broker = reader.string(&table, "broker").and_then(|found| {
        let is_role = is_role(&found.value, partition);
        let expected = format!(
            "expected the ARN of a role, without wildcards: `arn:{partition}:iam::111122223333:role/broker`"
        );
        known(reader, found, is_role, "the ARN of a role", &expected)
    });
    let attribute = reader.string(&table, "identity_center_attribute").and_then(|found| {
        let is_path = is_attribute(&found.value);
        let expected =
            "expected an attribute of the directory such as `${path:enterprise.department}`";
        known(reader, found, is_path, "an attribute of IAM Identity Center", expected)
    });
    Organization {
        platform_roles,
        fargate_only: reader.switch(&table, "fargate_only"),
        saml_provider,
        oidc: oidc(reader, &table),
        broker,
        identity_center_attribute: attribute,
    }
}

/// The value if it is what it has to be.
fn known(
    reader: &mut Reader,
    found: Found<String>,
    is_known: bool,
    what: &str,
    expected: &str,
) -> Option<String> {
    if is_known {
        return Some(found.value);
    }
    let message = format!("`{}` is not {what}", found.value.escape_default());
    reader.report(CODE, message, found.span, expected);
    None
}

/// Issuer and audience: a token of the issuer for another application is none for us.
fn oidc(reader: &mut Reader, table: &Table) -> Option<Oidc> {
    let issuer = reader.string(table, "oidc_issuer");
    let audience = reader.string(table, "oidc_audience");
    let alone = match (&issuer, &audience) {
        (Some(found), None) => Some((found, "oidc_issuer", "oidc_audience")),
        (None, Some(found)) => Some((found, "oidc_audience", "oidc_issuer")),
        _ => None,
    };
    if let Some((found, given, lacking)) = alone {
        let message = format!("`{given}` without `{lacking}`");
        reader.report(CODE, message, found.span.clone(), "expected both, or neither");
    }
    let (issuer, audience) = (issuer?, audience?);
    let is_issuer = is_issuer(&issuer.value);
    let expected = "expected `https://` and an address in lower case, without `/` at its end";
    let issuer = known(reader, issuer, is_issuer, "the address of an issuer", expected);
    let is_audience = is_audience(&audience.value);
    let expected =
        "expected what the token has under `aud`: printable Latin-1 characters without `*?${}`";
    let audience = known(reader, audience, is_audience, "an audience", expected);
    Some(Oidc { issuer: issuer?, audience: audience? })
}

/// `arn:aws:iam::ACCOUNT:role/PATH/NAME`, with the account and what follows `role/`.
fn role_parts<'a>(text: &'a str, partition: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(&format!("arn:{partition}:iam::"))?;
    let (account, role) = rest.split_once(":role/")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=,.@-*?".contains(c);
    (!role.is_empty() && role.chars().all(allowed)).then_some((account, role))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A pattern that is nothing but wildcards would exempt everybody.
fn is_role_pattern(text: &str, partition: &str) -> bool {
    let named = |role: &str| role.chars().any(|c| c.is_ascii_alphanumeric());
    role_parts(text, partition)
        .is_some_and(|(account, role)| (account == "*" || is_account(account)) && named(role))
}

fn is_role(text: &str, partition: &str) -> bool {
    let plain = |role: &str| !role.contains(['*', '?']) && !role.ends_with('/');
    role_parts(text, partition).is_some_and(|(account, role)| is_account(account) && plain(role))
}

/// IAM API Reference, `CreateSAMLProvider`.
fn is_provider_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(allowed)
}

/// The address stands in the ARN of the provider and in condition keys.
fn is_issuer(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "./_-".contains(c);
    let path = |c: char| allowed(c) || c.is_ascii_uppercase();
    text.strip_prefix("https://").is_some_and(|address| {
        let (host, rest) = address.split_once('/').unwrap_or((address, "-"));
        let whole = host.contains('.') && !rest.is_empty() && !rest.ends_with('/');
        whole && host.chars().all(allowed) && rest.chars().all(path)
    })
}

fn is_audience(text: &str) -> bool {
    super::is_alias(text)
}

/// IAM Identity Center User Guide, "Attributes for access control": an attribute is a path in braces.
fn is_attribute(text: &str) -> bool {
    let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    inner.is_some_and(|path| path.contains(':') && path.chars().all(allowed))
}

impl Organization {
    /// ARN patterns of the roles that keep the platform: what holds for everybody does not hold for these.
    #[must_use]
    pub fn platform_roles(&self) -> &[String] {
        &self.platform_roles
    }

    /// Whether nothing but Fargate runs tasks.
    #[must_use]
    pub fn is_fargate_only(&self) -> bool {
        self.fargate_only
    }

    /// The name of the SAML provider, the same in every account.
    #[must_use]
    pub fn saml_provider(&self) -> Option<&str> {
        self.saml_provider.as_deref()
    }

    /// The OpenID Connect provider.
    #[must_use]
    pub fn oidc(&self) -> Option<&Oidc> {
        self.oidc.as_ref()
    }

    /// The ARN of the role that assumes people's roles for them.
    #[must_use]
    pub fn broker(&self) -> Option<&str> {
        self.broker.as_deref()
    }

    /// The attribute in which IAM Identity Center holds a person's environment: `${path:enterprise.department}`.
    #[must_use]
    pub fn identity_center_attribute(&self) -> Option<&str> {
        self.identity_center_attribute.as_deref()
    }
}

impl Oidc {
    /// The issuer without `https://`, as it stands in the provider's ARN and in condition keys.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.issuer.trim_start_matches("https://")
    }

    /// The application that tokens are for.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }
}

impl Fleet {
    /// What surrounds the fleet in AWS.
    ///
    /// ```
    /// use fortem_core::{Fleet, Roles, SourceFile};
    ///
    /// let text = "[organization]\nplatform_roles = [\"arn:aws:iam::*:role/platform-admin\"]\n\
    ///             [[environment]]\nname = \"dev\"\ntier = \"nonproduction\"\n";
    /// let fleet = Fleet::parse(&SourceFile::new("fleet.toml", text), &Roles::any())?;
    /// assert_eq!(fleet.organization().platform_roles(), ["arn:aws:iam::*:role/platform-admin"]);
    /// assert_eq!(fleet.organization().broker(), None);
    /// # Ok::<(), fortem_core::Problems>(())
    /// ```
    #[must_use]
    pub fn organization(&self) -> &Organization {
        &self.organization
    }
}
