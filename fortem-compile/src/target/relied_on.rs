//! The tag keys that the documents rely on: whoever can set one of these can choose what they may do.

use std::collections::BTreeSet;

use super::Input;
use crate::emit::Document;
use crate::statement::Statement;

/// The tag keys of people and their sessions, the environment's among them.
pub(super) fn session_keys(input: &Input) -> BTreeSet<String> {
    let mut keys = session_keys_in(input.compiled.documents.values().flatten());
    keys.insert(input.fleet().tag_key().to_owned());
    keys
}

/// The tag keys of sessions that some documents ask for.
pub(super) fn session_keys_in<'a>(
    documents: impl Iterator<Item = &'a Document>,
) -> BTreeSet<String> {
    keys(documents, "aws:principaltag/")
}

/// The tag keys of resources, the environment's among them.
pub(super) fn resource_keys(input: &Input) -> BTreeSet<String> {
    let mut keys = keys(input.compiled.documents.values().flatten(), "aws:resourcetag/");
    keys.insert(input.fleet().tag_key().to_owned());
    keys
}

fn keys<'a>(documents: impl Iterator<Item = &'a Document>, prefix: &str) -> BTreeSet<String> {
    let statements = documents.flat_map(Document::statements);
    let found = statements.flat_map(texts).flat_map(|text| after(text, prefix));
    found.map(str::to_owned).collect()
}

/// Where tag keys stand: in condition keys, and as variables in values and resources.
fn texts(statement: &Statement) -> impl Iterator<Item = &str> {
    let conditions = statement.conditions.iter();
    let conditions = conditions.flat_map(|((_, key), values)| std::iter::once(key).chain(values));
    conditions.chain(&statement.resources).map(String::as_str)
}

/// What follows each occurrence of a prefix, in whatever letter case, up to the end of the variable that it stands
/// in. The prefix ends in `/`.
fn after<'t>(text: &'t str, prefix: &str) -> impl Iterator<Item = &'t str> {
    let slashes = text.match_indices('/').map(|(at, slash)| text.split_at(at + slash.len()));
    let found = slashes.filter(move |(before, _)| {
        let begin = before.len().checked_sub(prefix.len());
        begin.and_then(|at| before.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(prefix))
    });
    found.filter_map(|(_, key)| key.split(['}', ',']).next())
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn keys_are_found_as_keys_and_as_variables() {
        let found = |text| after(text, "aws:principaltag/").collect::<Vec<_>>();
        assert_eq!(found("aws:PrincipalTag/Team/payments"), ["Team/payments"]);
        assert_eq!(
            found("cluster/${aws:PrincipalTag/E}-${AWS:principalTag/F, 'none'}"),
            ["E", "F"]
        );
        assert_eq!(found("aws:ResourceTag/E"), Vec::<&str>::new());
    }
}
