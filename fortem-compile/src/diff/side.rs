//! One side of a comparison: documents, and whose they are.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use fortem_core::{Environment, Problem, Problems, Source, SourceFile, files_below};
use serde::{Deserialize, Serialize};

use super::assignments::Assigned;
use crate::compile::Compiled;
use crate::iam::{Document, DocumentKind, Statement};
use crate::output::MANIFEST;
use crate::table::Table;
use crate::target::{Target, Targets};

/// The kinds of documents that are compared call by call.
const COMPARED: [(Target, DocumentKind); 3] = [
    (Target::Identity, DocumentKind::Identity),
    (Target::Boundary, DocumentKind::Boundary),
    (Target::Scp, DocumentKind::ServiceControl),
];

/// Files that only tell what the others say.
const REPORTS: [&str; 3] = [MANIFEST, REPORT, "report.md"];

const REPORT: &str = "report.json";

/// Whose documents, and of what kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Owner {
    /// `identity`, `boundary` or `scp`.
    pub kind: String,
    /// The role; none where nothing says it, or for what is for all.
    pub role: Option<String>,
    /// The one environment the documents are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_identity(), &self.role) {
            (true, role) => f.write_str(role.as_deref().unwrap_or("the documents"))?,
            (false, Some(role)) => write!(f, "{} of {role}", self.kind)?,
            (false, None) => f.write_str(&self.kind)?,
        }
        self.environment.iter().try_for_each(|name| write!(f, " in {name}"))
    }
}

impl Owner {
    /// Whether these are the documents that grant something.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.kind == Target::Identity.as_str()
    }

    fn nameless() -> Self {
        Self { kind: Target::Identity.as_str().to_owned(), role: None, environment: None }
    }
}

/// A file that is compared as it stands.
#[derive(Debug, Clone)]
pub(super) struct Other {
    pub(super) kind: String,
    pub(super) role: Option<String>,
    pub(super) text: String,
}

/// A statement and the name under which it is spoken of.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) statement: Statement,
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub struct Side {
    name: String,
    tag_key: Option<String>,
    schedule: Option<&'static str>,
    environments: BTreeSet<String>,
    spellings: BTreeSet<String>,
    documents: BTreeMap<Owner, Vec<Named>>,
    assignments: Option<BTreeSet<Assigned>>,
    /// By path.
    others: BTreeMap<String, Other>,
    table: Cow<'static, Table>,
}

/// What is read of `manifest.json`.
#[derive(Debug, Deserialize)]
struct Manifest {
    documents: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
struct Entry {
    file: String,
    kind: String,
    role: Option<String>,
    environment: Option<String>,
}

/// What is read of `report.json`.
#[derive(Debug, Deserialize)]
struct Report {
    tag_key: String,
}

impl Side {
    /// What a source was compiled to: the documents of some targets.
    ///
    /// # Errors
    ///
    /// When a document cannot be read back.
    pub fn of_source(
        name: &str,
        source: &Source,
        compiled: &Compiled,
        targets: &Targets,
    ) -> Result<Self, Problems> {
        let mut side = Self::named(name);
        let fleet = source.fleet();
        side.tag_key = Some(fleet.tag_key().to_owned());
        side.schedule = Some(fleet.schedule().as_str());
        let environments = fleet.environments().iter();
        side.environments = environments.clone().map(|one| one.name().to_owned()).collect();
        side.spellings = environments.flat_map(Environment::spellings).map(str::to_owned).collect();
        side.assignments = Some(Assigned::all(fleet));
        side.table = Cow::Owned(compiled.world().table.clone());
        let files = targets.artifacts.iter().map(|artifact| {
            let owner = Owner {
                kind: artifact.kind().to_owned(),
                role: artifact.role.map(str::to_owned),
                environment: artifact.environment.map(str::to_owned),
            };
            (owner, SourceFile::new(&artifact.file, artifact.text.as_str()))
        });
        side.with_files(files)
    }

