//! ARN patterns: six parts between colons, matched apart (IAM User Guide, "Amazon Resource Names (ARNs)").

use super::pattern::{self, Pattern, Token};

/// How many parts an ARN has: `arn`, partition, service, region, account, resource.
const PARTS: usize = 6;

/// Whether an ARN matches a pattern as `ArnLike` and `ArnEquals` compare (IAM User Guide, "IAM JSON policy elements:
/// Condition operators").
///
/// Each of the six parts is matched apart, the sixth being all the rest; what is not an ARN matches nothing.
pub(super) fn condition_matches(pattern: &Pattern, arn: &str) -> bool {
    let parts = split_pattern(pattern);
    parts.len() == PARTS && split(arn).len() == PARTS && parts_match(&parts, arn)
}

/// Whether a resource matches a `Resource` or `NotResource` element (IAM User Guide, "IAM JSON policy elements:
/// Resource").
///
/// `*` alone matches everything. Otherwise wildcards stay within their part, and the parts that a short pattern leaves
/// out are free. A request on no resource at all, written `*`, is matched by `*` only.
pub(super) fn resource_matches(pattern: &Pattern, resource: &str) -> bool {
    if pattern.tokens().iter().all(|token| *token == Token::Run) && !pattern.tokens().is_empty() {
        return true;
    }
    let parts = split_pattern(pattern);
    split(resource).len() == PARTS && parts_match(&parts, resource)
}

/// Whether each part of the pattern matches the part of the ARN in its place.
fn parts_match(parts: &[&[Token]], arn: &str) -> bool {
    parts.iter().zip(split(arn)).all(|(tokens, text)| pattern::matches(tokens, text))
}

/// The parts of a pattern; colons from substituted text divide as well.
fn split_pattern(pattern: &Pattern) -> Vec<&[Token]> {
    pattern.tokens().splitn(PARTS, |token| *token == Token::Char(':')).collect()
}

/// The parts of an ARN, fewer than six when the text is none.
pub(super) fn split(arn: &str) -> Vec<&str> {
    arn.splitn(PARTS, ':').collect()
}

#[cfg(test)]
mod tests {
    use super::{condition_matches, resource_matches};
    use crate::iam::pattern::Pattern;

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
            assert_eq!(
                condition_matches(&Pattern::wild(pattern), arn),
                expected,
                "`{pattern}` on `{arn}`"
            );
        }
    }

    #[test]
    fn resource_wildcards_stay_left_of_the_fifth_colon() {
        for (pattern, arn, expected) in [
            ("*", SERVICE, true),
            ("*", "*", true),
            ("arn:aws:ecs:*:*:*", "*", false),
            ("arn:aws:ecs:*:*:service/*", SERVICE, true),
            ("arn:aws:ecs:*:service/*", SERVICE, false),
            ("arn:aws:ecs:*", SERVICE, true),
            ("arn:aws:ecs", SERVICE, true),
            ("arn:aws:e?s:*", SERVICE, true),
            ("arn:aws:logs:*", SERVICE, false),
            ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a:b/c", true),
            ("arn:aws:ecs:*:*:service/stag", SERVICE, false),
        ] {
            assert_eq!(
                resource_matches(&Pattern::wild(pattern), arn),
                expected,
                "`{pattern}` on `{arn}`"
            );
        }
    }
}
