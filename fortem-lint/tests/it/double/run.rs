//! The command, run against an endpoint.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Account, REGION};
use crate::sandbox::Said;

/// A run that takes longer is stopped and fails the test.
const DEADLINE: Duration = Duration::from_secs(90);

/// The command in the making. Of AWS it knows the endpoint and dummy credentials.
pub(crate) struct Lint(Command);

/// `collect` of the seeded Region into a folder that is not there yet, or is empty.
pub(crate) fn collect(endpoint: &str, folder: &Path) -> Lint {
    Lint::new(endpoint).args(["collect", "--regions", REGION, "--out"]).args([folder])
}

impl Lint {
    pub(crate) fn new(endpoint: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fortem-lint"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        command.envs([
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ]);
        Self(command)
    }

    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(arguments);
        self
    }

    /// With the credentials of another account than the one that manages the Organization.
    pub(crate) fn of_account(self, account: &Account) -> Self {
        let [id, secret, token] = account.key.each_ref().map(|one| Some(one.as_str()));
        self.env("AWS_ACCESS_KEY_ID", id)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .env("AWS_SESSION_TOKEN", token)
    }

    /// Sets a variable, or removes it.
    pub(crate) fn env(mut self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.0.env(name, value),
            None => self.0.env_remove(name),
        };
        self
    }

    pub(crate) fn run(self) -> Said {
        self.start().wait()
    }

    pub(crate) fn start(mut self) -> Running {
        let command = self.0.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let out = read(process.stdout.take().unwrap());
        let err = read(process.stderr.take().unwrap());
        Running { process, out, err, started: Instant::now() }
    }
}

/// The command while it runs.
pub(crate) struct Running {
    process: Child,
    out: JoinHandle<String>,
    err: JoinHandle<String>,
    started: Instant,
}

impl Running {
    /// Sends it a signal: `INT` as Ctrl-C does, `KILL` as if the machine were turned off.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// What it said; the code is -1 if it was killed.
    pub(crate) fn wait(mut self) -> Said {
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            if self.started.elapsed() > DEADLINE {
                self.process.kill().unwrap();
                panic!("no end after {DEADLINE:?}: {}", self.err.join().unwrap());
            }
            thread::sleep(Duration::from_millis(10));
        };
        let (out, err) = (self.out.join().unwrap(), self.err.join().unwrap());
        assert!(!err.contains("panicked at"), "{err}");
        Said { code: status.code().unwrap_or(-1), out, err }
    }
}

/// Reads to the end, so that the command never waits for a reader.
fn read(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}
