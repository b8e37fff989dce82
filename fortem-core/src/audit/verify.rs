//! Whether the log is what was written.

use std::collections::{BTreeMap, BTreeSet};

use super::checkpoint::{Checkpoint, Expected, PublicKey};
use super::digest::Digest;
use super::entry::{Entry, Head};
use super::error::StoreError;
use super::event::{Change, Event, Pruned};
use super::log::AuditLog;
use super::record::{OutcomeKind, RecordId};
use super::store::{IndexSize, Store, is_in};

/// How many entries are compared with the store's index at a time.
const CHUNK: usize = 1024;

/// What a verification takes for true: keys, and ends of the chain that were kept elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    keys: Vec<PublicKey>,
    heads: Vec<Head>,
    checkpoints: Vec<Checkpoint>,
}

impl Trust {
    /// Nothing: the chain is only compared with itself.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Checkpoints signed by that key; a checkpoint by a key that is not trusted is a fault then.
    #[cfg(feature = "signing")]
    #[must_use]
    pub fn key(mut self, key: PublicKey) -> Self {
        self.keys.push(key);
        self
    }

    /// The log had that end once, so it must still have that entry.
    #[must_use]
    pub fn head(mut self, head: Head) -> Self {
        self.heads.push(head);
        self
    }

    /// The log had the end once that a checkpoint says, which was kept elsewhere.
    #[cfg(feature = "signing")]
    #[must_use]
    pub fn checkpoint(mut self, checkpoint: Checkpoint) -> Self {
        self.checkpoints.push(checkpoint);
        self
    }

    fn expected(&self) -> BTreeMap<u64, Digest> {
        let heads = self.heads.iter().chain(self.checkpoints.iter().map(|one| &one.head));
        let heads = heads.filter(|head| head.sequence > 0).copied().map(Expected::from);
        heads.map(|expected| (expected.sequence, expected.hash)).collect()
    }

    /// Whether a checkpoint is signed, and by a trusted key if any is given.
    fn check(&self, checkpoint: &Checkpoint) -> Result<(), Fault> {
        #[cfg(feature = "signing")]
        if !checkpoint.is_signed() {
            return Err(Fault::Signature);
        }
        let is_trusted = self.keys.is_empty() || self.keys.contains(&checkpoint.key);
        if is_trusted { Ok(()) } else { Err(Fault::UnknownKey) }
    }
}

/// What was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// How many entries there are.
    pub entries: u64,
    /// Of how many the content was erased, as a pruning says.
    pub erased: u64,
    /// How many records are open.
    pub open: u64,
    /// How many checkpoints there are.
    pub checkpoints: u64,
    /// The last entry that a checkpoint of a trusted key covers. What comes after, whoever can write the store could
    /// have written.
    pub signed_through: Option<u64>,
    /// The end of the chain.
    pub head: Head,
}

/// Why a log is not verified.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VerifyError {
    /// The log is not what was written.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first entry that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {sequence}: {fault}")]
pub struct Broken {
    /// The sequence number.
    pub sequence: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The content is not the one that was hashed.
    #[error("its content was changed")]
    Content,
    /// Number, time or a hash is not the one that was hashed.
    #[error("its number, its time or a hash was changed")]
    Envelope,
    /// It is not there, but a later one is.
    #[error("it is missing")]
    Missing,
    /// It stands after one that it should stand before, or twice.
    #[error("it is out of order")]
    Order,
    /// It follows another entry than the one before it.
    #[error("the entry before it is not the one it was written after")]
    Link,
    /// Its time is before that of the entry before it.
    #[error("its time is before that of the entry before it")]
    Time,
    /// The content cannot be read.
    #[error("its content cannot be read: {0}")]
    Unreadable(String),
    /// The content was erased, and no pruning says so.
    #[error("its content was erased, and no pruning says so")]
    Erased,
    /// The log begins with it, and no pruning says so.
    #[error("the log begins with it, and no pruning says so")]
    Beginning,
    /// It ends a record that is not open.
    #[error("it ends a record that is not open")]
    NotOpen,
    /// A checkpoint is not signed by the key it names.
    #[error("the signature is wrong")]
    Signature,
    /// A checkpoint is signed by a key that is not trusted.
    #[error("it is signed by a key that is not trusted")]
    UnknownKey,
    /// A checkpoint says something else about the entry before it.
    #[error("the checkpoint is not of the entry before it")]
    Checkpoint,
    /// The log had another entry there when its end was kept elsewhere.
    #[error("it is not the entry that was the end of the log once")]
    Replaced,
    /// The log once went on to an entry that is not there.
    #[error("the log ended with it or after it, and now ends before")]
    CutOff,
    /// What the store looks records up by does not agree with it.
    #[error("the index does not agree: {0}")]
    Index(String),
}

