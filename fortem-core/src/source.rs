//! A policies directory: vocabulary, roles, guards and fleet, read and checked as a whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cedar_policy::PolicySet;

use crate::cedar_text;
use crate::fleet::{CONTEXT, Fleet, Roles, UNKNOWN_ROLE};
use crate::policy::{Policy, PolicyKind};
use crate::problem::{Problem, Problems, SourceFile, unreadable};
use crate::vocabulary::Vocabulary;

/// The name of the fleet file in a policies directory.
pub const FLEET_FILE: &str = "fleet.toml";

/// The name of the file with a team's own rows of the lowering table.
const LOWERING_FILE: &str = "lowering.toml";

const SCHEMA_FILE: &str = "fortem.cedarschema";

/// How the names of files end.
const POLICIES: &str = "cedar";
const SCHEMA: &str = "cedarschema";

fn is_of(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension == ending)
}

/// Everything a policies directory says.
///
/// ```
/// # fn main() -> Result<(), fortem_core::Problems> {
/// use fortem_core::Source;
///
/// let source = Source::load("../policies")?;
/// let roles: Vec<&str> = source.roles().map(|role| role.id()).collect();
/// assert_eq!(roles, ["developer", "exec", "log-viewer", "operator"]);
/// assert_eq!(source.fleet().tag_key(), "Environment");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Source {
    vocabulary: Vocabulary,
    policies: Vec<Policy>,
    fleet: Fleet,
    lowering: Option<SourceFile>,
}

impl Source {
    /// Reads `fleet.toml`, `lowering.toml` if there is one, and every `.cedar` and `.cedarschema` file below
    /// `directory`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once: a directory or file that cannot be read, no policy or no
    /// fleet file at all, a vocabulary beside the policies that is not the one built in, and
    /// whatever [`Source::parse`] finds.
    pub fn load(directory: impl AsRef<Path>) -> Result<Self, Problems> {
        let directory = directory.as_ref();
        let files = Files::of(directory)?;
        let mut problems = files.problems;
        let mut cedar = files.cedar.iter().map(SourceFile::path);
        if !cedar.any(|path| is_of(Path::new(path), POLICIES)) && problems.is_empty() {
            problems.push(no_policies(directory));
        }
        let Some(fleet) = files.fleet else {
            problems.push(no_fleet(directory));
            return Err(Problems::from_list(problems));
        };
        match Self::parse(&fleet, &files.cedar) {
            Ok(source) => Problems::unless(problems, Self { lowering: files.lowering, ..source }),
            Err(found) => {
                problems.extend(found.into_vec());
                Err(Problems::from_list(problems))
            }
        }
    }

    /// Puts a source together from the text of a fleet file and those of Cedar files: of schemas, whose paths end in
    /// `.cedarschema`, and of policies.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once: Cedar syntax, a schema that cannot be added to the vocabulary, a policy that
    /// does not fit the vocabulary, an id that is missing or given twice, and every mistake in the fleet file. What
    /// depends on something that is wrong is not judged.
    pub fn parse(fleet: &SourceFile, cedar: &[SourceFile]) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let mut policies = Vec::new();
        let (schemas, cedar): (Vec<_>, Vec<_>) =
            cedar.iter().partition(|file| is_of(Path::new(file.path()), SCHEMA));
        for file in cedar {
            match cedar_text::parse(file) {
                Ok(found) => policies.extend(found),
                Err(found) => problems.extend(found),
            }
        }
        let all_read = problems.is_empty();
        problems.extend(duplicate_ids(&policies));
        policies.sort_by(|a, b| a.id().cmp(b.id()));
        let roles: Roles =
            roles(&policies).map(|role| (role.id().to_owned(), role.slots())).collect();
        let (fleet, found) = Fleet::read(fleet, &roles);
        let context_read = found.iter().all(|one| one.code() != CONTEXT);
        // A role that could not be read would be called unknown for no fault of the fleet's.
        problems.extend(found.into_iter().filter(|one| all_read || one.code() != UNKNOWN_ROLE));
        let base = Vocabulary::builtin().with_schemas(&schemas);
        let vocabulary = base.and_then(|base| match &fleet {
            Some(fleet) if context_read => base.with_context(fleet),
            _ => Err(Vec::new()),
        });
        match (vocabulary, fleet) {
            (Ok(vocabulary), Some(fleet)) => {
                problems.extend(policies.iter().flat_map(|p| cedar_text::validate(&vocabulary, p)));
                Problems::unless(problems, Self { vocabulary, policies, fleet, lowering: None })
            }
            (vocabulary, _) => {
                problems.extend(vocabulary.err().into_iter().flatten());
                Err(Problems::from_list(problems))
            }
        }
    }

    /// The vocabulary that the policies were checked against: the one built in, with what schemas beside the policies
    /// and the fleet's `[context]` add to it.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Every policy, sorted by id.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// Every policy in one set, under its id, as Cedar evaluates it.
    #[must_use]
    pub fn policy_set(&self) -> PolicySet {
        let mut all = PolicySet::new();
        for policy in &self.policies {
            // INVARIANT: ids are unique, so that nothing is renamed and nothing can conflict.
            let merged = all.merge(policy.policy_set(), false);
            debug_assert!(merged.is_ok_and(|renamed| renamed.is_empty()), "two policies of one id");
        }
        all
    }

    /// The roles, sorted by id.
    pub fn roles(&self) -> impl Iterator<Item = &Policy> {
        roles(&self.policies)
    }

    /// The permits without slots, sorted by id.
    pub fn grants(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter().filter(|policy| policy.kind() == PolicyKind::Grant)
    }

    /// The guards, sorted by id.
    pub fn guards(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter().filter(|policy| policy.kind() == PolicyKind::Guard)
    }

    /// Environments, teams, users and assignments.
    #[must_use]
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// The text of a team's own rows of the lowering table, which says what actions are in AWS; whoever compiles reads
    /// it.
    #[must_use]
    pub fn lowering(&self) -> Option<&SourceFile> {
        self.lowering.as_ref()
    }

    /// The same source with rows of the lowering table.
    #[must_use]
    pub fn with_lowering(self, file: SourceFile) -> Self {
        Self { lowering: Some(file), ..self }
    }
}

