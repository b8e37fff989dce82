//! `fortem-lint who-can`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueHint};
use fortem_compile::escape::one_line;
use fortem_compile::reference::{Action, Reference};

use super::{fleet, inputs};
use crate::catalogue::Catalogue;
use crate::environments::{Environment, Environments};
use crate::exit::Exit;
use crate::facts::matrix::ACTIONS;
use crate::input::NotAssessed;
use crate::report::{self, WhoCanFormat};
use crate::who_can::{Question, who_can};

/// The exit codes, as far as they mean something else here.
const CODES: &str = "\
Exit codes:
  0  the answer is complete, whoever it names
  1  the tool failed
  2  wrong arguments: an environment or action that there is not
  3  something could not be read";

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(super) struct WhoCan {
    #[command(flatten)]
    accounts: inputs::Accounts,

    /// The environment whose resources are meant.
    #[arg(short, long, value_name = "NAME")]
    environment: String,

    /// API actions, also with wildcards, as `ecs:Update*`; without it those that tell most of what people do.
    #[arg(short, long, value_name = "ACTION", value_delimiter = ',')]
    action: Vec<String>,

    /// The folder with `fleet.toml`, or that file: environments, aliases and the tag key. Without it they are guessed
    /// from the input.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    fleet: Option<PathBuf>,

    /// The folder with the Cedar source, of which the fleet file is read.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "fleet")]
    source: Option<PathBuf>,

    /// The format of the answer.
    #[arg(long, value_enum, default_value_t = WhoCanFormat::Text)]
    format: WhoCanFormat,

    /// The file that it is written to; a file that is there is replaced once all is written.
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

/// What is asked about.
struct Wanted {
    actions: Vec<&'static str>,
    gaps: Vec<NotAssessed>,
}

/// That a pattern takes in actions for which nobody can be asked.
fn gap(pattern: &str, number: usize) -> Option<NotAssessed> {
    (number > 0).then(|| NotAssessed {
        what: pattern.to_owned(),
        why: format!(
            "takes in {number} more actions, of services that are not asked about as a whole"
        ),
        incomplete: true,
    })
}

impl WhoCan {
    pub(super) fn run(&self) -> Result<Exit> {
        let reference = Reference::builtin().map_err(|error| anyhow::anyhow!("{error}"))?;
        let Some(wanted) = self.actions(reference)? else { return Ok(Exit::Usage) };
        let path = self.source.as_ref().or(self.fleet.as_ref());
        let mut inputs = self.accounts.read(path.is_none())?;
        let environments = match path {
            Some(path) => Environments::of_fleet(&fleet::read(path)?),
            None => std::mem::take(&mut inputs.seen).conclude(),
        };
        let Some(environment) = environments.meant_by(&self.environment) else {
            let all = environments.all().iter();
            let names: Vec<&str> = all.flat_map(Environment::spellings).collect();
            inputs::tell_unknown("environment", &self.environment, &names)?;
            return Ok(Exit::Usage);
        };
        let mut answer = who_can(
            &inputs.units,
            inputs.organization.as_ref(),
            &environments,
            Question { environment, actions: &wanted.actions },
            reference,
        );
        answer.not_assessed.splice(0..0, wanted.gaps.into_iter().chain(inputs.not_assessed));
        let mut text = Vec::new();
        report::write_who_can(&answer, self.format, &mut text)?;
        inputs::write(self.output.as_deref(), text).context("cannot write the answer")?;
        Ok(if answer.is_incomplete() { Exit::Incomplete } else { Exit::Clean })
    }

    /// The actions that are asked about; none if one is unknown, which is told.
    fn actions(&self, reference: &'static Reference) -> Result<Option<Wanted>> {
        if self.action.is_empty() {
            let actions = ACTIONS.iter().flat_map(|(_, calls)| calls.iter().copied()).collect();
            return Ok(Some(Wanted { actions, gaps: Vec::new() }));
        }
        let names = Catalogue::builtin().names();
        let (mut actions, mut gaps) = (Vec::new(), Vec::new());
        for wanted in &self.action {
            let matching: Vec<&str> =
                reference.matching(wanted).into_iter().map(Action::name).collect();
            let known = matching.iter().filter_map(|name| names.iter().find(|one| *one == name));
            let known: Vec<&str> = known.copied().collect();
            if known.is_empty() {
                inputs::tell_unknown("action to be asked about like", &one_line(wanted), names)?;
                return Ok(None);
            }
            gaps.extend(gap(wanted, matching.len() - known.len()));
            actions.extend(known);
        }
        actions.sort_unstable();
        actions.dedup();
        Ok(Some(Wanted { actions, gaps }))
    }
}
