//! Why a call failed, and whether it may be tried again.

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::result::ServiceError;

/// A call that failed. It holds what the service says of it, never an answer or a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What can be done about it.
    pub kind: Kind,
    /// The code of the service; for failures on the way to it, a word of ours.
    pub code: String,
    /// What the service says, in a line.
    pub message: String,
}

/// What can be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Too many calls: wait, and call more slowly.
    Throttled,
    /// The service or the way to it is out of order: try again a few times.
    Transient,
    /// No answer came in time.
    TimedOut,
    /// The credentials are no longer good: get others.
    Expired,
    /// Nobody may, or this caller may not.
    Denied,
    /// What is asked about is no longer there.
    Gone,
    /// The service does not take the call.
    Refused,
    /// The person who started the collection stopped it.
    Interrupted,
}

/// Codes by which services say the same (common errors in the API references of the services, and the list of the SDKs in
/// "Retry behavior", AWS SDKs and Tools reference guide, 2026-09).
const CODES: &[(&str, Kind)] = &[
    ("BandwidthLimitExceeded", Kind::Throttled),
    ("PriorRequestNotComplete", Kind::Throttled),
    ("ProvisionedThroughputExceededException", Kind::Throttled),
    ("RequestLimitExceeded", Kind::Throttled),
    ("RequestThrottled", Kind::Throttled),
    ("RequestThrottledException", Kind::Throttled),
    ("SlowDown", Kind::Throttled),
    ("ThrottledException", Kind::Throttled),
    ("Throttling", Kind::Throttled),
    ("ThrottlingException", Kind::Throttled),
    ("TooManyRequestsException", Kind::Throttled),
    ("IDPCommunicationError", Kind::Transient),
    ("InternalError", Kind::Transient),
    ("InternalFailure", Kind::Transient),
    ("InternalServerError", Kind::Transient),
    ("InternalServerException", Kind::Transient),
    ("InternalServiceError", Kind::Transient),
    ("RequestTimeout", Kind::Transient),
    ("RequestTimeoutException", Kind::Transient),
    ("ServerException", Kind::Transient),
    ("ServiceException", Kind::Transient),
    ("ServiceFailure", Kind::Transient),
    ("ServiceUnavailable", Kind::Transient),
    ("ServiceUnavailableException", Kind::Transient),
    ("ExpiredToken", Kind::Expired),
    ("ExpiredTokenException", Kind::Expired),
    ("RequestExpired", Kind::Expired),
    ("TokenRefreshRequired", Kind::Expired),
    ("AccessDenied", Kind::Denied),
    ("AccessDeniedException", Kind::Denied),
    ("AuthFailure", Kind::Denied),
    ("AuthorizationError", Kind::Denied),
    ("InvalidClientTokenId", Kind::Denied),
    ("NotAuthorized", Kind::Denied),
    ("OptInRequired", Kind::Denied),
    ("SignatureDoesNotMatch", Kind::Denied),
    ("UnauthorizedOperation", Kind::Denied),
    ("UnrecognizedClientException", Kind::Denied),
    ("CacheClusterNotFound", Kind::Gone),
    ("ClusterNotFoundException", Kind::Gone),
    ("NoSuchEntity", Kind::Gone),
    ("ObjectNotFoundException", Kind::Gone),
    ("PolicyNotFoundException", Kind::Gone),
    ("ReplicationGroupNotFoundFault", Kind::Gone),
    ("ResourceNotFoundException", Kind::Gone),
    ("ServerlessCacheNotFoundFault", Kind::Gone),
    ("ServiceNotFoundException", Kind::Gone),
    ("TargetNotFoundException", Kind::Gone),
    ("TrailNotFoundException", Kind::Gone),
    ("UserGroupNotFound", Kind::Gone),
    ("UserNotFound", Kind::Gone),
];

/// The longest message that is kept, in characters.
const LONGEST: usize = 300;

impl Failure {
    /// Of one's own making.
    pub(super) fn new(kind: Kind, code: &str, message: &str) -> Self {
        Self { kind, code: code.to_owned(), message: message.to_owned() }
    }

