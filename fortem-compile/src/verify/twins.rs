//! Documents for an environment each that say the same but for its names.
//!
//! Take documents that were compared with Cedar, and exchange in them every mention of their environment and of another
//! one. If the documents for the other one are the outcome, letter by letter, and nothing but those mentions tells the
//! two environments apart (`environments`), then each call that the one lot decides about has a twin that the other lot
//! decides about alike, and so do Cedar and the plain reading: what was shown of the one lot holds of the other.

use std::collections::BTreeMap;

use fortem_core::Environment;

use super::environments::Environments;
use crate::iam::Statement;

/// Begins what stands for a spelling of an environment: no document has it.
const PLACEHOLDER: char = '\u{0}';

/// The documents for an environment, as JSON, by role.
pub(super) type Texts<'d> = BTreeMap<&'d str, &'d [String]>;

/// Documents that were compared with Cedar.
pub(super) struct Model<'d> {
    environment: &'d Environment,
    environments: Environments,
    texts: Texts<'d>,
    /// What stands in `Resource` and in conditions, all in one.
    values: String,
}

impl<'d> Model<'d> {
    pub(super) fn new<'s>(
        environment: &'d Environment,
        environments: Environments,
        texts: Texts<'d>,
        statements: impl Iterator<Item = &'s Statement>,
    ) -> Self {
        let values = statements.flat_map(Statement::texts).flat_map(|(_, text)| [text, "\n"]);
        Self { environment, environments, texts, values: values.collect() }
    }

    /// Whether these documents for another environment say the same.
    pub(super) fn has_twin(&self, other: &Environment, texts: &Texts) -> bool {
        let own = self.environment;
        if !self.environments.differ_by_mentions_alone(own, other)
            || own.spellings().count() != other.spellings().count()
            || !self.texts.keys().eq(texts.keys())
        {
            return false;
        }
        let (from, to) = (Marks::of([own, other]), Marks::of([other, own]));
        let mut mentions = 0;
        for (ours, theirs) in self.texts.values().zip(texts.values()) {
            let open = |texts: &[String], marks: &Marks| -> Vec<String> {
                texts.iter().map(|text| marks.open(text)).collect()
            };
            let ours = open(ours, &from);
            if ours != open(theirs, &to) {
                return false;
            }
            mentions += ours.iter().map(|text| count(text)).sum::<usize>();
        }
        // A name that stands elsewhere, in an API action say, is not only a name; and one in other letter case is not
        // exchanged.
        let whatever_case = from.lower().open(&self.values.to_lowercase());
        mentions == count(&from.open(&self.values)) && mentions == count(&whatever_case)
    }
}

/// What stands for the spellings of two environments.
struct Marks(Vec<(String, String)>);

impl Marks {
    fn of(environments: [&Environment; 2]) -> Self {
        let numbered = ["\u{1}", "\u{2}"].into_iter().zip(environments);
        let marks = numbered.flat_map(|(which, environment)| {
            // No name has these characters.
            let mark = move |number| format!("{PLACEHOLDER}{}", which.repeat(number + 1));
            let spellings = environment.spellings().enumerate();
            spellings.map(move |(number, text)| (text.to_owned(), mark(number)))
        });
        let mut marks: Vec<(String, String)> = marks.collect();
        // One may be a part of another.
        marks.sort_by_key(|(spelling, _)| std::cmp::Reverse(spelling.len()));
        Self(marks)
    }

    fn lower(&self) -> Self {
        Self(self.0.iter().map(|(text, mark)| (text.to_lowercase(), mark.clone())).collect())
    }

    fn open(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (spelling, mark)| text.replace(spelling, mark))
    }
}

/// How often a mark stands in a text.
fn count(text: &str) -> usize {
    text.matches(PLACEHOLDER).count()
}
