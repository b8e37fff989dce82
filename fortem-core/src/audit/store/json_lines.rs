//! Entries in a file, one line of JSON each.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Entries, NotOpen, Pruning, Store, scan};
use crate::audit::clock::Clock;
use crate::audit::entry::{Draft, Entry, Head};
use crate::audit::error::StoreError;
use crate::audit::event::Change;
use crate::audit::filter::{Cursor, Filter};
use crate::audit::record::{OutcomeKind, Record, RecordId};

/// Every so many entries it is remembered where one begins.
const STRIDE: u64 = 512;

/// A store in a file with one line of JSON an entry; for logs that are written more than they are read.
///
/// Each append is synchronised to the disk. One process at a time can have the log open; it locks a file beside it,
/// with the name's ending `.lock`. Opening reads the whole file, and so does a query, apart from the pages of one that
/// goes from the oldest to the newest.
///
/// What stands after the last line break when the file is opened is an append that was cut off, and was never
/// acknowledged: it is taken away. A line that cannot be read anywhere else is an error: somebody changed the file, or
/// the machine lost power within an append, on a file system that writes out of order; a person has to look at it.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    state: Mutex<State>,
    /// Locked as long as it is open.
    _lock: File,
}

#[derive(Debug)]
struct State {
    file: File,
    /// Up to here the file is durable.
    length: u64,
    index: LineIndex,
    has_failed: bool,
}

/// What has to be known of the lines to write the next one.
#[derive(Debug, Clone)]
struct LineIndex {
    head: Head,
    open: BTreeSet<RecordId>,
    marks: Vec<Entry>,
    /// Where the lines of some entries begin.
    offsets: Vec<(u64, u64)>,
}

impl LineIndex {
    const EMPTY: Self =
        Self { head: Head::START, open: BTreeSet::new(), marks: Vec::new(), offsets: Vec::new() };

    fn add(&mut self, entry: &Entry, change: Option<&Change>, offset: u64) {
        match change {
            Some(Change::Begins(_, OutcomeKind::Open)) => {
                self.open.insert(RecordId(entry.sequence));
            }
            Some(Change::Ends(record, _)) => {
                self.open.remove(record);
            }
            Some(Change::Mark) => self.marks.push(entry.clone()),
            Some(Change::Begins(..)) | None => {}
        }
        if self.offsets.is_empty() || entry.sequence % STRIDE == 0 {
            self.offsets.push((entry.sequence, offset));
        }
        self.head = entry.head();
    }

    /// Where to begin reading for the entries after a number.
    fn offset_after(&self, sequence: u64) -> u64 {
        let next = self.offsets.partition_point(|(first, _)| *first <= sequence.saturating_add(1));
        next.checked_sub(1).and_then(|at| self.offsets.get(at)).map_or(0, |(_, offset)| *offset)
    }
}

impl JsonLines {
    /// Opens a log, or makes one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] when another process has it open; [`StoreError::Damaged`] names the first line that is
    /// not an entry, or not the one that follows.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        let failed = |error| StoreError::io(&path, error);
        let lock = lock(&path)?;
        let is_new = !path.try_exists().map_err(failed)?;
        let options = OpenOptions::new().read(true).append(true).create(true).clone();
        let file = options.open(&path).map_err(failed)?;
        if is_new {
            sync_directory(&path).map_err(failed)?;
        }
        let (index, length) = read_all(&path, &file)?;
        if file.metadata().map_err(failed)?.len() > length {
            file.set_len(length).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        let state = Mutex::new(State { file, length, index, has_failed: false });
        Ok(Self { path, state, _lock: lock })
    }

