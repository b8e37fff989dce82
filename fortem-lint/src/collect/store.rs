//! The folder of a snapshot in the making. Every file is written beside and renamed, so that what is there is whole; the
//! manifest tells what is missing before a file with gaps appears.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tempfile::NamedTempFile;
use thiserror::Error;

use super::part::Part;
use crate::snapshot::{
    Account, EffectivePolicy, EffectivePolicyAnswer, IAM, MANIFEST, Manifest, ORGANIZATION, Run,
    SCHEMA, Scope, TAG_POLICY, Unread, VERSION,
};

/// The name of the file with the access keys of users.
const CREDENTIALS: &str = "credentials.json";

/// Why a folder cannot take a snapshot.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refuses.
    #[error("cannot write {}: {error}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another collection is in it.
    #[error(
        "{} holds a snapshot already: name another folder, or go on with that collection by `--resume`",
        .0.display()
    )]
    Occupied(PathBuf),
    /// Files that are no snapshot are in it.
    #[error("{} holds other files: name a folder that is empty or not there", .0.display())]
    NotEmpty(PathBuf),
    /// There is nothing to resume.
    #[error("{} holds no snapshot of a collection that could be resumed", .0.display())]
    NothingToResume(PathBuf),
    /// The collection in it was another.
    #[error(
        "the collection in {} {what}: a snapshot is never put together from two; take up the same, or name another folder",
        folder.display()
    )]
    Another {
        /// The folder.
        folder: PathBuf,
        /// What is different.
        what: String,
    },
}

/// A snapshot in the making.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    manifest: Mutex<Manifest>,
}

impl Store {
    /// Begins a snapshot in a folder that is empty or not there.
    pub(super) fn create(folder: &Path, manifest: Manifest) -> Result<Self, StoreError> {
        if folder.join(MANIFEST).exists() {
            return Err(StoreError::Occupied(folder.to_owned()));
        }
        make_folder(folder)?;
        let mut listed = fs::read_dir(folder).map_err(at(folder))?;
        if listed.next().is_some() {
            return Err(StoreError::NotEmpty(folder.to_owned()));
        }
        let store = Self { folder: folder.to_owned(), manifest: Mutex::new(manifest) };
        store.save(&store.manifest())?;
        Ok(store)
    }

    /// Goes on with the snapshot of a folder, if it is one of the same collection.
    pub(super) fn resume(
        folder: &Path,
        account: &str,
        scope: &Scope,
        now: String,
    ) -> Result<Self, StoreError> {
        let nothing = || StoreError::NothingToResume(folder.to_owned());
        let text = fs::read_to_string(folder.join(MANIFEST)).map_err(|_| nothing())?;
        let mut manifest: Manifest = serde_json::from_str(&text).map_err(|_| nothing())?;
        let run = manifest.run.as_mut().ok_or_else(nothing)?;
        let another = |what: String| StoreError::Another { folder: folder.to_owned(), what };
        if manifest.schema != SCHEMA || manifest.version != VERSION {
            return Err(another("is of another version".to_owned()));
        }
        if run.account != account {
            return Err(another(format!("began with credentials of account {}", run.account)));
        }
        if run.scope != *scope {
            return Err(another("was to read something else".to_owned()));
        }
        run.is_finished = false;
        run.resumed.push(now);
        let store = Self { folder: folder.to_owned(), manifest: Mutex::new(manifest) };
        store.save(&store.manifest())?;
        Ok(store)
    }

    pub(super) fn manifest(&self) -> MutexGuard<'_, Manifest> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the manifest.
    pub(super) fn change(&self, change: impl FnOnce(&mut Manifest)) -> Result<(), StoreError> {
        let mut manifest = self.manifest();
        change(&mut manifest);
        self.save(&manifest)
    }

    /// The Regions of an account, as far as a collection knew them before.
    pub(super) fn account(&self, id: &str) -> Option<Account> {
        self.manifest().accounts.iter().find(|one| one.id == id).cloned()
    }

    /// Notes an account, in the place of what was known of it.
    pub(super) fn add_account(&self, account: Account) -> Result<(), StoreError> {
        make_folder(&self.folder.join(&account.id))?;
        self.change(|manifest| {
            manifest.accounts.retain(|one| one.id != account.id);
            manifest.accounts.push(account);
            manifest.accounts.sort_by(|a, b| a.id.cmp(&b.id));
        })
    }

