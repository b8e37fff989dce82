//! The command run in a folder of its own, without what the environment says.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A folder that is deleted at the end.
pub(crate) struct Sandbox(TempDir);

/// What a run said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Sandbox {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let sandbox = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            sandbox.write(name, text);
        }
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Everything in the folder, by name.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fortem-lint"));
        command.current_dir(self.0.path()).env_remove("CLICOLOR_FORCE").args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        Said::of(&mut self.command(arguments))
    }

    /// The same with a text as standard input.
    pub(crate) fn check_stdin(&self, text: &str, arguments: &[&str]) -> Said {
        self.write("stdin.txt", text);
        let mut command = self.command(&["check", "--today", "2026-10-01"]);
        command.args(arguments).stdin(fs::File::open(self.path("stdin.txt")).unwrap());
        Said::of(&mut command)
    }

    /// `check` on a day when the built-in data is not old.
    pub(crate) fn check(&self, arguments: &[&str]) -> Said {
        let mut all = vec!["check", "--today", "2026-10-01"];
        all.extend(arguments);
        self.run(&all)
    }
}

/// A policy with three statements; two of them reach every environment.
pub(crate) const POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    { "Sid": "Stop", "Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*" },
    { "Sid": "Logs", "Effect": "Allow", "Action": "logs:GetLogEvents", "Resource": "*" },
    { "Sid": "Who", "Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*" }
  ]
}
"#;
