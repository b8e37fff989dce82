//! Snapshots compared.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

/// The files of a snapshot, without what differs from one collection to the next.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The text of every file, as it is.
    pub(crate) texts: BTreeMap<String, String>,
    files: BTreeMap<String, Value>,
}

impl Snapshot {
    /// Reads a snapshot, all of whose files only their owner may read.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut texts = BTreeMap::new();
        read_folder(folder, "", &mut texts);
        let files = texts.iter().map(|(name, text)| {
            let mut value: Value =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            blank(&mut value);
            (name.clone(), value)
        });
        Self { files: files.collect(), texts }
    }

    pub(crate) fn file(&self, name: &str) -> &Value {
        self.files.get(name).unwrap_or_else(|| panic!("{name} is not in {:?}", self.names()))
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.files.keys().map(String::as_str).collect()
    }

    /// What could not be read: `account/Region service:Call code`, in order, without the messages of services.
    pub(crate) fn unread(&self) -> Vec<String> {
        let unread = self.file("snapshot.json")["unread"].as_array().unwrap();
        let mut lines: Vec<String> = unread
            .iter()
            .map(|one| {
                let field = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
                let reason = field("reason");
                let code = reason.split([':', ' ']).next().unwrap_or_default();
                let [account, region] = [field("account"), field("region")];
                format!("{account}/{region} {}:{} {code}", field("service"), field("call"))
            })
            .collect();
        lines.sort();
        lines
    }

    /// Where another snapshot of the same accounts says less: files and lists that are absent, and how many elements of a
    /// list are missing or short of something. That it says more, or something else, fails the test.
    pub(crate) fn shortfall(&self, other: &Self) -> Vec<String> {
        let manifest = |name: &&String| *name != "snapshot.json";
        for name in other.files.keys().filter(manifest) {
            assert!(self.files.contains_key(name), "{name} is invented");
        }
        let mut short = Vec::new();
        for (name, whole) in self.files.iter().filter(|(name, _)| manifest(name)) {
            let Some(part) = other.files.get(name) else {
                short.push(name.clone());
                continue;
            };
            assert!(is_part(part, whole), "{name} has something else in it");
            for (list, whole) in whole.as_object().unwrap() {
                let missing = match (part.get(list), whole) {
                    (None, _) => "absent".to_owned(),
                    (Some(part), _) if part == whole => continue,
                    (Some(Value::Array(part)), Value::Array(whole)) => {
                        whole.iter().filter(|one| !part.contains(one)).count().to_string()
                    }
                    _ => "partial".to_owned(),
                };
                short.push(format!("{name} {list}: {missing}"));
            }
        }
        short
    }
}

fn read_folder(folder: &Path, prefix: &str, texts: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        let metadata = entry.metadata().unwrap();
        let mode = metadata.permissions().mode() & 0o777;
        if metadata.is_dir() {
            assert_eq!(mode, 0o700, "{name}");
            read_folder(&entry.path(), &format!("{name}/"), texts);
        } else {
            assert_eq!(mode, 0o600, "{name}");
            texts.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

/// Removes the time of the collection and what it does itself, and hashes, whose key is another each time.
fn blank(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("collected");
            members.retain(|name, _| !["hash", "Hash", "hosts"].contains(&name.as_str()));
            members.remove("RoleLastUsed");
            members.values_mut().for_each(blank);
        }
        Value::Array(elements) => elements.iter_mut().for_each(blank),
        _ => {}
    }
}

/// Whether all that `part` says is said by `whole`. Elements of a list may be missing.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(name, part)| whole.get(name).is_some_and(|whole| is_part(part, whole))),
        (Value::Array(part), Value::Array(whole)) => {
            part.iter().all(|part| whole.iter().any(|whole| is_part(part, whole)))
        }
        _ => part == whole,
    }
}
