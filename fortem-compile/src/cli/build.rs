//! `fortem-compile build`: policies in, documents out.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};
use fortem_compile::deploy::{self, Format};
use fortem_compile::output::{self, Artifact, OutputError, OutputFile};
use fortem_compile::target::{LeftOut, Target, Targets, targets};
use fortem_compile::verify::Difference;
use fortem_compile::{CompileError, compile_by};
use fortem_core::{Problem, Problems, Source};

use serde_json::Value;

use super::fault;
use super::input::{Input, tell_age};

/// The arguments of `build`.
#[derive(Debug, Args)]
pub(super) struct Build {
    #[command(flatten)]
    input: Input,
    /// The directory to write, or `-` for standard output. An earlier output there is replaced.
    #[arg(long, value_name = "DIR", default_value = "out", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// Only this role; may be given several times.
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
    /// Only this kind of document; may be given several times. All of them by default, to standard output
    /// `identity` alone.
    #[arg(long = "target", value_name = "NAME", value_parser = target())]
    targets: Vec<Target>,
    /// How documents are written: `json`, `terraform` or `cloudformation`; several with commas.
    #[arg(long = "format", value_name = "NAME", default_value = "json", value_delimiter = ',', value_parser = format())]
    formats: Vec<Format>,
}

fn format() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.map(Format::as_str);
    PossibleValuesParser::new(names).try_map(|name| {
        Format::ALL.into_iter().find(|one| one.as_str() == name).ok_or("no format has this name")
    })
}

fn target() -> impl TypedValueParser<Value = Target> {
    let names = Target::ALL.map(Target::as_str);
    PossibleValuesParser::new(names).try_map(|name| {
        Target::ALL.into_iter().find(|one| one.as_str() == name).ok_or("no target has this name")
    })
}

impl Build {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let (source, reference) = (self.input.source()?, self.input.reference()?);
        let compiled = match compile_by(&source, &reference, &self.roles) {
            Ok(compiled) => compiled,
            Err(CompileError::Differs(differences)) => return Ok(differ(&source, &differences)),
            Err(error) => return Err(explain(error)),
        };
        let targets = targets(&source, &compiled, &self.chosen());
        let targets = targets.map_err(|error| fault("cannot make the documents", &error))?;
        self.refuse_nothing(&targets)?;
        let printed = if self.is_printed() {
            to_stdout(&deploy::files(&source, &targets.artifacts, &self.formats())?)
        } else {
            let files = output::files(&source, &compiled, &targets, &self.formats());
            let files = files.map_err(no_output)?;
            output::write(&self.out, &files).map_err(|error| unwritten(&error))?;
            self.summary(&targets, &files)
        };
        print(&printed)?;
        tell_age(&reference);
        Ok(ExitCode::SUCCESS)
    }

    fn is_printed(&self) -> bool {
        self.out == Path::new("-")
    }

    /// Each once, in one order.
    fn formats(&self) -> Vec<Format> {
        Format::ALL.into_iter().filter(|format| self.formats.contains(format)).collect()
    }

    fn chosen(&self) -> Vec<Target> {
        match self.targets.as_slice() {
            [] if self.is_printed() => vec![Target::Identity],
            [] => Target::ALL.to_vec(),
            some => some.to_vec(),
        }
    }

    /// Whoever asks for a kind of document by name is told if there is none.
    fn refuse_nothing(&self, targets: &Targets) -> Result<(), Problems> {
        let written = |target: Target| of_kind(targets, target).next().is_some();
        let missing = targets
            .left_out
            .iter()
            .filter(|one| self.targets.contains(&one.target) && !written(one.target));
        let problem = |one: &LeftOut| {
            let message = format!("`{}` cannot be written: {}", one.file, one.why);
            Problem::new("fortem::target::left_out", message).help(one.help.clone())
        };
        Problems::unless(missing.map(problem).collect(), ())
    }

    /// Each identity policy, and a line for each other kind of document or format.
    fn summary(&self, targets: &Targets, files: &[OutputFile]) -> String {
        let out = self.out.display();
        let is_file = |one: &&Artifact| files.iter().any(|(file, _)| *file == one.file);
        let mut lines = Vec::new();
        for target in &targets.chosen {
            let artifacts: Vec<&Artifact> = of_kind(targets, *target).filter(is_file).collect();
            match target {
                Target::Identity => lines.extend(
                    artifacts
                        .iter()
                        .filter_map(|one| Some(format!("{out}/{}: {}", one.file, one.size?))),
                ),
                _ if artifacts.is_empty() => {}
                _ => lines.push(format!("{out}/{target}: {}", several(&artifacts))),
            }
            let left_out = targets.left_out.iter().filter(|one| one.target == *target);
            match left_out.collect::<Vec<_>>().as_slice() {
                [] => {}
                [one] => lines.push(format!("{out}/{}: not written, {}", one.file, one.why)),
                more => lines.push(format!("{out}/{target}: {} not written", more.len())),
            }
        }
        for format in self.formats().into_iter().filter(|format| *format != Format::Json) {
            let folder = format!("{}/", format.as_str());
            let own = files.iter().filter(|(file, _)| file.starts_with(&folder)).count();
            lines.push(format!("{out}/{}: {}", format.as_str(), number(own)));
        }
        lines.push(format!("{out}/report.md: what is granted, what is not, and why\n"));
        lines.join("\n")
    }
}

