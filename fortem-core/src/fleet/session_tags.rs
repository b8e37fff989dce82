//! By which tags of a session AWS sees who somebody is and in which teams.

use std::collections::BTreeMap;
use std::ops::Range;

use super::parse::{is_tag_key, tag};
use super::read::{Found, Reader, Table};
use super::{Fleet, Named};

/// The word that stands for the team's name in a pattern.
const PLACEHOLDER: &str = "{team}";

/// The tag keys of a session, beside the environment's.
#[derive(Debug, Clone, Default)]
pub(super) struct SessionTags {
    /// A pattern with `{team}` in it.
    team: Option<Named>,
    user: Option<Named>,
}

impl SessionTags {
    pub(super) fn read(reader: &mut Reader, top: &Table) -> Self {
        let team = reader.string(top, "team_tag_key");
        let user = reader.string(top, "user_tag_key");
        Self {
            team: team.and_then(|found| pattern(reader, found)),
            user: user.and_then(|found| tag(reader, found)).map(Named::from),
        }
    }
}

fn pattern(reader: &mut Reader, found: Found<String>) -> Option<Named> {
    if found.value.matches(PLACEHOLDER).count() != 1 {
        let message = format!("`{}` does not tell teams apart", found.value);
        let expected = "expected a tag key with `{team}` in it, once: `Team/{team}`";
        reader.report("fortem::fleet::bad_pattern", message, found.span, expected);
        return None;
    }
    let filled = Found { value: found.value.replace(PLACEHOLDER, "a"), span: found.span.clone() };
    tag(reader, filled).map(|_| found.into())
}

/// Each key of a session says one thing: IAM reads keys without regard to letter case.
pub(super) fn check(reader: &mut Reader, fleet: &Fleet) {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for key in environment_keys(fleet) {
        owners.insert(key.to_lowercase(), "the environment's".to_owned());
    }
    if let Some(user) = &fleet.session_tags.user {
        take(reader, &mut owners, (&user.text, user.span.clone()), "the user's");
    }
    let Some(pattern) = &fleet.session_tags.team else {
        return;
    };
    for team in &fleet.teams {
        let key = pattern.text.replace(PLACEHOLDER, team.name());
        if is_tag_key(&key) {
            let owner = format!("that of team `{}`", team.name());
            take(reader, &mut owners, (&key, pattern.span.clone()), &owner);
        } else {
            let message = format!("`{key}` cannot be the tag key of a team");
            let expected = "expected a name that `team_tag_key` makes a tag key of: 1 to 128 letters, digits, blanks \
                            and `_.:/=+-@`";
            reader.report("fortem::fleet::bad_tag_key", message, team.name.span.clone(), expected);
        }
    }
}

fn take(
    reader: &mut Reader,
    owners: &mut BTreeMap<String, String>,
    (key, span): (&str, Range<usize>),
    owner: &str,
) {
    if let Some(other) = owners.insert(key.to_lowercase(), owner.to_owned()) {
        let message = format!("the tag key `{key}` is {owner} and {other}");
        let expected = "expected a key that differs by more than letter case";
        reader.report("fortem::fleet::bad_tag_key", message, span, expected);
    }
}

/// The keys under which a session says its environments.
fn environment_keys(fleet: &Fleet) -> impl Iterator<Item = String> {
    let slots = 1..=fleet.modes.used_slots();
    let slots = slots.map(|number| format!("{}{number}", fleet.tag_key));
    std::iter::once(fleet.tag_key.clone()).chain(slots)
}

impl Fleet {
    /// Whether a session says by this tag key who somebody is, in which team or in which environment.
    pub(super) fn is_session_key(&self, key: &str) -> bool {
        let teams = self.teams.iter().filter_map(|team| self.team_tag_key(team.name()));
        let mut own =
            environment_keys(self).chain(teams).chain(self.user_tag_key().map(str::to_owned));
        own.any(|one| one.to_lowercase() == key.to_lowercase())
    }

    /// The key of the session tag that whoever is in a team has; `None` if the fleet does not say.
    ///
    /// ```
    /// use fortem_core::{Fleet, Roles, SourceFile};
    ///
    /// let text = "team_tag_key = \"Team/{team}\"\n[[team]]\nname = \"payments\"\n\
    ///             [[environment]]\nname = \"dev\"\ntier = \"nonproduction\"\n";
    /// let fleet = Fleet::parse(&SourceFile::new("fleet.toml", text), &Roles::any())?;
    /// assert_eq!(fleet.team_tag_key("payments").as_deref(), Some("Team/payments"));
    /// assert_eq!(fleet.user_tag_key(), None);
    /// # Ok::<(), fortem_core::Problems>(())
    /// ```
    #[must_use]
    pub fn team_tag_key(&self, team: &str) -> Option<String> {
        let pattern = self.session_tags.team.as_ref()?;
        Some(pattern.text.replace(PLACEHOLDER, team))
    }

    /// Where the keys of teams are said, in bytes.
    #[must_use]
    pub fn team_tag_key_span(&self) -> Option<Range<usize>> {
        self.session_tags.team.as_ref().map(|pattern| pattern.span.clone())
    }

    /// The key of the session tag that holds a person's id; `None` if the fleet does not say.
    #[must_use]
    pub fn user_tag_key(&self) -> Option<&str> {
        self.session_tags.user.as_ref().map(|key| key.text.as_str())
    }

    /// Where the key of people's ids is said, in bytes.
    #[must_use]
    pub fn user_tag_key_span(&self) -> Option<Range<usize>> {
        self.session_tags.user.as_ref().map(|key| key.span.clone())
    }
}
