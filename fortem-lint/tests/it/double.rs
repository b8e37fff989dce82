//! A local AWS: a server with seeded accounts, a proxy that puts faults in its way, and the command run against them.
//!
//! Everything listens on the loopback interface only, and ends with the test that started it, or with the test binary.

mod answers;
mod proxy;
mod python;
mod run;
mod snapshot;

use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;

pub(crate) use answers::serve;
pub(crate) use proxy::{Proxy, Stats};
pub(crate) use run::{Lint, collect};
pub(crate) use snapshot::Snapshot;

/// The Region that is seeded.
pub(crate) const REGION: &str = "eu-west-1";
/// The account whose credentials the command is given.
pub(crate) const MANAGEMENT: &str = "123456789012";
/// The role that is entered in member accounts.
pub(crate) const ROLE: &str = "FortemLintReadOnly";

/// A local AWS of its own. What it holds is lost when it is dropped.
pub(crate) struct Double(python::Server);

/// What was seeded.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) accounts: Vec<Account>,
    pub(crate) planted: Vec<Defect>,
    /// Texts that no output may have in it.
    pub(crate) secrets: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Credentials: id, secret and session token.
    pub(crate) key: [String; 3],
}

/// What a linter has to find.
#[derive(Debug, Deserialize)]
pub(crate) struct Defect {
    pub(crate) code: String,
    pub(crate) resource: String,
}

impl Double {
    pub(crate) fn start() -> Self {
        Self(python::Server::start("server", &[]))
    }

    pub(crate) fn endpoint(&self) -> &str {
        self.0.endpoint()
    }

    /// Empties it and fills it; see `tests/double/seed` for scenarios and their arguments.
    pub(crate) fn seed(&self, scenario: &str, arguments: &[&str]) -> Manifest {
        let fixed = ["--endpoint", self.endpoint(), "--scenario", scenario, "--region", REGION];
        let text = python::run("seed", &[&fixed, arguments].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// A double that tests share, since they only read, and what is there to be read.
pub(crate) struct Scenario {
    pub(crate) double: Double,
    pub(crate) manifest: Manifest,
    /// How all of it is read.
    arguments: &'static [&'static str],
    whole: OnceLock<Snapshot>,
}

impl Scenario {
    fn new(name: &str, seeding: &[&str], arguments: &'static [&'static str]) -> Self {
        let double = Double::start();
        let manifest = double.seed(name, seeding);
        Self { double, manifest, arguments, whole: OnceLock::new() }
    }

    /// A proxy that answers as the services do, in short pages, with these further arguments.
    pub(crate) fn proxy(&self, arguments: &[&str]) -> Proxy {
        let realistic = ["--realistic", "--management-account", MANAGEMENT, "--page-size", "20"];
        Proxy::start(&self.double, &[&realistic, arguments].concat())
    }

    /// The command that collects all of it into a folder.
    pub(crate) fn collect(&self, proxy: &Proxy, folder: &Path) -> Lint {
        collect(proxy.endpoint(), folder).args(self.arguments)
    }

    /// What is read where nothing goes wrong.
    pub(crate) fn whole(&self) -> &Snapshot {
        self.whole.get_or_init(|| {
            let (proxy, folder) = (self.proxy(&[]), tempfile::tempdir().unwrap());
            let said = self.collect(&proxy, folder.path()).run();
            assert_eq!(said.code, 0, "{said:?}");
            Snapshot::read(folder.path())
        })
    }

    /// The number of the account of that name.
    pub(crate) fn account(&self, name: &str) -> &str {
        &self.member(name).id
    }

    /// The account of that name.
    pub(crate) fn member(&self, name: &str) -> &Account {
        let account = self.manifest.accounts.iter().find(|account| account.name == name);
        account.unwrap_or_else(|| panic!("no account {name}"))
    }
}

/// One account with defects of every kind.
pub(crate) static SINGLE: LazyLock<Scenario> = LazyLock::new(|| Scenario::new("single", &[], &[]));

/// An Organization of five accounts.
pub(crate) static FLEET: LazyLock<Scenario> =
    LazyLock::new(|| Scenario::new("fleet", &[], &["--organization", "--role-name", ROLE]));
