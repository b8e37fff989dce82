//! What is in an output directory.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fortem_core::{Problem, Problems, SourceFile};
use serde::Deserialize;

use crate::deploy::Format;
use crate::iam::Document;
use crate::output::MANIFEST;
use crate::target::Target;

/// Every file below a directory.
pub(super) struct Found {
    directory: PathBuf,
    /// By path below the directory, with `/` between folders.
    files: BTreeMap<String, Result<Vec<u8>, String>>,
}

/// How the directory was made, as its manifest says; a manifest that cannot be read says nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Built {
    pub(super) only_roles: Vec<String>,
    targets: Vec<String>,
    formats: Vec<String>,
}

impl Built {
    /// The targets, of a manifest that names none all of them.
    pub(super) fn targets(&self) -> Vec<Target> {
        let named = |target: &Target| self.targets.iter().any(|name| name == target.as_str());
        let some: Vec<Target> = Target::ALL.into_iter().filter(named).collect();
        if some.is_empty() { Target::ALL.to_vec() } else { some }
    }

    /// The formats, of a manifest that names none files.
    pub(super) fn formats(&self) -> Vec<Format> {
        let named = |format: &Format| self.formats.iter().any(|name| name == format.as_str());
        let some: Vec<Format> = Format::ALL.into_iter().filter(named).collect();
        if some.is_empty() { vec![Format::Json] } else { some }
    }
}

impl Found {
    /// Reads a directory.
    pub(super) fn read(directory: &Path) -> Result<Self, Problems> {
        let mut found = Self { directory: directory.to_owned(), files: BTreeMap::new() };
        found.collect(directory, "").map_err(|(path, error)| {
            unreadable(&path, &error)
                .help("name the directory that `fortem-compile build` wrote with --out")
        })?;
        Ok(found)
    }

    fn collect(&mut self, directory: &Path, below: &str) -> Result<(), (PathBuf, io::Error)> {
        let at_directory = |error| (directory.to_owned(), error);
        for entry in fs::read_dir(directory).map_err(at_directory)? {
            let entry = entry.map_err(at_directory)?;
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(at_directory)?;
            if kind.is_dir() {
                self.collect(&entry.path(), &format!("{name}/"))?;
                continue;
            }
            // A pipe would never end, and what a link points at is not part of the output.
            let bytes = if kind.is_file() {
                fs::read(entry.path()).map_err(|error| error.to_string())
            } else {
                Err("not a regular file".to_owned())
            };
            self.files.insert(name, bytes);
        }
        Ok(())
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The bytes of a file, or why they cannot be read.
    pub(super) fn bytes(&self, path: &str) -> Option<Result<&[u8], &str>> {
        Some(self.files.get(path)?.as_ref().map(Vec::as_slice).map_err(String::as_str))
    }

    /// An identity policy; what is wrong with one that IAM would refuse is put among the problems.
    pub(super) fn policy(&self, path: &str, problems: &mut Vec<Problem>) -> Option<String> {
        let shown = self.directory.join(path);
        let text = match self.bytes(path)?.map(str::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => {
                problems.push(unreadable(&shown, &error));
                return None;
            }
            Err(error) => {
                problems.push(unreadable(&shown, &error));
                return None;
            }
        };
        let file = SourceFile::new(shown, text);
        match Document::parse(file.text()) {
            Ok(_) => Some(text.to_owned()),
            Err(error) => {
                let problem = Problem::new("fortem::check::no_policy", error.to_string());
                let help = "IAM would refuse the document, so it was not compared with Cedar";
                problems.push(problem.at(&file, error.span().range(), "here").help(help));
                None
            }
        }
    }

    pub(super) fn built(&self) -> Built {
        let manifest = self.bytes(MANIFEST).and_then(Result::ok).unwrap_or_default();
        serde_json::from_slice(manifest).unwrap_or_default()
    }
}

fn unreadable(path: &Path, error: &impl Display) -> Problem {
    let message = format!("cannot read `{}`: {error}", path.display());
    Problem::new("fortem::check::unreadable", message)
}
