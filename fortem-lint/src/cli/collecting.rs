//! What a collection reads, and how: arguments of every command that asks AWS.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stderr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use tokio::sync::watch;

use super::progress::Progress;
use crate::collect::{CollectError, Counters, Settings, collect};
use crate::snapshot::{Manifest, Scope};

#[derive(Debug, Args)]
#[command(next_help_heading = "What is read of AWS")]
pub(super) struct Collecting {
    /// All accounts of the Organization; needs `--role-name`.
    #[arg(long, requires = "role_name")]
    organization: bool,

    /// The role that is entered in other accounts, with its path if it has one.
    #[arg(long, value_name = "NAME")]
    role_name: Option<String>,

    /// The external id that the roles of other accounts ask for.
    #[arg(long, value_name = "ID", requires = "role_name")]
    external_id: Option<String>,

    /// The name of the sessions in other accounts, as their trails show it.
    #[arg(long, value_name = "NAME", default_value = "fortem-lint")]
    session_name: String,

    /// Tags of the sessions in other accounts.
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag, value_delimiter = ',', requires = "role_name")]
    session_tag: Vec<(String, String)>,

    /// Only these accounts; without `--organization`, these instead of the caller's.
    #[arg(long, value_name = "ACCOUNT", value_parser = account, value_delimiter = ',')]
    accounts: Vec<String>,

    /// Not these accounts.
    #[arg(long, value_name = "ACCOUNT", value_parser = account, value_delimiter = ',')]
    exclude_accounts: Vec<String>,

    /// Regions, as far as they are enabled; `all` are all that are.
    #[arg(long, value_name = "REGION", value_parser = region, value_delimiter = ',', default_value = "all")]
    regions: Vec<String>,

    /// The profile of the shared AWS configuration files.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Calls under way at once.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=512))]
    concurrency: u16,

    /// Of these, calls into one account; all if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    account_concurrency: Option<u16>,

    /// Calls a second, to leave room for others: services throttle an account, not a caller.
    #[arg(long, value_name = "N", value_parser = rate)]
    max_rps: Option<f64>,

    /// Seconds after which an answer is not waited for any more.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,

    /// Seconds for which a throttled call is tried again.
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u64).range(0..=86400))]
    patience: u64,
}

impl Collecting {
    /// Reads AWS into a folder and tells the progress, unless `quiet`. Gives the manifest.
    pub(super) fn run(&self, folder: &Path, resume: bool, quiet: bool) -> Result<Manifest> {
        Self::read(folder, resume, quiet, self.settings())
    }

    /// Reads who may do what, and not what runs in Regions.
    pub(super) fn run_without_regions(&self, folder: &Path) -> Result<Manifest> {
        let settings = Settings { reads_regions: false, ..self.settings() };
        Self::read(folder, false, false, settings)
    }

    fn read(folder: &Path, resume: bool, quiet: bool, settings: Settings) -> Result<Manifest> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the calls")?;
        runtime.block_on(Self::collect(folder, resume, quiet, settings))
    }

    async fn collect(
        folder: &Path,
        resume: bool,
        quiet: bool,
        settings: Settings,
    ) -> Result<Manifest> {
        let counters = Arc::new(Counters::default());
        let (stop, stopped) = watch::channel(false);
        let progress = Progress::new(counters.clone(), quiet, stderr().is_terminal());
        let mut collection =
            Box::pin(collect(folder, resume, &settings, counters.clone(), stopped));
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        let mut is_stopping = false;
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        let manifest = loop {
            tokio::select! {
                manifest = &mut collection => break manifest,
                _ = &mut interrupt, if !is_stopping => {
                    is_stopping = true;
                    progress.say("stopping: what is whole is kept");
                    let _ = stop.send(true);
                }
                _ = tick.tick() => progress.tick(),
            }
        };
        progress.finish();
        let manifest = manifest.map_err(|error| advise(&error))?;
        if !quiet {
            tell(&manifest, &counters)?;
        }
        Ok(manifest)
    }

    fn settings(&self) -> Settings {
        let all = self.regions.iter().any(|one| one == "all");
        let sorted = |values: &[String]| {
            let mut values = values.to_vec();
            values.sort();
            values.dedup();
            values
        };
        Settings {
            scope: Scope {
                organization: self.organization,
                role_name: self.role_name.clone(),
                accounts: sorted(&self.accounts),
                exclude_accounts: sorted(&self.exclude_accounts),
                regions: if all { Vec::new() } else { sorted(&self.regions) },
            },
            reads_regions: true,
            profile: self.profile.clone(),
            external_id: self.external_id.clone(),
            session_name: self.session_name.clone(),
            session_tags: self.session_tag.iter().cloned().collect::<BTreeMap<_, _>>(),
            concurrency: usize::from(self.concurrency),
            concurrency_of_account: usize::from(
                self.account_concurrency.unwrap_or(self.concurrency),
            ),
            most_per_second: self.max_rps,
            timeout: Duration::from_secs(self.timeout),
            patience: Duration::from_secs(self.patience),
        }
    }
}

/// Adds what to do.
fn advise(error: &CollectError) -> anyhow::Error {
    let advice = match error {
        CollectError::Caller(failure) if failure.code == "NoCredentials" => {
            "\n  = help: name a profile by `--profile`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; files are \
             judged without credentials by `fortem-lint check PATH`"
        }
        CollectError::Caller(_) => {
            "\n  = help: `aws sts get-caller-identity` tells whether the credentials are good"
        }
        CollectError::Endpoint(_) | CollectError::Region(_) => "\n  = help: correct or unset it",
        _ => "",
    };
    anyhow::anyhow!("{error}{advice}")
}

/// Says in a few lines what was read, by how many calls, and what is missing.
fn tell(manifest: &Manifest, counters: &Counters) -> Result<()> {
    let mut out = stderr().lock();
    let (accounts, regions) = (manifest.accounts.len(), counters.regions.total());
    writeln!(
        out,
        "read {accounts} {} and {regions} {} by {} calls ({} throttled, {} made again)",
        plural(accounts, "account", "accounts"),
        plural(regions, "Region", "Regions"),
        counters.calls(),
        counters.throttled(),
        counters.retried(),
    )?;
    let most = counters.by_action();
    let most: Vec<String> =
        most.iter().take(5).map(|(action, count)| format!("{action} {count}")).collect();
    writeln!(out, "most of them: {}", most.join(", "))?;
    if !manifest.unread.is_empty() {
        let failed = manifest.unread.len();
        let calls = plural(failed, "call", "calls");
        writeln!(out, "{failed} {calls} failed for good; the snapshot says which")?;
    }
    if manifest.run.as_ref().is_some_and(|run| !run.is_finished) {
        writeln!(out, "stopped before the end; `--resume` goes on")?;
    }
    Ok(())
}

fn plural<'w>(count: usize, one: &'w str, many: &'w str) -> &'w str {
    if count == 1 { one } else { many }
}

fn account(text: &str) -> Result<String, String> {
    let is_one = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_one { Ok(text.to_owned()) } else { Err("an account number has twelve digits".to_owned()) }
}

fn region(text: &str) -> Result<String, String> {
    let is_one = text == "all"
        || (text.contains('-')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
    if is_one {
        Ok(text.to_owned())
    } else {
        Err("a Region is written like `eu-west-1`".to_owned())
    }
}

fn tag(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = parts.ok_or("a tag is written `KEY=VALUE`")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "a number of calls a second".to_owned())?;
    if rate.is_finite() && rate > 0.0 {
        Ok(rate)
    } else {
        Err("more than 0 calls a second".to_owned())
    }
}
