//! What all calls begin with: configuration, HTTP client, and who is calling.

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::config::IdentityCache;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};

use super::caller::{Caller, Hub};
use super::calls;
use super::failure::{Failure, Kind};
use super::session::Session;
use super::{CollectError, Settings, regions};

/// The Region of services that have none, where nothing is configured.
const HOME: &str = "us-east-1";

/// The calls of whoever started the collection.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) hub: Arc<Hub>,
    pub(super) config: SdkConfig,
    session: Option<Session>,
}

/// Who is calling.
#[derive(Debug)]
pub(super) struct Who {
    pub(super) account: String,
    /// `aws`, or `aws-cn` and the like.
    pub(super) partition: String,
}

impl Client {
    /// Finds credentials where the SDK looks for them. It does not try again by itself: [`Caller`] does.
    pub(super) async fn load(settings: &Settings, hub: Arc<Hub>) -> Result<Self, CollectError> {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(settings.timeout.min(Duration::from_secs(5)))
            .operation_attempt_timeout(settings.timeout)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .identity_cache(IdentityCache::no_cache());
        if let Some(profile) = &settings.profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        check_endpoints(&config)?;
        let session = config.credentials_provider().map(Session::found);
        let region = config.region().cloned().unwrap_or(Region::from_static(HOME));
        if !regions::is_name(region.as_ref()) {
            return Err(CollectError::Region(region.to_string()));
        }
        let mut builder = config.into_builder().region(region);
        builder.set_credentials_provider(session.clone().map(SharedCredentialsProvider::new));
        Ok(Self { hub, config: builder.build(), session })
    }

    /// Calls as whoever started the collection; `region` is empty for services without Regions.
    pub(super) fn caller(&self, account: &str, region: &str) -> Caller {
        Caller {
            hub: self.hub.clone(),
            session: self.session.clone(),
            account: account.into(),
            region: region.into(),
        }
    }

    /// Asks AWS who is calling.
    pub(super) async fn who(&self) -> Result<Who, Failure> {
        if self.session.is_none() {
            return Err(Failure::new(Kind::Refused, "NoCredentials", "no credentials were found"));
        }
        let client = aws_sdk_sts::Client::new(&self.config);
        let caller = self.caller("", "");
        let who = caller.call(&calls::WHO, || client.get_caller_identity().send()).await?;
        let partition = who.arn.as_deref().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
        Ok(Who {
            partition: partition.to_owned(),
            account: who.account.ok_or_else(Failure::of_unreadable)?,
        })
    }
}

/// Refuses addresses of services that are none; the SDK would end the program.
fn check_endpoints(config: &SdkConfig) -> Result<(), CollectError> {
    const NAME: &str = "AWS_ENDPOINT_URL";
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let of_environment = std::env::vars_os().map(|(name, url)| (text(name), text(url)));
    let of_environment = of_environment.filter(|(name, _)| name.starts_with(NAME));
    let of_files = config.endpoint_url().map(|url| (NAME.to_owned(), url.to_owned()));
    let mut all = of_environment.chain(of_files);
    match all.find(|(_, url)| !is_address(url)) {
        Some((name, _)) => Err(CollectError::Endpoint(name)),
        None => Ok(()),
    }
}

fn is_address(url: &str) -> bool {
    let uri: Result<http::Uri, _> = url.parse();
    uri.is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses_have_scheme_and_host() {
        assert!(is_address("http://127.0.0.1:4566"));
        assert!(is_address("https://ecs.example.com/path"));
        for url in ["", " ", "127.0.0.1:4566", "ftp://example.com", "http://", "no address"] {
            assert!(!is_address(url), "{url}");
        }
    }
}