    /// An output directory.
    ///
    /// # Errors
    ///
    /// What cannot be read or is missing, and every document that AWS would refuse.
    pub fn of_output(directory: &Path) -> Result<Self, Problems> {
        let mut side = Self::named(&directory.display().to_string());
        let report: Option<Report> = json(&directory.join(REPORT))?;
        side.tag_key = report.map(|report| report.tag_key);
        let manifest: Option<Manifest> = json(&directory.join(MANIFEST))?;
        let listed = manifest.map(|manifest| manifest.documents).unwrap_or_default();
        let paths = files_below(directory)?;
        let names: BTreeSet<String> =
            paths.iter().filter_map(|path| below(directory, path)).collect();
        side.lacks_none(&listed, &names)?;
        let mut files = Vec::new();
        for name in names.iter().filter(|name| !REPORTS.contains(&name.as_str())) {
            let known = listed.iter().find(|entry| entry.file == *name);
            let owner = known.map_or_else(|| owner_of(name, &names), Entry::owner);
            let file = read_file(&directory.join(name))?;
            files.push((owner, SourceFile::new(name, file.text())));
        }
        side.with_files(files)
    }

    /// Identity policies that are attached to one role.
    ///
    /// # Errors
    ///
    /// Every document that AWS would refuse.
    pub fn of_documents(name: &str, files: &[SourceFile]) -> Result<Self, Problems> {
        let files = files.iter().map(|file| (Owner::nameless(), file.clone()));
        Self::named(name).with_files(files)
    }

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            tag_key: None,
            schedule: None,
            environments: BTreeSet::new(),
            spellings: BTreeSet::new(),
            documents: BTreeMap::new(),
            assignments: None,
            others: BTreeMap::new(),
            table: Cow::Borrowed(Table::builtin()),
        }
    }

    fn lacks_none(&self, listed: &[Entry], names: &BTreeSet<String>) -> Result<(), Problems> {
        let missing = listed.iter().filter(|entry| !names.contains(&entry.file));
        let problems = missing.map(|entry| {
            let (name, file) = (&self.name, &entry.file);
            let message = format!("`{name}` lacks `{file}`, which its manifest lists");
            Problem::new("fortem::diff::missing", message)
                .help("build the output again, or compare with its documents one by one")
        });
        Problems::unless(problems.collect(), ())
    }

    fn with_files(
        mut self,
        files: impl IntoIterator<Item = (Owner, SourceFile)>,
    ) -> Result<Self, Problems> {
        let mut by_owner: BTreeMap<Owner, Vec<SourceFile>> = BTreeMap::new();
        for (owner, file) in files {
            by_owner.entry(owner).or_default().push(file);
        }
        let mut problems = Vec::new();
        for (owner, files) in by_owner {
            let compared = COMPARED.iter().find(|(target, _)| target.as_str() == owner.kind);
            let Some((_, kind)) = compared else {
                self.others.extend(files.iter().map(|file| {
                    let Owner { kind, role, .. } = owner.clone();
                    let text = file.text().to_owned();
                    (file.path().to_owned(), Other { kind, role, text })
                }));
                continue;
            };
            let is_only = files.len() < 2;
            let statements = self.documents.entry(owner).or_default();
            for file in &files {
                let reading = Document::read(file.text(), *kind);
                problems.extend(reading.errors().iter().map(|error| error.problem(file)));
                let of_file = reading.document().statements().iter().map(|statement| {
                    let name = statement.name();
                    let name = if is_only { name } else { format!("{name} of {}", file.path()) };
                    Named { name, statement: statement.clone() }
                });
                statements.extend(of_file);
            }
        }
        Problems::unless(problems, self)
    }

    /// The side as it was named.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn tag_key(&self) -> Option<&str> {
        self.tag_key.as_deref()
    }

    /// How the fleet schedules, if it is known.
    pub(super) fn schedule(&self) -> Option<&'static str> {
        self.schedule
    }

    /// The names of the environments that are known: those of the fleet, and those that have documents.
    pub(super) fn environments(&self) -> impl Iterator<Item = &str> {
        let with_documents = self.documents.keys().filter_map(|owner| owner.environment.as_deref());
        self.environments.iter().map(String::as_str).chain(with_documents)
    }

    /// Names and aliases of the environments that are known.
    pub(super) fn spellings(&self) -> impl Iterator<Item = &str> {
        self.spellings.iter().map(String::as_str).chain(self.environments())
    }

    pub(super) fn assignments(&self) -> Option<&BTreeSet<Assigned>> {
        self.assignments.as_ref()
    }

    /// The files that are compared as they stand, those of one role if it is given.
    pub(super) fn others<'s>(
        &'s self,
        role: Option<&'s str>,
    ) -> impl Iterator<Item = (&'s str, &'s Other)> {
        let all = self.others.iter().map(|(file, other)| (file.as_str(), other));
        all.filter(move |(_, other)| role.is_none() || other.role.as_deref() == role)
    }

    /// The lowering table of the source, or the built-in one.
    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    /// The kinds of documents that there are.
    pub(super) fn kinds(&self) -> BTreeSet<&str> {
        let compared = self.documents.keys().map(|owner| owner.kind.as_str());
        compared.chain(self.others.values().map(|other| other.kind.as_str())).collect()
    }

    fn identities(&self) -> impl Iterator<Item = &Owner> {
        self.documents.keys().filter(|owner| owner.is_identity())
    }

    /// Whether each identity policy says which role it is of.
    pub(super) fn has_roles(&self) -> bool {
        self.identities().all(|owner| owner.role.is_some())
    }

    pub(super) fn roles(&self) -> impl Iterator<Item = &str> {
        self.identities().filter_map(|owner| owner.role.as_deref())
    }

    /// The documents by owner: all, or those of one role. Those without a role are of the `nameless` one.
    pub(super) fn documents_of(
        &self,
        nameless: Option<&str>,
        role: Option<&str>,
    ) -> impl Iterator<Item = (Owner, &[Named])> {
        self.documents.iter().filter_map(move |(owner, statements)| {
            let mut owner = owner.clone();
            if owner.is_identity() {
                owner.role = owner.role.or_else(|| nameless.map(str::to_owned));
            }
            let is_wanted = role.is_none() || owner.role.as_deref() == role;
            is_wanted.then_some((owner, statements.as_slice()))
        })
    }

    /// All statements.
    pub(super) fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.documents.values().flatten().map(|named| &named.statement)
    }
}

