//! Which Regions are enabled in an account: one call of EC2, made with the parts of the SDK that all its clients share.

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_xml::decode::{Document, try_data};

use super::caller::Caller;
use super::calls;
use super::failure::{Failure, Kind};

/// Regions that no account can switch off (AWS Account Management reference, "Enable or disable AWS Regions", 2026-09).
pub(super) const ALWAYS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The call (Amazon EC2 API reference, `DescribeRegions`, 2026-09): without `AllRegions` it names those that are enabled.
const BODY: &str = "Action=DescribeRegions&Version=2016-11-15";

/// The Regions that are enabled, sorted.
pub(super) async fn enabled(caller: &Caller, config: &SdkConfig) -> Result<Vec<String>, Failure> {
    caller.call(&calls::REGIONS, || ask(config)).await
}

async fn ask(config: &SdkConfig) -> Result<Vec<String>, Failure> {
    let unmade =
        || Failure::new(Kind::Refused, "ConstructionFailure", "the request could not be made");
    let provider = config.credentials_provider().ok_or_else(unmade)?;
    let identity = provider.provide_credentials().await;
    let identity =
        identity.map_err(|error| Failure::of_credentials(&error).unwrap_or_else(unmade))?;
    let identity = identity.into();
    let region = config.region().map_or("us-east-1", |one| one.as_ref()).to_owned();
    let endpoint = endpoint(config, &region);
    let url = endpoint.clone();
    let operation = Operation::builder()
        .service_name("ec2")
        .operation_name("DescribeRegions")
        .http_client(config.http_client().ok_or_else(unmade)?)
        .sleep_impl(config.sleep_impl().ok_or_else(unmade)?)
        .timeout_config(config.timeout_config().cloned().ok_or_else(unmade)?)
        .endpoint_url(&endpoint)
        .no_auth()
        .no_retry()
        .serializer(move |()| request(&url, &region, &identity))
        .deserializer(read)
        .build();
    operation.invoke(()).await.map_err(|error| match Failure::before_answer(error) {
        Ok(answer) => answer.into_err(),
        Err(failure) => failure,
    })
}

/// Where EC2 answers: what the environment says, as for all clients of the SDK, or the address of the Region.
fn endpoint(config: &SdkConfig, region: &str) -> String {
    let set = std::env::var("AWS_ENDPOINT_URL_EC2").ok();
    let set = set.or_else(|| config.endpoint_url().map(str::to_owned));
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    set.unwrap_or_else(|| format!("https://ec2.{region}.amazonaws.com{suffix}"))
}

/// The call, signed (Signature Version 4).
fn request(
    url: &str,
    region: &str,
    identity: &aws_smithy_runtime_api::client::identity::Identity,
) -> Result<HttpRequest, BoxError> {
    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
    let parameters = v4::SigningParams::builder()
        .identity(identity)
        .region(region)
        .name("ec2")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let body = SignableBody::Bytes(BODY.as_bytes());
    let signable = SignableRequest::new("POST", format!("{url}/"), [FORM].into_iter(), body)?;
    let (instructions, _) = sign(signable, &parameters)?.into_parts();
    let mut request = http::Request::builder()
        .method("POST")
        .uri("/")
        .header(FORM.0, FORM.1)
        .body(aws_smithy_types::body::SdkBody::from(BODY))?;
    instructions.apply_to_request_http1x(&mut request);
    Ok(HttpRequest::try_from(request)?)
}

fn read(answer: &HttpResponse) -> Result<Vec<String>, OrchestratorError<Failure>> {
    let text = answer.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let text = text.unwrap_or_default();
    let status = answer.status().as_u16();
    let mut regions = if status == 200 { texts_of(text, "regionName") } else { Vec::new() };
    if regions.is_empty() {
        let (code, message) = (texts_of(text, "Code").pop(), texts_of(text, "Message").pop());
        let failure = Failure::of_answer(status, code.as_deref(), message.as_deref());
        return Err(OrchestratorError::operation(failure));
    }
    if !regions.iter().all(|name| is_name(name)) {
        return Err(OrchestratorError::operation(Failure::of_unreadable()));
    }
    regions.sort();
    Ok(regions)
}

/// Whether a text can be the name of a Region, and of its file.
pub(super) fn is_name(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_sign)
}

/// The texts of all elements of a name.
fn texts_of(text: &str, name: &str) -> Vec<String> {
    let mut document = Document::new(text);
    let mut found = Vec::new();
    while let Some(start) = document.next_start_element() {
        if start.matches(name) {
            let mut element = document.scoped_to(start);
            found.extend(try_data(&mut element).ok().map(std::borrow::Cow::into_owned));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{is_name, texts_of};

    #[test]
    fn names_of_regions_are_names_of_files() {
        assert!(is_name("eu-west-1"));
        for text in ["", "eu west", "eu-west-1\n", "../eu-west-1"] {
            assert!(!is_name(text), "{text:?}");
        }
    }

    #[test]
    fn names_are_read_at_any_depth() {
        let text = "<R><info><item><regionName>eu-west-1</regionName></item><item>\
                    <regionName>us-east-1</regionName></item></info></R>";
        assert_eq!(texts_of(text, "regionName"), ["eu-west-1", "us-east-1"]);
        assert!(texts_of("<html>captive", "regionName").is_empty());
    }
}
