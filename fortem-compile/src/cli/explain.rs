//! `fortem-compile explain`: why a call or an action is allowed, or not.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use fortem_compile::compile_by;
use fortem_compile::explain::{Deciding, ExplainError, Somebody, action, call};
use fortem_compile::output::OriginEntry;
use fortem_core::{Policy, PolicyKind, Problem, Problems, Source};

use super::diagnose::{Excerpt, excerpts};
use super::input::Input;
use super::output::Output;
use super::{DIFFERENCE, build, fault};

const CODES: &str = "\
Exit codes:
  0  allowed
  1  no answer: the policies are refused, or have no such role or action
  2  wrong arguments
  10 not allowed

Examples:
  fortem-compile explain --role developer --environment staging restartService
  fortem-compile explain --role developer --environment staging ecs:UpdateService \\
      arn:aws:ecs:eu-west-1:111122223333:service/staging/web --key aws:ResourceTag/Environment=staging";

/// The arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(super) struct Explain {
    /// An action of the vocabulary, such as `restartService`, or an API action, such as `ecs:UpdateService`.
    action: String,
    /// What an API action is called on: an ARN.
    #[arg(default_value = "*")]
    resource: String,
    /// The role.
    #[arg(long, value_name = "NAME")]
    role: String,
    /// The environment in which somebody has the role: the value of the principal's tag.
    #[arg(long, visible_alias = "tag", value_name = "NAME")]
    environment: Option<String>,
    /// A condition key of the call; may be given several times, for several values as well.
    #[arg(long = "key", value_name = "KEY=VALUE", value_parser = pair)]
    keys: Vec<(String, String)>,
    #[command(flatten)]
    input: Input,
    /// The format of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people, with the lines of Cedar.
    Text,
    /// For machines.
    Json,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

impl Explain {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let (source, reference) = (self.input.source()?, self.input.reference()?);
        let compiled = compile_by(&source, &reference, &[]).map_err(build::explain)?;
        let somebody = Somebody::new(&source, &compiled, &self.role, self.environment.as_deref())?;
        let (allowed, text) = if self.action.contains(':') {
            let answer =
                call(somebody, &self.action, &self.resource, &self.keys()).map_err(explain)?;
            let near = answer.near.iter().map(|near| &near.statement);
            let statements: Vec<&Deciding> = answer.statements.iter().chain(near).collect();
            (answer.allowed, self.text(&source, &answer, &statements)?)
        } else {
            let answer = action(somebody, &self.action).map_err(explain)?;
            let statements = answer.steps.iter().flat_map(|step| &step.statements);
            let statements: Vec<&Deciding> = statements.collect();
            (answer.allowed, self.text(&source, &answer, &statements)?)
        };
        self.output.write(&text)?;
        Ok(if allowed { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENCE) })
    }

    fn keys(&self) -> BTreeMap<String, Vec<String>> {
        let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in &self.keys {
            keys.entry(key.clone()).or_default().push(value.clone());
        }
        keys
    }

    fn text<A: serde::Serialize + std::fmt::Display>(
        &self,
        source: &Source,
        answer: &A,
        statements: &[&Deciding],
    ) -> Result<String, Problems> {
        match self.format {
            Format::Json => super::json(answer),
            Format::Text => Ok(format!("{answer}\n{}", excerpts(&Self::cedar(source, statements)))),
        }
    }

    /// The policies that the statements come from, each once.
    fn cedar(source: &Source, statements: &[&Deciding]) -> Vec<Excerpt> {
        let origins = statements.iter().flat_map(|statement| &statement.from);
        let ids: BTreeSet<&str> = origins
            .filter_map(|origin| match origin {
                OriginEntry::Policy { policy, .. } => Some(policy.as_str()),
                OriginEntry::Integrity { .. } => None,
            })
            .collect();
        let policies = source.policies().iter().filter(|policy| ids.contains(policy.id()));
        let excerpt = |policy: &Policy| {
            let title = format!("`{}`: {}", policy.id(), policy.doc());
            let label = match policy.kind() {
                PolicyKind::Guard => "forbids",
                _ => "permits",
            };
            Excerpt::new(title, policy.file(), policy.span(), label)
        };
        policies.map(excerpt).collect()
    }
}

fn explain(error: ExplainError) -> Problems {
    match error {
        ExplainError::Refused(problems) => problems,
        ExplainError::Domain(_) => Problem::new("fortem::explain::limit", error.to_string())
            .help("ask about one call, in the words of AWS")
            .into(),
        other => fault("there is no answer", &other),
    }
}