    /// Removes the file of a Region, or those of IAM, and forgets what could not be read for it, since it is tried again.
    /// The file goes first: without its gaps it would look whole.
    pub(super) fn begin(
        &self,
        account: &str,
        region: &str,
        services: &[&str],
    ) -> Result<(), StoreError> {
        let folder = self.folder.join(account);
        let more = region.is_empty().then(|| folder.join(CREDENTIALS));
        for path in more.into_iter().chain([folder.join(name(region))]) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(at(&path)(error));
                }
                _ => {}
            }
        }
        self.forget(account, region, services)
    }

    /// Forgets what could not be read of an account in a Region, since it is tried again.
    pub(super) fn forget(
        &self,
        account: &str,
        region: &str,
        services: &[&str],
    ) -> Result<(), StoreError> {
        self.change(|manifest| manifest.unread.retain(|one| !is_of(one, account, region, services)))
    }

    /// Notes what could not be read.
    pub(super) fn note(&self, unread: Vec<Unread>) -> Result<(), StoreError> {
        if unread.is_empty() {
            return Ok(());
        }
        self.change(|manifest| {
            manifest.unread.extend(unread);
            manifest.unread.sort_by(|a, b| {
                let key = |one: &Unread| {
                    (one.account.clone(), one.region.clone(), one.service.clone(), one.call.clone())
                };
                key(a).cmp(&key(b)).then_with(|| a.reason.cmp(&b.reason))
            });
            // A collection that is resumed meets some of them again.
            manifest.unread.dedup();
        })
    }

    /// Whether the file of a Region, or of IAM, is there and whole.
    pub(super) fn has(&self, account: &str, region: &str, services: &[&str]) -> bool {
        let is_there = self.folder.join(account).join(name(region)).is_file();
        is_there && !self.manifest().unread.iter().any(|one| is_of(one, account, region, services))
    }

    /// Writes the file of a Region.
    pub(super) fn region(&self, part: Part, account: &str, region: &str) -> Result<(), StoreError> {
        let head = [("schema", "fortem-inventory"), ("account", account), ("region", region)];
        let path = self.folder.join(account).join(name(region));
        let (spool, unread) = part.finish(account, region).map_err(at(&path))?;
        self.note(unread)?;
        self.write(&path, |to| spool.write(&head, to))
    }

    /// Writes the details of IAM, unless some could not be read: one part of the policies would show as allowed what
    /// another denies. The access keys of users have a file of their own.
    pub(super) fn iam(&self, details: Part, keys: Part, account: &str) -> Result<(), StoreError> {
        let folder = self.folder.join(account);
        let path = folder.join(IAM);
        let (spool, unread) = details.finish(account, "").map_err(at(&path))?;
        let (keys, without_keys) = keys.finish(account, "").map_err(at(&path))?;
        let is_whole = unread.is_empty();
        let has_keys = is_whole && without_keys.is_empty();
        self.note(unread)?;
        self.note(without_keys)?;
        if has_keys {
            self.write(&folder.join(CREDENTIALS), |to| keys.write(&[], to))?;
        }
        if is_whole {
            self.write(&path, |to| spool.write(&[], to))?;
        }
        Ok(())
    }

    /// Writes the Organization.
    pub(super) fn organization(&self, tree: &impl Serialize) -> Result<(), StoreError> {
        self.write(&self.folder.join(ORGANIZATION), |to| {
            serde_json::to_writer_pretty(&mut *to, tree)?;
            writeln!(to)
        })
    }

    /// Writes the tag policy in effect for an account.
    pub(super) fn tag_policy(&self, account: &str, content: String) -> Result<(), StoreError> {
        let folder = self.folder.join(account);
        make_folder(&folder)?;
        let effective_policy = EffectivePolicy {
            policy_content: content,
            target_id: account.to_owned(),
            policy_type: "TAG_POLICY".to_owned(),
        };
        self.write(&folder.join(TAG_POLICY), |to| {
            serde_json::to_writer_pretty(&mut *to, &EffectivePolicyAnswer { effective_policy })?;
            writeln!(to)
        })
    }

    fn save(&self, manifest: &Manifest) -> Result<(), StoreError> {
        self.write(&self.folder.join(MANIFEST), |to| {
            serde_json::to_writer_pretty(&mut *to, manifest)?;
            writeln!(to)
        })
    }

    /// Writes a file beside and renames it; nobody but its owner may read it.
    fn write(
        &self,
        path: &Path,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        let file = NamedTempFile::with_prefix_in(".part-", &self.folder).map_err(at(path))?;
        let mut out = BufWriter::new(file);
        write(&mut out).map_err(at(path))?;
        let file = out.into_inner().map_err(|error| at(path)(error.into_error()))?;
        file.persist(path).map_err(|error| at(path)(error.error))?;
        Ok(())
    }
}

/// A manifest of a collection that begins now.
pub(super) fn manifest(id: String, account: &str, scope: &Scope, now: &str) -> Manifest {
    Manifest {
        schema: SCHEMA.to_owned(),
        version: VERSION,
        tool: format!("fortem-lint {}", env!("CARGO_PKG_VERSION")),
        collected: now.to_owned(),
        run: Some(Run { id, account: account.to_owned(), scope: scope.clone(), ..Run::default() }),
        ..Manifest::default()
    }
}

fn is_of(one: &Unread, account: &str, region: &str, services: &[&str]) -> bool {
    one.account == account
        && one.region == region
        && (services.is_empty() || services.contains(&one.service.as_str()))
}

fn name(region: &str) -> String {
    if region.is_empty() { IAM.to_owned() } else { format!("{region}.json") }
}

fn at(path: &Path) -> impl Fn(io::Error) -> StoreError {
    let path = path.to_owned();
    move |error| StoreError::Io { path: path.clone(), error }
}

/// Makes a folder that nobody but its owner may enter.
fn make_folder(folder: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(at(folder))
}