impl Fault {
    fn at(self, sequence: u64) -> Broken {
        Broken { sequence, fault: self }
    }
}

impl AuditLog {
    /// Reads the whole log and compares each entry with its hashes, with the entry before it, and with what the store
    /// looks records up by.
    ///
    /// With a signer, its key is trusted, and checkpoints by other keys are faults.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Broken`] names the first entry that is not what was written.
    pub fn verify(&self) -> Result<Verified, VerifyError> {
        #[cfg(feature = "signing")]
        if let Some(signing) = &self.signing {
            return self.verify_with(&Trust::nothing().key(signing.signer.public_key()));
        }
        self.verify_with(&Trust::nothing())
    }

    /// As [`verify`](Self::verify), with keys and ends of the chain that were kept elsewhere.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub fn verify_with(&self, trust: &Trust) -> Result<Verified, VerifyError> {
        loop {
            let before = prunings(&*self.store)?;
            let result = verify(&*self.store, trust, &before);
            // A pruning in the middle looks like damage.
            if result.is_err() && prunings(&*self.store)?.len() > before.len() {
                continue;
            }
            return result;
        }
    }
}

fn prunings(store: &dyn Store) -> Result<Vec<Pruned>, VerifyError> {
    let mut found = Vec::new();
    for mark in store.marks()? {
        // A mark that cannot be read is found in its place in the chain.
        if let Ok(Some(Event::Prune(pruned))) = mark.event() {
            found.push(pruned);
        }
    }
    Ok(found)
}

fn verify(store: &dyn Store, trust: &Trust, prunings: &[Pruned]) -> Result<Verified, VerifyError> {
    for checkpoint in &trust.checkpoints {
        trust.check(checkpoint).map_err(|fault| fault.at(checkpoint.head.sequence))?;
    }
    let mut chain = Chain::new(trust, prunings);
    let mut chunk = Vec::with_capacity(CHUNK);
    for entry in store.entries(0)? {
        let entry = entry?;
        if let Some(change) = chain.follow(&entry)? {
            chunk.push((entry, change));
        }
        if chunk.len() == CHUNK {
            check_index(store, &chunk)?;
            chunk.clear();
        }
    }
    check_index(store, &chunk)?;
    let (verified, size) = chain.finish()?;
    match store.index_size(verified.head.sequence)? {
        Some(found) if found != size => {
            let what = format!("{found:?} instead of {size:?}");
            Err(Fault::Index(what).at(verified.head.sequence).into())
        }
        _ => Ok(verified),
    }
}

fn check_index(store: &dyn Store, chunk: &[(Entry, Change)]) -> Result<(), VerifyError> {
    store.check_index(chunk).map_err(|error| match error {
        StoreError::Damaged { number, what, .. } => Fault::Index(what).at(number).into(),
        other => VerifyError::Store(other),
    })
}

/// The chain as far as it has been followed.
struct Chain<'a> {
    trust: &'a Trust,
    expected: BTreeMap<u64, Digest>,
    /// What prunings say is erased: first and last of each run, in order.
    erased: Vec<(u64, u64)>,
    dropped: BTreeMap<u64, Digest>,
    head: Option<Head>,
    open: BTreeSet<RecordId>,
    size: IndexSize,
    verified: Verified,
}

impl<'a> Chain<'a> {
    fn new(trust: &'a Trust, prunings: &[Pruned]) -> Self {
        let mut erased: Vec<_> = prunings.iter().flat_map(|one| one.erased.clone()).collect();
        erased.sort_unstable();
        let dropped = prunings.iter().filter_map(|one| one.dropped);
        Self {
            trust,
            expected: trust.expected(),
            erased,
            dropped: dropped.map(|dropped| (dropped.sequence, dropped.hash)).collect(),
            head: None,
            open: BTreeSet::new(),
            size: IndexSize::default(),
            verified: Verified {
                entries: 0,
                erased: 0,
                open: 0,
                checkpoints: 0,
                signed_through: None,
                head: Head::START,
            },
        }
    }