impl Entry {
    fn owner(&self) -> Owner {
        let Self { kind, role, environment, .. } = self.clone();
        Owner { kind, role, environment }
    }
}

/// Whose document a file holds, told by its name: `KIND/ROLE.json` or `KIND/ROLE/ENVIRONMENT.json`; further
/// documents have a number behind the name of the first.
fn owner_of(name: &str, all: &BTreeSet<String>) -> Owner {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let first = stem.rsplit_once('-').filter(|(base, number)| {
        number.parse::<usize>().is_ok() && all.contains(&format!("{base}.json"))
    });
    let stem = first.map_or(stem, |(base, _)| base);
    let mut parts = stem.split('/').map(str::to_owned);
    let kind = parts.next().unwrap_or_default();
    // Of an SCP the name is its own.
    let mut parts = parts.filter(|_| kind != Target::Scp.as_str());
    Owner { role: parts.next(), environment: parts.next(), kind }
}

/// The path below a directory, with `/` between folders.
fn below(directory: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(directory).ok()?.components();
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    Some(parts.join("/"))
}

/// What a file of the compiler says, if it is there.
fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>, Problems> {
    if !path.exists() {
        return Ok(None);
    }
    let file = read_file(path)?;
    serde_json::from_str(file.text()).map(Some).map_err(|error| {
        let message = format!("`{}` is not what the compiler writes: {error}", path.display());
        Problem::new("fortem::diff::foreign", message).into()
    })
}

fn read_file(path: &Path) -> Result<SourceFile, Problems> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(SourceFile::new(path, text)),
        Err(error) => {
            let message = format!("cannot read `{}`: {error}", path.display());
            Err(Problem::new("fortem::diff::unreadable", message).into())
        }
    }
}
