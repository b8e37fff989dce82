//! `fortem-compile eval`: cases in, answers out, a line each.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueHint};
use fortem_compile::iam::{Case, CaseAnswer, Document, DocumentCache, DocumentKind};
use fortem_compile::reference::Reference;
use fortem_core::{Problem, Problems, SourceFile};
use serde_json::json;

use super::input::ServiceReference;

/// The arguments of `eval`.
#[derive(Debug, Args)]
pub(super) struct Eval {
    /// JSON lines, one call each; `-` for standard input.
    #[arg(default_value = "-", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// An identity policy in place of those of the cases; may be given several times.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    identity: Vec<PathBuf>,
    /// A service control policy in place of those of the cases. Each is a level of its own: all must
    /// allow.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    scp: Vec<PathBuf>,
    /// A permissions boundary in place of that of the cases.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    boundary: Option<PathBuf>,
    #[command(flatten)]
    reference: ServiceReference,
}

/// How many cases came out how.
#[derive(Debug, Default)]
struct Tally {
    cases: usize,
    ok: usize,
    not_ok: usize,
    errors: usize,
}

impl Eval {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let reference = self.reference.read()?;
        let documents = Documents::read(self)?;
        let input: Box<dyn BufRead> = if self.file == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(&self.file).map_err(|error| unreadable(&self.file, &error))?;
            Box::new(BufReader::new(file))
        };
        let mut out = io::BufWriter::new(io::stdout().lock());
        match answer_all(input, &mut out, &reference, &documents) {
            Ok(tally) => Ok(tally.exit()),
            // A reader that closes the pipe early has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
            Err(error) => Err(unreadable(&self.file, &error)),
        }
    }
}

impl Tally {
    fn count(&mut self, answer: &CaseAnswer) {
        self.cases += 1;
        self.errors += usize::from(answer.is_error());
        match answer.is_ok() {
            Some(true) => self.ok += 1,
            Some(false) => self.not_ok += 1,
            None => {}
        }
    }

    fn exit(&self) -> ExitCode {
        if self.not_ok == 0 && self.errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// One line is in memory at a time.
fn answer_all(
    input: impl BufRead,
    out: &mut impl Write,
    reference: &Reference,
    documents: &Documents,
) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut cache = DocumentCache::default();
    for (index, line) in input.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Case>(&line) {
            Ok(case) => documents.put_into(case).run(reference, &mut cache),
            Err(error) => CaseAnswer::error(misread(index + 1, &error)),
        };
        tally.count(&answer);
        serde_json::to_writer(&mut *out, &answer)?;
        out.write_all(b"\n")?;
    }
    let Tally { cases, ok, not_ok, errors } = tally;
    let summary =
        json!({"summary": true, "cases": cases, "ok": ok, "not_ok": not_ok, "errors": errors});
    writeln!(out, "{summary}")?;
    out.flush()?;
    Ok(tally)
}

/// The place in the file: to the reader of one case every line is the first.
fn misread(line: usize, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default();
    format!("line {line}, column {}: {message}", error.column())
}

/// What the command line puts in place of a case's own documents.
struct Documents {
    identity: Vec<(String, Arc<Document>)>,
    scps: Vec<Vec<Arc<Document>>>,
    boundary: Option<Arc<Document>>,
}

impl Documents {
    fn read(arguments: &Eval) -> Result<Self, Problems> {
        let named = |path: &PathBuf| Ok((path.display().to_string(), document(path)?));
        let identity: Result<_, Problems> = arguments.identity.iter().map(named).collect();
        let level = |path: &PathBuf| Ok(vec![document(path)?]);
        let scps: Result<_, Problems> = arguments.scp.iter().map(level).collect();
        let boundary = arguments.boundary.as_deref().map(document).transpose();
        Ok(Self { identity: identity?, scps: scps?, boundary: boundary? })
    }

    fn put_into(&self, mut case: Case) -> Case {
        if !self.identity.is_empty() {
            case = case.with_identity_policies(&self.identity);
        }
        if !self.scps.is_empty() {
            case = case.with_scps(self.scps.clone());
        }
        match &self.boundary {
            Some(boundary) => case.with_boundary(Arc::clone(boundary)),
            None => case,
        }
    }
}

/// Reads a document and refuses one that AWS would refuse.
fn document(path: &Path) -> Result<Arc<Document>, Problems> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let file = SourceFile::new(path, text);
    let reading = Document::read(file.text(), DocumentKind::Identity);
    let problems = reading.errors().iter().map(|error| error.problem(&file));
    Problems::unless(problems.collect(), Arc::new(reading.document().clone()))
}

fn unreadable(path: &Path, error: &io::Error) -> Problems {
    let message = format!("cannot read `{}`: {error}", path.display());
    Problem::new("fortem::iam::unreadable", message).into()
}
