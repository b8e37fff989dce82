//! `fortem-compile diff`: what two sides grant, compared.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum, ValueHint};
use fortem_compile::diff::{DiffError, Markdown, Side, diff_by};
use fortem_compile::reference::Reference;
use fortem_compile::target::{Target, targets};
use fortem_compile::{CompileError, compile_by};
use fortem_core::{FLEET_FILE, Problem, Problems, Source, SourceFile, files_below};

use super::input::ServiceReference;
use super::output::Output;
use super::{DIFFERENCE, build, fault};

const CODES: &str = "\
Exit codes:
  0  equal: both sides allow the same calls, and deny the same
  1  not compared: a side cannot be read or compiled, or tells too many calls apart
  2  wrong arguments
  10 narrowed, widened, or both";

/// The arguments of `diff`.
#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(super) struct Diff {
    /// A policies directory, an output directory, an identity policy (`-` is standard input), or a folder of
    /// identity policies that are attached together.
    #[arg(value_hint = ValueHint::AnyPath)]
    a: PathBuf,
    /// What is compared with it, of whatever sort.
    #[arg(value_hint = ValueHint::AnyPath)]
    b: PathBuf,
    /// Only this role; also the one that identity policies are of, which do not say it.
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// The format of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    reference: ServiceReference,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
    /// For a comment on a pull request.
    Markdown,
}

impl Diff {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let reference = self.reference.read()?;
        let (a, b) = (self.side(&self.a, &reference)?, self.side(&self.b, &reference)?);
        let found = diff_by(&reference, &a, &b, self.role.as_deref()).map_err(explain)?;
        let text = match self.format {
            Format::Text => found.to_string(),
            Format::Json => super::json(&found)?,
            Format::Markdown => Markdown(&found).to_string(),
        };
        self.output.write(&text)?;
        Ok(if found.is_equal() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENCE) })
    }

    fn side(&self, path: &Path, reference: &Reference) -> Result<Side, Problems> {
        let name = path.display().to_string();
        if path.join(FLEET_FILE).exists() {
            let source = Source::load(path)?;
            let only: Vec<String> =
                self.role.iter().filter(|role| has_role(&source, role)).cloned().collect();
            let compiled = compile_by(&source, reference, &only)
                .map_err(|error| uncompiled(&source, error))?;
            let targets = targets(&source, &compiled, &Target::ALL)
                .map_err(|error| fault("cannot make the documents", &error))?;
            return Side::of_source(&name, &source, &compiled, &targets);
        }
        if path.join("identity").is_dir() {
            return Side::of_output(path);
        }
        let files = if path.is_dir() { documents_in(path)? } else { vec![document(path)?] };
        Side::of_documents(&name, &files)
    }
}

/// Whether a source has a role: if it does not, the other side still may.
fn has_role(source: &Source, name: &str) -> bool {
    source.roles().any(|role| role.id() == name)
}

fn documents_in(directory: &Path) -> Result<Vec<SourceFile>, Problems> {
    let mut paths = files_below(directory)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    if paths.is_empty() {
        let message = format!(
            "`{}` is neither policies nor an output, and holds no documents",
            directory.display()
        );
        let help = "a policies directory has fleet.toml, an output has identity/, documents are .json files";
        return Err(Problem::new("fortem::diff::nothing", message).help(help).into());
    }
    paths.iter().map(|path| document(path)).collect()
}

/// Reads a document; `-` is standard input.
fn document(path: &Path) -> Result<SourceFile, Problems> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    match text {
        Ok(text) => Ok(SourceFile::new(path, text)),
        Err(error) => {
            let message = format!("cannot read `{}`: {error}", path.display());
            Err(Problem::new("fortem::diff::unreadable", message).into())
        }
    }
}

fn uncompiled(source: &Source, error: CompileError) -> Problems {
    match error {
        CompileError::Differs(differences) => {
            let problems = differences.iter().map(|one| one.problem(source)).collect();
            match Problems::unless(problems, ()) {
                Err(problems) => problems,
                Ok(()) => fault("nothing differs", &CompileError::Differs(differences)),
            }
        }
        other => build::explain(other),
    }
}

fn explain(error: DiffError) -> Problems {
    match error {
        DiffError::Refused(problems) => problems,
        DiffError::Domain { .. } => Problem::new("fortem::diff::limit", error.to_string())
            .help("nothing is said of documents that cannot be compared as a whole; compare role by role, or smaller documents")
            .into(),
        other => fault("the documents cannot be compared", &other),
    }
}
