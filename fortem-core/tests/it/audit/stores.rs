//! A log of each kind to test with.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fortem_core::audit::{
    Actor, Attempt, AuditLog, Decision, Digest, JsonLines, Memory, Resource, Sqlite, Timestamp,
};
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    JsonLines,
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
}

pub(crate) const KINDS: &[Kind] = &[
    Kind::Memory,
    Kind::JsonLines,
    Kind::Sqlite,
    #[cfg(feature = "postgres")]
    Kind::Postgres,
];

/// A log whose clock a test sets, and where it is kept.
pub(crate) struct Fixture {
    pub(crate) log: AuditLog,
    pub(crate) clock: Arc<AtomicI64>,
    pub(crate) directory: TempDir,
}

impl Fixture {
    pub(crate) fn new(kind: Kind) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(START));
        let log = ticking(open(kind, directory.path()), &clock);
        Self { log, clock, directory }
    }

    pub(crate) fn set(&self, second: i64) {
        self.clock.store(START + second, Ordering::Relaxed);
    }
}

/// The second at which every log begins.
pub(crate) const START: i64 = 1_772_500_000;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

pub(crate) fn ticking(log: AuditLog, clock: &Arc<AtomicI64>) -> AuditLog {
    let clock = Arc::clone(clock);
    log.clock(move || Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap())
}

/// Opens the log of a directory; again, if it is there.
pub(crate) fn open(kind: Kind, directory: &Path) -> AuditLog {
    match kind {
        Kind::Memory => AuditLog::new(Memory::new()),
        Kind::JsonLines => AuditLog::new(JsonLines::open(directory.join("log.jsonl")).unwrap()),
        Kind::Sqlite => AuditLog::new(Sqlite::open(directory.join("log.db")).unwrap()),
        #[cfg(feature = "postgres")]
        Kind::Postgres => AuditLog::new(postgres(directory)),
    }
}

/// A schema for each directory, in the database that `FORTEM_POSTGRES` names.
#[cfg(feature = "postgres")]
pub(crate) fn postgres(directory: &Path) -> fortem_core::audit::Postgres {
    let config = postgres_config(directory);
    fortem_core::audit::Postgres::connect(move || config.connect(postgres::NoTls)).unwrap()
}

#[cfg(feature = "postgres")]
pub(crate) fn postgres_config(directory: &Path) -> postgres::Config {
    let url = std::env::var("FORTEM_POSTGRES")
        .expect("FORTEM_POSTGRES is the URL of a database in which the tests may make schemas");
    let mut config: postgres::Config = url.parse().unwrap();
    let schema = directory.file_name().unwrap().to_str().unwrap().to_lowercase().replace('.', "t");
    let schema = format!("{schema}{}", Digest::of(directory.as_os_str().as_encoded_bytes()));
    let schema = schema.get(..40).unwrap().to_owned();
    let mut client = config.connect(postgres::NoTls).unwrap();
    client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).unwrap();
    config.options(&format!("-c search_path={schema}"));
    config
}

pub(crate) fn policies() -> Digest {
    Digest::of(b"the text of all policies")
}

pub(crate) fn restart(actor: &str, environment: &str) -> Attempt {
    Attempt::new(
        Actor::new(actor),
        "restartService",
        Resource::new("Service", "orders-api"),
        Decision::allow(["developer"], policies()),
    )
    .environment(environment)
}

pub(crate) fn refused(actor: &str, environment: &str) -> Attempt {
    let mut attempt = restart(actor, environment);
    attempt.decision = Decision::deny(["never-prod"], policies());
    attempt
}