    fn lock_state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: io::Error) -> StoreError {
        StoreError::io(&self.path, error)
    }

    /// Under the lock, so that a pruning cannot put another file in its place in between.
    fn read(&self, state: &State, after: u64) -> Result<Lines, StoreError> {
        let mut file = File::open(&self.path).map_err(|error| self.failed(error))?;
        let offset = state.index.offset_after(after);
        file.seek(SeekFrom::Start(offset)).map_err(|error| self.failed(error))?;
        Ok(Lines::new(&self.path, file, state.length.saturating_sub(offset)))
    }

    /// The file with the contents erased and the beginning dropped, under another name.
    fn rewrite(
        &self,
        state: &State,
        pruning: &Pruning,
        last: &Entry,
    ) -> Result<PathBuf, StoreError> {
        let path = beside(&self.path, "new");
        let failed = |error| StoreError::io(&path, error);
        let mut new = BufWriter::new(File::create(&path).map_err(failed)?);
        let kept = self
            .read(state, 0)?
            .filter(|entry| entry.as_ref().map_or(true, |entry| entry.sequence > pruning.dropped));
        for entry in kept.chain([Ok(last.clone())]) {
            let mut entry = entry?;
            if pruning.erases(entry.sequence) {
                entry.content = None;
            }
            writeln!(new, "{}", entry.to_line()).map_err(failed)?;
        }
        let new = new.into_inner().map_err(|error| failed(error.into_error()))?;
        new.sync_all().map_err(failed)?;
        Ok(path)
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let beside = beside(path, "lock");
    let options = OpenOptions::new().write(true).create(true).truncate(false).clone();
    let file = options.open(&beside).map_err(|error| StoreError::io(&beside, error))?;
    // A process that ends, or one that is just being started by this one, holds the lock a moment longer.
    let patience = Instant::now() + Duration::from_secs(1);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < patience => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { path: path.to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io(&beside, error)),
        }
    }
}

/// A new name in a directory is durable once the directory is.
fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if cfg!(unix) { File::open(parent.unwrap_or(Path::new(".")))?.sync_all() } else { Ok(()) }
}

/// Reads every line, and how long the file is up to the last line break.
fn read_all(path: &Path, file: &File) -> Result<(LineIndex, u64), StoreError> {
    let file = file.try_clone().map_err(|error| StoreError::io(path, error))?;
    let mut lines = Lines::new(path, file, u64::MAX);
    let mut index = LineIndex::EMPTY;
    let mut offset = 0;
    while let Some(entry) = lines.next() {
        let entry = entry?;
        let follows = index.head.sequence == 0 || entry.sequence == index.head.sequence + 1;
        if !follows {
            let what = format!("entry {} after {}", entry.sequence, index.head.sequence);
            return Err(lines.damaged(what));
        }
        let change = entry.event().map_err(|error| lines.damaged(error.to_string()))?;
        let change = change.map(|event| event.change());
        index.add(&entry, change.as_ref(), offset);
        offset = lines.offset;
    }
    Ok((index, lines.offset))
}

/// Entries from lines, as far as lines are complete.
struct Lines {
    path: PathBuf,
    reader: io::Take<BufReader<File>>,
    buffer: Vec<u8>,
    number: u64,
    offset: u64,
    is_done: bool,
}

impl Lines {
    fn new(path: &Path, file: File, length: u64) -> Self {
        Self {
            path: path.to_owned(),
            reader: BufReader::with_capacity(1 << 16, file).take(length),
            buffer: Vec::new(),
            number: 0,
            offset: 0,
            is_done: false,
        }
    }

    fn damaged(&self, what: impl Into<String>) -> StoreError {
        StoreError::Damaged { place: "line", number: self.number, what: what.into() }
    }

    fn read(&mut self) -> Result<Option<Entry>, StoreError> {
        self.buffer.clear();
        let read = self.reader.read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|error| StoreError::io(&self.path, error))?;
        // What has no line break was cut off.
        let Some(line) = self.buffer.strip_suffix(b"\n") else { return Ok(None) };
        self.number += 1;
        self.offset += read as u64;
        let line = std::str::from_utf8(line).map_err(|error| self.damaged(error.to_string()))?;
        Entry::from_line(line).map(Some).map_err(|what| self.damaged(what))
    }
}

impl Iterator for Lines {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let entry = self.read().transpose();
        self.is_done = !matches!(entry, Some(Ok(_)));
        entry
    }
}

