//! Where the policies of a Cedar file begin and end.
//!
//! Cedar's public syntax tree has no source places. Policies end in `;`, and neither `;` nor the
//! words `when` and `unless` can stand outside strings and comments for anything else, so a scan
//! for those is enough.

use std::ops::Range;

/// The place of one policy and of its clauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyText {
    pub(crate) span: Range<usize>,
    pub(crate) clauses: Vec<Range<usize>>,
}

/// The policies of a text, in order; text after the last `;` counts as one more unless it is blank.
pub(crate) fn split(text: &str) -> Vec<PolicyText> {
    let mut policies = Vec::new();
    let mut current: Option<Open> = None;
    for (range, token) in tokens(text) {
        let open = current.get_or_insert_with(|| Open::at(range.start));
        open.take(range, token);
        if token == ";" {
            policies.extend(current.take().map(Open::close));
        }
    }
    policies.extend(current.map(Open::close));
    policies
}

struct Open {
    start: usize,
    end: usize,
    depth: usize,
    clauses: Vec<Range<usize>>,
}

impl Open {
    fn at(start: usize) -> Self {
        Self { start, end: start, depth: 0, clauses: Vec::new() }
    }

    fn take(&mut self, range: Range<usize>, token: &str) {
        self.end = range.end;
        match token {
            "{" => self.depth += 1,
            "}" => {
                self.depth = self.depth.saturating_sub(1);
                if let Some(clause) = self.clauses.last_mut().filter(|_| self.depth == 0) {
                    clause.end = range.end;
                }
            }
            "when" | "unless" if self.depth == 0 => self.clauses.push(range),
            _ => {}
        }
    }

    fn close(self) -> PolicyText {
        PolicyText { span: self.start..self.end, clauses: self.clauses }
    }
}

/// The nesting that is taken. Cedar's parser runs out of stack where brackets are nested deeper, and its evaluator passes
/// over a policy, also one that forbids, where expressions are. Half of a thread's usual 2 MiB is enough for this much,
/// in a build without optimisation too.
pub(crate) const MOST_NESTED: usize = 200;

/// How deeply the expressions of a policy are nested, or a little more: brackets count two, a term of a chain one.
pub(crate) fn nesting(text: &str) -> usize {
    let mut open = vec![Nested::default()];
    let mut before = (0, "");
    for (range, token) in tokens(text) {
        let is_second_half = before == (range.start, token);
        before = (range.end, token);
        let Some(innermost) = open.last_mut() else { break };
        match token {
            "(" | "[" | "{" => open.push(Nested::default()),
            ")" | "]" | "}" => {
                let inner = innermost.depth();
                if let [.., outer, _] = open.as_mut_slice() {
                    outer.deepest = outer.deepest.max(inner + 2);
                    open.pop();
                }
            }
            "," => innermost.next(),
            "|" | "&" if is_second_half => {}
            "|" | "&" | "+" | "-" | "*" | "if" => innermost.link(),
            "." | "!" => innermost.member(),
            _ => {}
        }
    }
    let depths = open.iter().rev().map(Nested::depth);
    depths.reduce(|inner, outer| outer.max(inner + 2)).unwrap_or_default()
}

/// What stands between two brackets.
#[derive(Debug, Default)]
struct Nested {
    /// Terms of chains, since the last comma.
    links: usize,
    /// Attributes, calls and negations of the term at hand, and most of them in a term.
    members: usize,
    most_members: usize,
    /// Depth of the deepest brackets inside.
    deepest: usize,
    /// Depth of the deepest item before the last comma.
    before: usize,
}

impl Nested {
    fn link(&mut self) {
        self.links += 1;
        self.members = 0;
    }

    fn member(&mut self) {
        self.members += 1;
        self.most_members = self.most_members.max(self.members);
    }

    fn depth(&self) -> usize {
        self.before.max(self.links + self.most_members + self.deepest)
    }

    fn next(&mut self) {
        *self = Self { before: self.depth(), ..Self::default() };
    }
}

/// The comments of a text of Cedar, in order, each without the line break that ends it.
///
/// ```
/// let text = "permit (principal, action, resource == User::\"a//b\"); // alice";
/// assert_eq!(fortem_core::cedar_comments(text).collect::<Vec<_>>(), ["// alice"]);
/// ```
pub fn cedar_comments(text: &str) -> impl Iterator<Item = &str> {
    all_tokens(text).map(|(_, token)| token).filter(|token| token.starts_with("//"))
}

/// Words, strings and single characters, without white space and comments.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    all_tokens(text)
        .filter(|(_, token)| !token.starts_with("//") && !token.starts_with(char::is_whitespace))
}

/// Words, strings, single characters, white space and comments.
fn all_tokens(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let rest = text.get(offset..)?;
        let length = token_length(rest)?;
        let start = offset;
        offset += length;
        Some((start..offset, rest.get(..length)?))
    })
}

fn token_length(rest: &str) -> Option<usize> {
    let first = rest.chars().next()?;
    let until = |end: fn(char) -> bool| rest.find(end).unwrap_or(rest.len());
    Some(if rest.starts_with("//") {
        until(|c| c == '\n')
    } else if first == '"' {
        string_length(rest)
    } else if first.is_alphanumeric() || first == '_' {
        until(|c| !(c.is_alphanumeric() || c == '_'))
    } else if first.is_whitespace() {
        until(|c| !c.is_whitespace())
    } else {
        first.len_utf8()
    })
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (offset, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return offset + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(&str, Vec<&str>)> {
        let at = |range: Range<usize>| text.get(range).unwrap();
        let found = split(text).into_iter();
        found.map(|p| (at(p.span), p.clauses.into_iter().map(at).collect())).collect()
    }

    #[test]
    fn policies_end_at_semicolons_outside_strings_and_comments() {
        let text = "// a; b\n@id(\"x;\\\"y\") permit (principal, action, resource); // ;\nforbid(principal,action,resource) ;\n";
        let found = pieces(text);
        assert_eq!(
            found.iter().map(|(text, _)| *text).collect::<Vec<_>>(),
            [
                "@id(\"x;\\\"y\") permit (principal, action, resource);",
                "forbid(principal,action,resource) ;"
            ]
        );
    }

    #[test]
    fn clauses_are_found_with_their_braces() {
        let text = "permit(principal, action, resource) when { {a: {b: \"}\"}}.when } unless { context.mfa };";
        let found = pieces(text);
        assert_eq!(found[0].1, ["when { {a: {b: \"}\"}}.when }", "unless { context.mfa }"]);
    }

    #[test]
    fn chains_and_brackets_are_nested_and_lists_are_not() {
        assert_eq!(nesting("a || b && c.d.e"), 4);
        assert_eq!(nesting("[a || b, c, d || e || f]"), 4);
        assert_eq!(nesting("!(a(b))"), 5);
        assert_eq!(nesting("if a then b else if c then d else e"), 2);
        assert_eq!(nesting("\"((((\" // (((("), 0);
        assert_eq!(nesting(&"(".repeat(1000)), 2000);
        assert_eq!(nesting(")))"), 0);
    }

    #[test]
    fn an_unfinished_policy_is_still_a_piece() {
        assert_eq!(pieces("permit(\"").len(), 1);
        assert!(pieces(" \n// nothing\n").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_scanned(text in "\\PC*") {
            for piece in split(&text) {
                proptest::prop_assert!(text.get(piece.span).is_some());
            }
        }
    }
}
