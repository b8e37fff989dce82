//! A directory to run the command in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A scratch directory with a copy of the shipped policies.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        let scratch = Self::empty();
        copy(Path::new("../policies"), &scratch.path("policies"));
        scratch
    }

    /// One without anything in it.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fortem-compile"));
        command.args(arguments).current_dir(self.0.path()).env_remove("NO_COLOR");
        command.output().unwrap()
    }

    /// Standard error of a run that must fail, with nothing written.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        assert_eq!(text(&output.stdout), "");
        assert!(!self.path("out").exists());
        text(&output.stderr)
    }

    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) {
        let path = self.path("policies").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} does not hold {from:?}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    pub(crate) fn policy(&self, name: &str, text: &str) {
        fs::write(self.path("policies").join(name), text).unwrap();
    }

    /// Every file below a directory with its text.
    pub(crate) fn files(&self, name: &str) -> Vec<(PathBuf, String)> {
        let mut files = Vec::new();
        list(&self.path(name), &mut files);
        files.sort();
        files
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn list(directory: &Path, files: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            list(&entry.path(), files);
        } else {
            files.push((entry.path(), fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