fn roles(policies: &[Policy]) -> impl Iterator<Item = &Policy> {
    policies.iter().filter(|policy| policy.kind() == PolicyKind::Role)
}

#[derive(Default)]
struct Files {
    cedar: Vec<SourceFile>,
    fleet: Option<SourceFile>,
    lowering: Option<SourceFile>,
    problems: Vec<Problem>,
}

impl Files {
    fn of(directory: &Path) -> Result<Self, Problem> {
        let help = "name the directory that holds fleet.toml and the roles with --policies";
        let mut files = Self::default();
        for path in files_below(directory).map_err(|problem| problem.help(help))? {
            files.take(directory, &path);
        }
        Ok(files)
    }

    fn take(&mut self, directory: &Path, path: &Path) {
        let is_fleet = path == directory.join(FLEET_FILE);
        let is_lowering = path == directory.join(LOWERING_FILE);
        let is_builtin = path == directory.join(SCHEMA_FILE);
        if !(is_fleet || is_lowering || is_of(path, POLICIES) || is_of(path, SCHEMA)) {
            return;
        }
        let file = match SourceFile::read(path) {
            Ok(file) => file,
            Err(problem) => return self.problems.push(problem),
        };
        if is_fleet {
            self.fleet = Some(file);
        } else if is_lowering {
            self.lowering = Some(file);
        } else if !is_builtin {
            self.cedar.push(file);
        } else if file.text() != Vocabulary::text() {
            self.problems.push(other_vocabulary(&file));
        }
    }
}

/// The files below a directory, sorted; not those whose name, or a folder's, begins with a dot.
///
/// # Errors
///
/// When the directory, or one in it, cannot be read.
pub fn files_below(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut paths = Vec::new();
    collect(directory, &mut paths).map_err(|(path, error)| unreadable(&path, &error))?;
    paths.sort();
    Ok(paths)
}

/// Links to directories are not followed, so there is an end.
fn collect(directory: &Path, paths: &mut Vec<PathBuf>) -> Result<(), (PathBuf, io::Error)> {
    let at_directory = |error| (directory.to_owned(), error);
    for entry in fs::read_dir(directory).map_err(at_directory)? {
        let entry = entry.map_err(at_directory)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        match entry.file_type().map_err(at_directory)?.is_dir() {
            true if !hidden => collect(&entry.path(), paths)?,
            false if !hidden => paths.push(entry.path()),
            _ => {}
        }
    }
    Ok(())
}

fn no_policies(directory: &Path) -> Problem {
    let message = format!("no policy in `{}`", directory.display());
    Problem::new("fortem::source::no_policies", message)
        .help("add a role, such as roles/developer.cedar, or name another directory")
}

fn no_fleet(directory: &Path) -> Problem {
    let message = format!("no `{FLEET_FILE}` in `{}`", directory.display());
    Problem::new("fortem::source::no_fleet", message)
        .help("it names the environments and who has which role in them")
}

fn other_vocabulary(file: &SourceFile) -> Problem {
    let ours = Vocabulary::text().lines();
    let same = file.text().split_inclusive('\n').zip(ours);
    let same = same.take_while(|(theirs, ours)| theirs.trim_end_matches('\n') == *ours);
    let start = same.map(|(line, _)| line.len()).sum();
    let rest = file.text().get(start..).unwrap_or_default();
    let end = start + rest.find('\n').unwrap_or(rest.len());
    Problem::new("fortem::source::other_vocabulary", "not the vocabulary that is built in")
        .at(file, start..end, "the first line that differs")
        .help("put the built-in schema back, and what it lacks into another `.cedarschema` file beside it")
}

fn duplicate_ids(policies: &[Policy]) -> Vec<Problem> {
    let duplicate = |(index, policy): (usize, &Policy)| {
        let mut earlier = policies.iter().take(index);
        let first = earlier.find(|earlier| earlier.id() == policy.id())?;
        let message = format!("two policies have the id `{}`", policy.id());
        let problem = Problem::new("fortem::source::duplicate_id", message)
            .at(policy.file(), policy.header_span(), "the second")
            .help(format!("the first is at {}; give one of them another id", first.location()));
        Some(problem)
    };
    policies.iter().enumerate().filter_map(duplicate).collect()
}