fn of_kind<'t, 'a>(
    targets: &'t Targets<'a>,
    target: Target,
) -> impl Iterator<Item = &'t Artifact<'a>> {
    targets.artifacts.iter().filter(move |one| one.kind() == target.as_str())
}

fn number(files: usize) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}

fn several(artifacts: &[&Artifact]) -> String {
    let number = number(artifacts.len());
    let largest = artifacts.iter().filter_map(|one| one.size).max_by_key(|size| size.characters);
    largest.map_or(number.clone(), |size| format!("{number}, at most {size}"))
}

/// One document as it is; several as one object, by file name.
fn to_stdout(files: &[OutputFile]) -> String {
    if let [(_, only)] = files {
        return only.clone();
    }
    // Not all of them are JSON.
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    let all = files.iter().map(|(file, text)| (file.clone(), value(text)));
    format!("{:#}\n", Value::Object(all.collect()))
}

/// A reader that closes the pipe early has seen enough.
pub(super) fn print(text: &str) -> Result<(), Problems> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let message = format!("cannot write to standard output: {error}");
            Err(Problem::new("fortem::output::unwritable", message).into())
        }
        _ => Ok(()),
    }
}

/// Shows how the documents differ from Cedar; nothing has been written.
fn differ(source: &Source, differences: &[Difference]) -> ExitCode {
    let problems: Vec<Problem> = differences.iter().map(|one| one.problem(source)).collect();
    super::show(&problems);
    ExitCode::from(super::DIFFERENCE)
}

pub(super) fn explain(error: CompileError) -> Problems {
    match error {
        CompileError::Refused(problems) => problems,
        CompileError::TooLarge { role, source } => {
            let message = format!("role `{role}` is too large: {source}");
            Problem::new("fortem::compile::too_large", message)
                .help(
                    "a guard with `unless` names every environment it leaves alone; say \
                     `when { resource in Fortem::Tier::\"production\" }` instead, which covers only \
                     the environments the fleet knows, or shorten names and aliases",
                )
                .into()
        }
        CompileError::Unverified(error) if error.is_limit() => {
            let message = format!("the documents cannot be compared with Cedar: {error}");
            Problem::new("fortem::verify::limit", message)
                .help("what is not verified is not written; make two roles of the largest one, or say guards with fewer conditions")
                .into()
        }
        other => fault(&other.to_string(), other.source().unwrap_or(&other)),
    }
}

pub(super) fn no_output(error: OutputError) -> Problems {
    match error {
        OutputError::Refused(problems) => problems,
        OutputError::Json(error) => fault("cannot write the report as JSON", &error),
    }
}

pub(super) fn unwritten(error: &output::WriteError) -> Problems {
    let cause = error.source.to_string();
    Problem::new("fortem::output::unwritable", format!("{error}: {cause}"))
        .help("nothing was changed; name another directory with --out")
        .into()
}

#[cfg(test)]
mod tests {
    use fortem_compile::verify::VerifyError;
    use fortem_compile::{CompileError, DomainError};

    use super::explain;

    fn code(error: DomainError) -> String {
        let error = VerifyError::from(error);
        let problems = explain(CompileError::Unverified(error));
        problems.as_slice().iter().map(|one| one.code().to_owned()).collect()
    }

    #[test]
    fn only_what_a_user_can_mend_is_called_a_limit() {
        assert_eq!(code(DomainError::TooManyStatements(300)), "fortem::verify::limit");
        assert_eq!(code(DomainError::Mixed("aws:UserAgent".to_owned())), "fortem::fault");
    }
}
