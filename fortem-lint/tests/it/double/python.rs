//! Python programs of `tests/double`, in a virtual environment with their packages.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/double");

/// The interpreter of the environment, which is made once in the folder of the build.
static INTERPRETER: LazyLock<PathBuf> = LazyLock::new(|| {
    let requirements = Path::new(PROGRAMS).join("requirements.txt");
    let version = finish(Command::new("python3").arg("--version"));
    let hash = Sha256::new()
        .chain_update(fs::read(&requirements).unwrap())
        .chain_update(version)
        .finalize();
    let name = format!("{:016x}", u64::from_be_bytes(*hash.first_chunk().unwrap()));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("double");
    fs::create_dir_all(&folder).unwrap();
    let made = folder.join(&name);
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    if !made.exists() {
        make(&folder.join(format!("{name}.part")), &requirements);
        fs::rename(folder.join(format!("{name}.part")), &made).unwrap();
    }
    made.join("bin/python")
});

fn make(folder: &Path, requirements: &Path) {
    // What an interrupted installation left.
    let _ = fs::remove_dir_all(folder);
    finish(Command::new("python3").args(["-m", "venv"]).arg(folder));
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"]);
    finish(pip.arg(requirements));
}

/// What a command prints; the test fails if the command does.
fn finish(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the double of AWS needs this to work: {command:?}\n{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// A program of `tests/double`. Nothing is written beside its source.
fn program(module: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(&*INTERPRETER);
    command.current_dir(PROGRAMS).args(["-B", "-m", module]).args(arguments);
    command
}

/// What a program prints.
pub(super) fn run(module: &str, arguments: &[&str]) -> String {
    finish(&mut program(module, arguments))
}

/// A program that serves until it is dropped. It ends too when its standard input is closed, so that it does not outlive
/// a test binary that is killed.
pub(super) struct Server {
    process: Child,
    endpoint: String,
}

impl Server {
    /// Starts a program and waits until it listens, which it says in its first line.
    pub(super) fn start(module: &str, arguments: &[&str]) -> Self {
        let mut errors = tempfile::tempfile().unwrap();
        let mut process = program(module, arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.try_clone().unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(endpoint) = line.trim_end().strip_prefix("endpoint=") else {
            let mut said = String::new();
            errors.rewind().and_then(|()| errors.read_to_string(&mut said)).unwrap();
            panic!("{module} does not listen: {said}");
        };
        Self { process, endpoint: endpoint.to_owned() }
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
