//! Who a statement of a trust or resource policy is about (IAM User Guide, "AWS JSON policy elements: Principal").

/// One principal of a `Principal` or `NotPrincipal` element, or one that makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// `*`: everyone, also without credentials.
    Everyone,
    /// An account, written as its 12 digits or as the ARN of its root: all its principals.
    Account(String),
    /// A user, role or session of an account, by its ARN.
    Arn(String),
    /// The unique id (`AROA…`) that AWS shows in place of a principal that was deleted.
    UniqueId(String),
    /// An AWS service, such as `ecs-tasks.amazonaws.com`.
    Service(String),
    /// An identity provider: the ARN of a SAML or OIDC provider, or a public provider's domain.
    Federated(String),
    /// The canonical user id of an account, as S3 knows it.
    CanonicalUser(String),
}

impl Principal {
    /// Reads one of the `AWS` principals: `*`, an account, an ARN without wildcards, or a unique id.
    ///
    /// ```
    /// use fortem_compile::iam::Principal;
    ///
    /// let account = Principal::Account("111122223333".to_owned());
    /// assert_eq!(Principal::aws("111122223333"), Some(account.clone()));
    /// assert_eq!(Principal::aws("arn:aws:iam::111122223333:root"), Some(account));
    /// assert_eq!(Principal::aws("arn:aws:iam::111122223333:role/*"), None);
    /// ```
    #[must_use]
    pub fn aws(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everyone);
        }
        if is_account(text) {
            return Some(Self::Account(text.to_owned()));
        }
        if ["AIDA", "AROA"].iter().any(|prefix| text.starts_with(prefix)) {
            return text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric())
                .then(|| Self::UniqueId(text.to_owned()));
        }
        let arn = PrincipalArn::read(text)?;
        Some(match (arn.service, arn.name) {
            ("iam", "root") => Self::Account(arn.account.to_owned()),
            _ => Self::Arn(text.to_owned()),
        })
    }

    /// Whether a principal that makes a request is this one, or belongs to it: principals to their account, sessions
    /// to their role.
    ///
    /// ```
    /// use fortem_compile::iam::Principal;
    ///
    /// let role = Principal::Arn("arn:aws:iam::111122223333:role/ops/deploy".to_owned());
    /// let session = Principal::Arn("arn:aws:sts::111122223333:assumed-role/deploy/anna".to_owned());
    /// assert!(role.covers(&session));
    /// assert!(!session.covers(&role));
    /// assert!(Principal::Account("111122223333".to_owned()).covers(&session));
    /// ```
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everyone, _) => true,
            (Self::Account(account), Self::Arn(arn)) => {
                PrincipalArn::read(arn).is_some_and(|arn| arn.account == account)
            }
            (Self::Arn(role), Self::Arn(session)) => {
                role == session || is_session_of(role, session)
            }
            _ => self == other,
        }
    }
}

/// The ARN of a principal taken apart; service, type and name have no wildcards.
struct PrincipalArn<'a> {
    partition: &'a str,
    service: &'a str,
    account: &'a str,
    name: &'a str,
}

impl<'a> PrincipalArn<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let (arn, partition, service, region, account, name) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        // CloudFront's origin access identities have its name in place of an account.
        let known =
            arn == "arn" && region.is_empty() && (is_account(account) || account == "cloudfront");
        let plain = !name.is_empty() && !text.contains(['*', '?']) && !text.contains("${");
        (known && plain).then_some(Self { partition, service, account, name })
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A session's ARN has the role's name, which is unique in its account, without its path.
fn is_session_of(role: &str, session: &str) -> bool {
    let (Some(role), Some(session)) = (PrincipalArn::read(role), PrincipalArn::read(session))
    else {
        return false;
    };
    let role_name = role.name.strip_prefix("role/").and_then(|path| path.rsplit('/').next());
    let session_role =
        session.name.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next());
    (role.service, session.service) == ("iam", "sts")
        && (role.partition, role.account) == (session.partition, session.account)
        && role_name.is_some()
        && role_name == session_role
}