    /// Goes on by one entry; what it does to the records, unless it is erased.
    fn follow(&mut self, entry: &Entry) -> Result<Option<Change>, VerifyError> {
        let fault = |fault: Fault| fault.at(entry.sequence);
        let before = match self.head {
            Some(head) => head,
            None => self.beginning(entry)?,
        };
        let next = before.sequence + 1;
        if entry.sequence > next {
            return Err(Fault::Missing.at(next).into());
        }
        if entry.sequence < next {
            return Err(fault(Fault::Order).into());
        }
        if entry.computed_hash() != entry.hash {
            return Err(fault(Fault::Envelope).into());
        }
        if entry.previous != before.hash {
            return Err(fault(Fault::Link).into());
        }
        if entry.time < before.time {
            return Err(fault(Fault::Time).into());
        }
        if self.expected.remove(&entry.sequence).is_some_and(|hash| hash != entry.hash) {
            return Err(fault(Fault::Replaced).into());
        }
        self.head = Some(entry.head());
        self.verified.entries += 1;
        let Some(content) = &entry.content else {
            self.verified.erased += 1;
            let is_pruned = is_in(&self.erased, entry.sequence);
            return if is_pruned { Ok(None) } else { Err(fault(Fault::Erased).into()) };
        };
        if Digest::of(content.as_bytes()) != entry.content_hash {
            return Err(fault(Fault::Content).into());
        }
        self.content(entry).map(Some).map_err(|found| fault(found).into())
    }

    /// The head before the first entry: none, or the end of what a pruning dropped.
    fn beginning(&self, first: &Entry) -> Result<Head, Broken> {
        if first.sequence == 1 {
            return Ok(Head::START);
        }
        let sequence = first.sequence.saturating_sub(1);
        match self.dropped.get(&sequence) {
            Some(hash) => Ok(Head { sequence, hash: *hash, ..Head::START }),
            None if self.dropped.is_empty() => Err(Fault::Missing.at(1)),
            None => Err(Fault::Beginning.at(first.sequence)),
        }
    }

    fn content(&mut self, entry: &Entry) -> Result<Change, Fault> {
        let unreadable = |error: StoreError| Fault::Unreadable(error.to_string());
        let Some(event) = entry.event().map_err(unreadable)? else { return Err(Fault::Erased) };
        if let Event::Checkpoint { checkpoint } = &event {
            self.checkpoint(entry, checkpoint)?;
        }
        let change = event.change();
        match &change {
            Change::Begins(keys, outcome) => {
                self.size.records += 1;
                self.size.words += keys.words.len() as u64;
                if *outcome == OutcomeKind::Open {
                    self.open.insert(RecordId(entry.sequence));
                }
            }
            Change::Ends(record, _) if !self.open.remove(record) => return Err(Fault::NotOpen),
            Change::Ends(..) => {}
            Change::Mark => self.size.marks += 1,
        }
        Ok(change)
    }

    fn checkpoint(&mut self, entry: &Entry, checkpoint: &Checkpoint) -> Result<(), Fault> {
        let head = checkpoint.head;
        if head.sequence + 1 != entry.sequence || head.hash != entry.previous {
            return Err(Fault::Checkpoint);
        }
        self.trust.check(checkpoint)?;
        self.verified.checkpoints += 1;
        if !self.trust.keys.is_empty() {
            self.verified.signed_through = Some(head.sequence);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(Verified, IndexSize), VerifyError> {
        let head = self.head.unwrap_or(Head::START);
        // What was dropped can no longer be compared; what comes after the end was cut off.
        if let Some((last, _)) = self.expected.last_key_value()
            && *last > head.sequence
        {
            return Err(Fault::CutOff.at(head.sequence + 1).into());
        }
        self.verified.head = head;
        self.verified.open = self.open.len() as u64;
        self.size.open = self.verified.open;
        Ok((self.verified, self.size))
    }
}
