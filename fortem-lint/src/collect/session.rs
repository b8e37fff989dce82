//! Whose credentials calls are signed with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::types::Tag;
use tokio::sync::Mutex;

use super::failure::{Failure, Kind};

/// Credentials for one account, fetched when they are needed first, shortly before they expire, and when a service says
/// that they are no longer good.
#[derive(Debug, Clone)]
pub(super) struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    held: Mutex<Option<Credentials>>,
}

#[derive(Debug)]
enum Source {
    /// Whatever the SDK finds: profile, environment, SSO, instance, process.
    Found(SharedCredentialsProvider),
    /// A role of another account.
    Role(Box<Role>),
}

/// A role, and how it is entered.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session_name: String,
    pub(super) tags: BTreeMap<String, String>,
    /// What the session may do at most, whatever the role may.
    pub(super) policy: String,
    pub(super) sts: aws_sdk_sts::Client,
}

/// How long before they expire credentials are fetched anew.
const MARGIN: Duration = Duration::from_mins(1);

impl Session {
    pub(super) fn found(provider: SharedCredentialsProvider) -> Self {
        Self(Arc::new(Inner { source: Source::Found(provider), held: Mutex::default() }))
    }

    pub(super) fn of_role(role: Role, first: Credentials) -> Self {
        let held = Mutex::new(Some(first));
        Self(Arc::new(Inner { source: Source::Role(Box::new(role)), held }))
    }

    /// Forgets the credentials, so that the next call gets others.
    pub(super) async fn renew(&self) {
        *self.0.held.lock().await = None;
    }

    async fn current(&self) -> provider::Result {
        let mut held = self.0.held.lock().await;
        let soon = SystemTime::now() + MARGIN;
        if let Some(good) = held.as_ref().filter(|one| one.expiry().is_none_or(|end| end > soon)) {
            return Ok(good.clone());
        }
        let fetched = match &self.0.source {
            Source::Found(provider) => provider.provide_credentials().await?,
            Source::Role(role) => role.enter().await.map_err(CredentialsError::provider_error)?,
        };
        check(&fetched).map_err(CredentialsError::provider_error)?;
        *held = Some(fetched.clone());
        Ok(fetched)
    }
}

/// Refuses credentials that no request can carry, such as those with a line break at the end; the SDK would end the
/// program.
fn check(credentials: &Credentials) -> Result<(), Failure> {
    let texts = [Some(credentials.access_key_id()), credentials.session_token()];
    let is_good = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if texts.into_iter().flatten().all(is_good) {
        return Ok(());
    }
    let message =
        "the access key or the session token has blanks or other characters that none has";
    Err(Failure::new(Kind::Denied, "MalformedCredentials", message))
}

impl ProvideCredentials for Session {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.current())
    }
}

impl Role {
    /// Credentials of the role.
    pub(super) async fn enter(&self) -> Result<Credentials, Failure> {
        let mut call =
            self.sts.assume_role().role_arn(&self.arn).role_session_name(&self.session_name);
        call = call.set_external_id(self.external_id.clone()).policy(&self.policy);
        for (key, value) in &self.tags {
            let tag = Tag::builder().key(key).value(value).build();
            call = call.tags(tag.map_err(|_| Failure::new(Kind::Refused, "SessionTag", "no tag"))?);
        }
        let entered = call.send().await?;
        let got = entered.credentials.ok_or_else(Failure::of_unreadable)?;
        let expiry = SystemTime::try_from(got.expiration).ok();
        let (id, secret) = (got.access_key_id, got.secret_access_key);
        let credentials =
            Credentials::new(id, secret, Some(got.session_token), expiry, "AssumeRole");
        check(&credentials)?;
        Ok(credentials)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sts::config::Credentials;

    use super::check;

    #[test]
    fn credentials_with_line_breaks_are_refused() {
        let of = |key: &str, token: &str| {
            check(&Credentials::new(key, "secret", Some(token.to_owned()), None, "test"))
        };
        assert!(of("AKIAEXAMPLE", "dG9rZW4=").is_ok());
        assert!(of("AKIAEXAMPLE\n", "dG9rZW4=").is_err());
        assert!(of("AKIAEXAMPLE", "dG9r ZW4=").is_err());
    }
}
