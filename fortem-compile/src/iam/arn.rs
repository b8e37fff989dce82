//! ARN patterns: six parts between colons (IAM User Guide, "Amazon Resource Names (ARNs)").

use super::request::Context;
use super::truth::{Ambiguity, Truth};
use super::variable::{Filled, Template};

/// How many parts an ARN has: `arn`, partition, service, region, account, resource.
const PARTS: usize = 6;

/// Whether an ARN matches a pattern as `ArnLike` and `ArnEquals` compare (IAM User Guide, "IAM JSON policy elements:
/// Condition operators").
///
/// Each of the six parts is matched apart, the sixth being all the rest; what is not an ARN matches nothing.
pub(super) fn condition_matches(pattern: Filled<'_>, arn: &str) -> bool {
    resource_part(arn).is_some_and(|resource| pattern.matches(arn, resource.len()))
}

/// The resource of a request: an ARN, or `*` for none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resource<'a> {
    pub(super) text: &'a str,
    pub(super) colons: Colons,
}

/// The colons of a text, the first five of which divide the parts of an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colons {
    count: usize,
    /// How long the sixth part is; nothing when the text is no ARN.
    sixth: Option<usize>,
}

impl Colons {
    pub(super) fn of(text: &str) -> Self {
        let count = text.bytes().filter(|byte| *byte == b':').count();
        Self { count, sixth: resource_part(text).map(str::len) }
    }
}

/// A pattern of a `Resource` or `NotResource` element (IAM User Guide, "IAM JSON policy elements: Resource").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourcePattern {
    pattern: Template,
    /// How many colons are written.
    colons: usize,
}

impl ResourcePattern {
    /// Reads a pattern, with or without policy variables.
    pub(super) fn new(text: &str, variables: bool) -> Self {
        let pattern = Template::pattern(text, variables);
        Self { colons: pattern.colons(), pattern }
    }

    /// The pattern without regard to parts.
    pub(crate) fn template(&self) -> &Template {
        &self.pattern
    }

    /// Whether a resource matches.
    ///
    /// `*` alone matches everything; a request on no resource at all, written `*`, is matched by nothing else. The parts
    /// that a short pattern leaves out are free. The guide has wildcards stay within their part, and says that one at
    /// the end of a part "can expand" over colons.
    pub(super) fn matches(&self, resource: Resource<'_>, context: &Context) -> Truth {
        if self.pattern.is_everything() {
            return Truth::Yes;
        }
        let Resource { text, colons: Colons { count, sixth: Some(sixth) } } = resource else {
            return Truth::No;
        };
        let is_whole = self.colons >= PARTS - 1;
        // Every colon that is written has to be there, and one more for a wildcard to take.
        if is_whole && self.colons > count {
            return Truth::No;
        }
        let (parts, free) = if is_whole { (text, sixth) } else { (self.as_many_parts(text), 0) };
        self.pattern.test(context, false, |pattern| {
            if pattern.matches(parts, free) {
                Truth::Yes
            } else if self.colons < count && pattern.matches(text, text.len()) {
                Truth::Unclear(Ambiguity::WildcardOverColon)
            } else {
                Truth::No
            }
        })
    }

    /// The first parts of an ARN, as many as are written.
    fn as_many_parts<'a>(&self, arn: &'a str) -> &'a str {
        let end = arn.match_indices(':').map(|(index, _)| index).nth(self.colons);
        arn.get(..end.unwrap_or(arn.len())).unwrap_or(arn)
    }
}

/// The sixth part of an ARN; nothing when the text is none.
fn resource_part(arn: &str) -> Option<&str> {
    part(arn, PARTS - 1)
}

/// A part of an ARN, counted from 0.
pub(super) fn part(arn: &str, index: usize) -> Option<&str> {
    arn.splitn(PARTS, ':').nth(index)
}

#[cfg(test)]
mod tests {
    use super::{Colons, Resource, ResourcePattern, condition_matches};
    use crate::iam::request::Context;
    use crate::iam::truth::{Ambiguity, Truth};
    use crate::iam::variable::Template;

    const SERVICE: &str = "arn:aws:ecs:eu-west-1:111122223333:service/staging/web";

    #[test]
    fn conditions_match_part_by_part() {
        for (pattern, arn, expected) in [
            (SERVICE, SERVICE, true),
            ("arn:aws:ecs:*:*:service/staging/*", SERVICE, true),
            ("arn:aws:ecs:*:service/staging/*", SERVICE, false),
            ("arn:*:service/staging/web", SERVICE, false),
            ("arn:aws:ecs:eu-west-?:111122223333:*", SERVICE, true),
            ("*", SERVICE, false),
            ("*:*:*:*:*:*", SERVICE, true),
            (
                "arn:aws:logs:*:*:log-group:*:web",
                "arn:aws:logs:eu-west-1:1:log-group:/ecs:web",
                true,
            ),
            ("arn:aws:ecs:*:*:service/*", "service/staging/web", false),
            ("*:*:*:*:*:*", "not an arn", false),
        ] {
            let found =
                Template::pattern(pattern, true).test(&Context::default(), false, |filled| {
                    condition_matches(filled, arn).into()
                });
            assert_eq!(found, expected.into(), "`{pattern}` on `{arn}`");
        }
    }

    #[test]
    fn resource_wildcards_stay_in_their_part_or_may_not() {
        let over_colon = Truth::Unclear(Ambiguity::WildcardOverColon);
        for (pattern, arn, expected) in [
            ("arn:aws:ecs:*:*:*", "*", Truth::No),
            ("arn:aws:ecs:*:*:service/*", SERVICE, Truth::Yes),
            ("arn:aws:ecs:*:service/*", SERVICE, over_colon),
            ("arn:aws:ecs:*:service/staging/web", SERVICE, over_colon),
            ("arn:*:service/staging/web", SERVICE, over_colon),
            ("*", "*", Truth::Yes),
            ("arn:aws:ecs:*:*:task/*", SERVICE, Truth::No),
            ("arn:aws:ecs:*", SERVICE, Truth::Yes),
            ("arn:aws:ecs:eu-*", SERVICE, Truth::Yes),
            ("arn:aws:ecs", SERVICE, Truth::Yes),
            ("arn:aws:e?s:*", SERVICE, Truth::Yes),
            ("arn:aws:logs:*", SERVICE, Truth::No),
            ("arn:aws:ecs:*", "arn:aws:ecs:x", Truth::No),
            ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a:b/c", Truth::Yes),
            ("arn:aws:ecs:*:*:service/stag", SERVICE, Truth::No),
        ] {
            let found = ResourcePattern::new(pattern, true)
                .matches(Resource { text: arn, colons: Colons::of(arn) }, &Context::default());
            assert_eq!(found, expected, "`{pattern}` on `{arn}`");
        }
    }
}
