//! How an environment gets into a person's session: the modes of compilation.

use std::ops::Range;

use super::check::known_role;
use super::parse::word;
use super::read::{Reader, Table};
use super::roles::Roles;
use super::{Fleet, Mode, Named};
use crate::problem::Problem;

/// What a session has of slots where the fleet does not say.
const SLOTS: usize = 3;
/// A session takes 50 tags, and each slot stands in every statement.
const FEWEST_SLOTS: usize = 2;
const MOST_SLOTS: usize = 10;

/// A mode that others have: environments in one tag, `:dev:staging:`. No document that goes by it says what Cedar does.
const LIST: &str = "delimited";

/// The modes of a fleet and of its roles.
#[derive(Debug, Clone)]
pub(super) struct Modes {
    fleet: Said,
    roles: Vec<(Named, Said)>,
    slots: usize,
}

/// A mode and where it is said.
#[derive(Debug, Clone)]
struct Said {
    mode: Mode,
    span: Range<usize>,
}

impl Modes {
    pub(super) fn read(reader: &mut Reader, top: &Table) -> Self {
        let fleet = said(reader, top, "mode");
        let mut roles = Vec::new();
        if let Some(table) = reader.table(top, "modes") {
            for key in table.entries.keys() {
                let name = Named { text: key.get_ref().clone().into_owned(), span: key.span() };
                roles.extend(said(reader, &table, &name.text).map(|said| (name, said)));
            }
        }
        Self {
            fleet: fleet.unwrap_or(Said { mode: Mode::Abac, span: 0..0 }),
            roles,
            slots: slots(reader, top),
        }
    }

    /// Roles are known.
    pub(super) fn check(&self, reader: &mut Reader, roles: &Roles) {
        for (name, _) in &self.roles {
            known_role(reader, name, roles);
        }
    }

    fn all(&self) -> impl Iterator<Item = &Said> {
        std::iter::once(&self.fleet).chain(self.roles.iter().map(|(_, said)| said))
    }

    fn of(&self, role: &str) -> &Said {
        let own = self.roles.iter().find(|(name, _)| name.text == role);
        own.map_or(&self.fleet, |(_, said)| said)
    }

    /// The number of slots that some role has.
    pub(super) fn used_slots(&self) -> usize {
        if self.all().any(|said| said.mode == Mode::Slots) { self.slots } else { 0 }
    }
}

fn said(reader: &mut Reader, table: &Table, key: &str) -> Option<Said> {
    let value = table.entries.get(key)?;
    let span = value.span();
    if value.get_ref().as_str() == Some(LIST) {
        let message = "a list of environments in one tag keeps nobody in them: it can be compared with the tag of a \
                       resource, and with no cluster, name or tag of a request";
        let problem = Problem::new("fortem::fleet::delimited", message)
            .at(reader.file, span, "asked for here")
            .help("write `slots`, which is several environments in one session, or `literal`");
        reader.problems.push(problem);
        return None;
    }
    let mode = word(reader, table, key, "mode", Mode::ALL, Mode::as_str)?;
    Some(Said { mode, span })
}

fn slots(reader: &mut Reader, top: &Table) -> usize {
    let Some(found) = reader.integer(top, "slots") else {
        return SLOTS;
    };
    let number = usize::try_from(found.value).unwrap_or_default();
    if (FEWEST_SLOTS..=MOST_SLOTS).contains(&number) {
        return number;
    }
    let message = format!("{} slots for environments", found.value);
    let expected = format!("expected {FEWEST_SLOTS} to {MOST_SLOTS}");
    reader.report("fortem::fleet::bad_slots", message, found.span, &expected);
    SLOTS
}

impl Fleet {
    /// How the environment gets into a person's session where a role does not say otherwise.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.modes.fleet.mode
    }

    /// How the environment gets into the sessions of a role.
    ///
    /// ```
    /// use fortem_core::{Fleet, Mode, Roles, SourceFile};
    ///
    /// let text = "mode = \"slots\"\n[modes]\nexec = \"literal\"\n\
    ///             [[environment]]\nname = \"dev\"\ntier = \"nonproduction\"\n";
    /// let fleet = Fleet::parse(&SourceFile::new("fleet.toml", text), &Roles::any())?;
    /// assert_eq!((fleet.mode_of("exec"), fleet.mode_of("developer")), (Mode::Literal, Mode::Slots));
    /// # Ok::<(), fortem_core::Problems>(())
    /// ```
    #[must_use]
    pub fn mode_of(&self, role: &str) -> Mode {
        self.modes.of(role).mode
    }

    /// Where the mode of a role is said, in bytes; the beginning of the file if nowhere.
    #[must_use]
    pub fn mode_span(&self, role: &str) -> Range<usize> {
        self.modes.of(role).span.clone()
    }

    /// How many environments a session of [`Mode::Slots`] holds: 2 to 10.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.modes.slots
    }
}
