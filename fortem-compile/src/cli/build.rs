//! `fortem-compile build`: policies in, documents out.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueHint};
use fortem_compile::emit::MANAGED_POLICY_LIMIT;
use fortem_compile::output::{self, OutputFile};
use fortem_compile::verify::Difference;
use fortem_compile::{CompileError, Compiled, compile};
use fortem_core::{Problem, Problems, Source};

use super::fault;

/// The arguments of `build`.
#[derive(Debug, Args)]
pub(super) struct Build {
    /// The directory with fleet.toml, roles and guards.
    #[arg(long, value_name = "DIR", default_value = "policies", value_hint = ValueHint::DirPath)]
    policies: PathBuf,
    /// The directory to write, or `-` for standard output. An earlier output there is replaced.
    #[arg(long, value_name = "DIR", default_value = "out", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// Only this role; may be given several times.
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
}

impl Build {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let source = Source::load(&self.policies)?;
        let compiled = match compile(&source, &self.roles) {
            Ok(compiled) => compiled,
            Err(CompileError::Differs(differences)) => return Ok(differ(&source, &differences)),
            Err(error) => return Err(explain(error)),
        };
        let printed = if self.out == Path::new("-") {
            to_stdout(&output::documents(&compiled))?
        } else {
            let files = output::files(&source, &compiled);
            let files = files.map_err(|error| fault("cannot write the report as JSON", &error))?;
            output::write(&self.out, &files).map_err(|error| unwritten(&error))?;
            self.summary(&compiled)
        };
        print(&printed)?;
        Ok(ExitCode::SUCCESS)
    }

    fn summary(&self, compiled: &Compiled) -> String {
        let out = self.out.display();
        let mut lines = Vec::new();
        for (identity, documents) in &compiled.documents {
            for (index, document) in documents.iter().enumerate() {
                let (file, size) = (identity.file(index), document.characters());
                lines.push(format!("{out}/{file}: {size} of {MANAGED_POLICY_LIMIT} characters"));
            }
        }
        lines.push(format!("{out}/report.md: what is granted, what is not, and why\n"));
        lines.join("\n")
    }
}

/// One document as it is; several as one object, by file name.
fn to_stdout(documents: &[OutputFile]) -> Result<String, Problems> {
    if let [(_, only)] = documents {
        return Ok(only.clone());
    }
    let parse = |(name, text): &OutputFile| Ok((name.clone(), serde_json::from_str(text)?));
    let all: Result<serde_json::Map<_, _>, serde_json::Error> =
        documents.iter().map(parse).collect();
    let all = all.map_err(|error| fault("cannot print the documents", &error))?;
    Ok(format!("{:#}\n", serde_json::Value::Object(all)))
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

fn unwritten(error: &output::WriteError) -> Problems {
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
