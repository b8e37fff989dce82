//! Where the declarations of a Cedar schema stand: what Cedar makes of its text has no places.

use std::ops::Range;

use crate::policy_text::tokens;

/// An entity type, action or common type, and where it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    /// Empty outside of any.
    pub(crate) namespace: String,
    /// `entity`, `action` or `type`.
    pub(crate) keyword: String,
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
}

/// What a schema that Cedar has parsed declares, in order.
pub(crate) fn declared(text: &str) -> Vec<Declared> {
    let mut found = Vec::new();
    let mut namespace = String::new();
    let mut tokens = tokens(text).peekable();
    while let Some((_, token)) = tokens.next() {
        match token {
            "@" => {
                tokens.next();
                if tokens.next_if(|(_, next)| *next == "(").is_some() {
                    tokens.find(|(_, token)| *token == ")");
                }
            }
            "namespace" => {
                let path = tokens.by_ref().map(|(_, token)| token);
                namespace = path.take_while(|token| *token != "{").collect();
            }
            "}" => namespace.clear(),
            keyword @ ("entity" | "action" | "type") => {
                while let Some((span, token)) = tokens.next() {
                    let name = token.trim_matches('"').to_owned();
                    let (namespace, keyword) = (namespace.clone(), keyword.to_owned());
                    found.push(Declared { namespace, keyword, name, span });
                    if tokens.next_if(|(_, next)| *next == ",").is_none() {
                        break;
                    }
                }
                tokens.find(|(_, token)| *token == ";");
            }
            _ => {}
        }
    }
    found
}

/// How deeply types are nested in each other at most, names of types not looked up.
pub(crate) fn nesting(text: &str) -> usize {
    let mut depth: usize = 0;
    let depths = tokens(text).map(|(_, token)| {
        match token {
            "<" | "{" | "[" | "(" => depth += 1,
            ">" | "}" | "]" | ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth
    });
    depths.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_found_with_their_namespaces() {
        let text = "// entity A;\nentity A;\nnamespace X::Y {\n  @doc(\"entity B; (\")\n  @entity\n  \
                    entity B, C in [A] { type: String } tags String;\n  action read, \"write it\" in [read]\n    \
                    appliesTo { principal: B, resource: C, context: { action: Bool } };\n  type D = { a: B };\n}\n\
                    action e;\n";
        let found: Vec<_> = declared(text);
        let named: Vec<_> =
            found.iter().map(|one| (one.namespace.as_str(), one.name.as_str())).collect();
        let of_x = ["B", "C", "read", "write it", "D"].map(|name| ("X::Y", name));
        assert_eq!(named, [&[("", "A")], &of_x[..], &[("", "e")]].concat());
        assert_eq!(text.get(found[4].span.clone()), Some("\"write it\""));
    }

    #[test]
    fn types_are_nested_in_brackets() {
        assert_eq!(
            nesting(
                "namespace A { type B = Set<{ a: Set<Long> }>; entity C in [D, E]; } // {{{{{{"
            ),
            4
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_scanned(text in "\\PC*") {
            for one in declared(&text) {
                proptest::prop_assert!(text.get(one.span).is_some());
            }
        }
    }
}