    pub(super) fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "Interrupted", "the collection was stopped")
    }

    /// Of an answer of a service with a status and what it says.
    pub(super) fn of_answer(status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        let known = code.and_then(|code| CODES.iter().find(|(known, _)| *known == code));
        let kind = match (known, status) {
            (Some((_, kind)), _) => *kind,
            (None, 429) => Kind::Throttled,
            (None, 500..) => Kind::Transient,
            // Such as the page of a network that wants a person to log in.
            (None, ..300) => Kind::Transient,
            (None, _) => Kind::Refused,
        };
        let code = match (code, status) {
            (Some(code), _) => one_line(code),
            (None, ..300) => "UnreadableAnswer".to_owned(),
            (None, _) => format!("HTTP{status}"),
        };
        let message = match (message, status) {
            (Some(message), _) => one_line(message),
            (None, ..300) => "the answer is not what the service sends".to_owned(),
            (None, _) => format!("the service answered with status {status}"),
        };
        Self { kind, code, message }
    }

    pub(super) fn of_connection(is_timeout: bool) -> Self {
        if is_timeout {
            Self::new(Kind::TimedOut, "Timeout", "no answer came in time")
        } else {
            Self::new(Kind::Transient, "ConnectionError", "the connection failed")
        }
    }

    /// What went wrong with the credentials of a call, if that is what failed.
    pub(super) fn of_credentials(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        let mut found = None;
        while let Some(error) = cause {
            if let Some(failure) = error.downcast_ref::<Self>() {
                return Some(failure.clone());
            }
            if let Some(error) = error.downcast_ref::<CredentialsError>() {
                let message = match error {
                    CredentialsError::CredentialsNotLoaded(_) => "no credentials were found",
                    CredentialsError::ProviderTimedOut(_) => "the credentials did not come in time",
                    _ => "the credentials could not be fetched",
                };
                found = Some(Self::new(Kind::Expired, "NoCredentials", message));
            }
            cause = error.source();
        }
        found
    }

    /// What a service answered, or what went wrong before it did.
    pub(super) fn before_answer<E>(
        error: SdkError<E, HttpResponse>,
    ) -> Result<ServiceError<E, HttpResponse>, Self> {
        let unmade =
            || Self::new(Kind::Refused, "ConstructionFailure", "the request could not be made");
        match error {
            SdkError::ServiceError(answer) => Ok(answer),
            SdkError::TimeoutError(_) => Err(Self::of_connection(true)),
            SdkError::DispatchFailure(failure) => {
                let error = failure.as_connector_error();
                let of_credentials = error.and_then(|error| Self::of_credentials(error));
                Err(of_credentials.unwrap_or_else(|| Self::of_connection(failure.is_timeout())))
            }
            SdkError::ResponseError(_) => Err(Self::of_unreadable()),
            _ => Err(unmade()),
        }
    }

    /// That the answer ended too early or is none.
    pub(super) fn of_unreadable() -> Self {
        Self::new(Kind::Transient, "UnreadableAnswer", "the answer is not whole")
    }
}

/// Text of a service in one line of bounded length.
fn one_line(text: &str) -> String {
    let text: String =
        text.chars().map(|one| if one.is_control() { ' ' } else { one }).take(LONGEST).collect();
    text.trim().to_owned()
}

impl<E: ProvideErrorMetadata> From<SdkError<E, HttpResponse>> for Failure {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        match Self::before_answer(error) {
            Ok(answer) => {
                let status = answer.raw().status().as_u16();
                Self::of_answer(status, answer.err().code(), answer.err().message())
            }
            Err(failure) => failure,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl Error for Failure {}

#[cfg(test)]
mod tests {
    use super::{CODES, Failure, Kind};

    #[test]
    fn codes_decide_before_status() {
        let kind = |status, code| Failure::of_answer(status, code, None).kind;
        assert_eq!(kind(400, Some("ThrottlingException")), Kind::Throttled);
        assert_eq!(kind(503, Some("SlowDown")), Kind::Throttled);
        assert_eq!(kind(400, Some("ExpiredTokenException")), Kind::Expired);
        assert_eq!(kind(403, Some("AccessDenied")), Kind::Denied);
        assert_eq!(kind(400, Some("ValidationException")), Kind::Refused);
        assert_eq!(kind(429, None), Kind::Throttled);
        assert_eq!(kind(500, Some("SomethingNew")), Kind::Transient);
        assert_eq!(kind(404, None), Kind::Refused);
        assert_eq!(kind(200, None), Kind::Transient);
    }

    #[test]
    fn messages_are_one_short_line() {
        let failure = Failure::of_answer(400, Some("A\nB"), Some(&"x\r\n".repeat(1000)));
        assert_eq!(failure.code, "A B");
        assert!(failure.message.chars().count() <= 300);
        assert!(!failure.message.contains('\n'));
    }

    #[test]
    fn codes_are_told_apart() {
        for (at, (code, _)) in CODES.iter().enumerate() {
            assert!(!CODES.iter().skip(at + 1).any(|(other, _)| other == code), "{code}");
        }
    }
}