impl State {
    /// Seals drafts; what is not open is left out.
    fn seal(&self, drafts: &[Draft], clock: &dyn Clock) -> Vec<Result<Entry, NotOpen>> {
        let (mut head, mut ended) = (self.index.head, BTreeSet::new());
        let seal = |draft: &Draft| {
            if let Change::Ends(record, _) = draft.change()
                && !(self.index.open.contains(&record) && ended.insert(record))
            {
                return Err(NotOpen(record));
            }
            let entry = draft.seal(&head, clock);
            head = entry.head();
            Ok(entry)
        };
        drafts.iter().map(seal).collect()
    }

    /// Writes all or, as far as others can see, nothing: what could not be written is cut off again.
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(lines).and_then(|()| self.file.sync_data());
        if written.is_err() {
            // What the system has of a file after an error is not what the disk has: no more of this.
            self.has_failed = true;
            let _best_effort = self.file.set_len(self.length).and_then(|()| self.file.sync_all());
        }
        written
    }
}

impl Store for JsonLines {
    fn append(
        &self,
        drafts: &[Draft],
        clock: &dyn Clock,
    ) -> Result<Vec<Result<Entry, NotOpen>>, StoreError> {
        let mut state = self.lock_state();
        if state.has_failed {
            return Err(StoreError::Failed);
        }
        let entries = state.seal(drafts, clock);
        let mut lines = String::new();
        let mut offsets = Vec::with_capacity(entries.len());
        for entry in entries.iter().flatten() {
            offsets.push(state.length + lines.len() as u64);
            lines.push_str(&entry.to_line());
            lines.push('\n');
        }
        state.write(lines.as_bytes()).map_err(|error| self.failed(error))?;
        state.length += lines.len() as u64;
        let written = drafts.iter().zip(&entries);
        let written = written.filter_map(|(draft, entry)| Some((draft, entry.as_ref().ok()?)));
        for ((draft, entry), offset) in written.zip(offsets) {
            state.index.add(entry, Some(&draft.change()), offset);
        }
        Ok(entries)
    }

    fn entries(&self, after: u64) -> Result<Entries<'_>, StoreError> {
        let is_after = move |entry: &Result<Entry, StoreError>| {
            entry.as_ref().map_or(true, |entry| entry.sequence > after)
        };
        Ok(Box::new(self.read(&self.lock_state(), after)?.filter(is_after)))
    }

    fn last(&self) -> Result<Option<Entry>, StoreError> {
        let sequence = self.lock_state().index.head.sequence;
        self.entries(sequence.saturating_sub(1))?.next().transpose()
    }

    fn marks(&self) -> Result<Vec<Entry>, StoreError> {
        Ok(self.lock_state().index.marks.clone())
    }

    fn records(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let first = after.filter(|_| !filter.newest_first).map_or(0, |Cursor(sequence)| sequence);
        scan::records(self.entries(first)?, filter, after, limit)
    }

    fn prune(&self, pruning: &Pruning, clock: &dyn Clock) -> Result<Option<Entry>, StoreError> {
        // Nothing is appended while the file is written anew.
        let mut state = self.lock_state();
        if state.has_failed {
            return Err(StoreError::Failed);
        }
        if state.index.marks.last().map_or(0, Entry::sequence) != pruning.last_mark {
            return Ok(None);
        }
        let entry = pruning.draft.seal(&state.index.head, clock);
        let new = self.rewrite(&state, pruning, &entry)?;
        let file = OpenOptions::new().read(true).append(true).open(&new);
        let file = file.map_err(|error| StoreError::io(&new, error))?;
        let (index, length) = read_all(&new, &file)?;
        fs::rename(&new, &self.path).map_err(|error| self.failed(error))?;
        // From here on the new file is the log, whether or not its name is durable.
        *state = State { file, length, index, has_failed: false };
        if let Err(error) = sync_directory(&self.path) {
            state.has_failed = true;
            return Err(self.failed(error));
        }
        Ok(Some(entry))
    }
}
