//! Signs the chain from time to time.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};

use super::checkpoint::{Checkpoint, PublicKey, Signature, message};
use super::clock::rfc3339;
use super::entry::Head;

/// An Ed25519 key with which a log signs checkpoints.
pub struct Signer {
    key: SigningKey,
    every: u64,
}

impl Signer {
    /// The key of 32 secret bytes; one checkpoint in a thousand entries.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(secret), every: 1000 }
    }

    /// A checkpoint once so many entries have been written since the last.
    #[must_use]
    pub fn every(mut self, entries: u64) -> Self {
        self.every = entries.max(1);
        self
    }

    /// By which others check what this key signs.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(self.key.verifying_key().to_bytes())
    }

    pub(crate) fn entries_between(&self) -> u64 {
        self.every
    }

    pub(crate) fn sign(&self, head: &Head) -> Checkpoint {
        let signature = Signature::from_bytes(self.key.sign(&message(head)).to_bytes());
        Checkpoint { head: *head, key: self.public_key(), signature }
    }
}

impl Checkpoint {
    /// The content of an entry: the canonical JSON of an event, whose texts need no escapes.
    pub(crate) fn content(&self) -> String {
        format!(
            "{{\"checkpoint\":{{\"hash\":\"{}\",\"key\":\"{}\",\"sequence\":{},\"signature\":\"{}\",\"time\":\"{}\"}},\"kind\":\"checkpoint\"}}",
            self.head.hash,
            String::from(self.key),
            self.head.sequence,
            String::from(self.signature),
            rfc3339(self.head.time),
        )
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("public_key", &self.public_key()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Digest, Event, canonical};

    #[test]
    fn the_content_is_canonical() {
        let head = Head { sequence: 7, hash: Digest::of(b"seven"), ..Head::START };
        let checkpoint = Signer::new(&[7; 32]).sign(&head);
        let event = Event::Checkpoint { checkpoint };
        assert_eq!(checkpoint.content(), canonical::text(&event).unwrap());
        assert_eq!(serde_json::from_str::<Event>(&checkpoint.content()).unwrap(), event);
    }

    #[test]
    fn a_signature_is_of_one_head_and_one_key() {
        let head = Head { sequence: 7, hash: Digest::of(b"seven"), ..Head::START };
        let checkpoint = Signer::new(&[7; 32]).sign(&head);
        assert!(checkpoint.is_signed());
        let other = Head { sequence: 8, ..head };
        assert!(!Checkpoint { head: other, ..checkpoint }.is_signed());
        let key = Signer::new(&[8; 32]).public_key();
        assert!(!Checkpoint { key, ..checkpoint }.is_signed());
    }
}
