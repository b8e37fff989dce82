//! The chain up to an entry, signed.

use serde::{Deserialize, Serialize};

use super::digest::{Digest, HexError, from_hex, to_hex};
use super::entry::Head;

/// An Ed25519 public key, in text 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PublicKey([u8; 32]);

/// An Ed25519 signature, in text 128 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Signature([u8; 64]);

macro_rules! bytes_in_hexadecimal {
    ($name:ident, $length:literal) => {
        impl $name {
            /// From its bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                to_hex(&value.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = HexError;

            fn try_from(text: String) -> Result<Self, HexError> {
                from_hex(&text).map(Self)
            }
        }
    };
}

bytes_in_hexadecimal!(PublicKey, 32);
bytes_in_hexadecimal!(Signature, 64);

/// A signed statement that a log had a certain entry at its end; it fixes every entry up to there.
///
/// Kept somewhere that whoever can write the log cannot, it shows that nothing was cut off:
/// see [`Trust::checkpoint`](super::Trust::checkpoint).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The end of the chain.
    #[serde(flatten)]
    pub head: Head,
    /// The key that signed it.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
}

impl Checkpoint {
    /// Whether the signature is that of the key the checkpoint names; whose key that is, is another question.
    #[cfg(feature = "signing")]
    #[must_use]
    pub fn is_signed(&self) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(self.signature.as_bytes());
        ed25519_dalek::VerifyingKey::from_bytes(self.key.as_bytes())
            .is_ok_and(|key| key.verify_strict(&message(&self.head), &signature).is_ok())
    }
}

/// What is signed; the first line keeps the key's other signatures from being taken for this.
#[cfg(feature = "signing")]
pub(crate) fn message(head: &Head) -> Vec<u8> {
    let time = super::clock::rfc3339(head.time);
    format!("fortem audit checkpoint 1\n{}\n{}\n{time}\n", head.sequence, head.hash).into_bytes()
}

/// Where a verification expects an entry of a certain hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) sequence: u64,
    pub(crate) hash: Digest,
}

impl From<Head> for Expected {
    fn from(head: Head) -> Self {
        Self { sequence: head.sequence, hash: head.hash }
    }
}
