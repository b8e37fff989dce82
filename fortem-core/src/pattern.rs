//! Patterns with `*` and `?` as IAM reads them, and when two of them can match the same text.

/// Whether `text` matches `pattern`, letter case included.
///
/// ```
/// use fortem_core::pattern::matches;
///
/// assert!(matches("service/*", "service/staging/web"));
/// assert!(!matches("env-?", "env-10"));
/// ```
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let begin = literal(pattern);
    // Most patterns are a name, or a name and `*`.
    match (text.strip_prefix(begin), pattern.strip_prefix(begin)) {
        (None, _) => return false,
        (Some(rest), Some("")) => return rest.is_empty(),
        (Some(_), Some("*")) => return true,
        _ => {}
    }
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut position) = (0, 0);
    // Where to go on after the last `*`: the pattern behind it, and the text it has not yet taken.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(&letter) = text.get(position) {
        match pattern.get(at) {
            Some('*') => {
                at += 1;
                retry = Some((at, position));
            }
            Some(&expected) if expected == '?' || expected == letter => {
                at += 1;
                position += 1;
            }
            _ => {
                let Some((behind, taken)) = retry else {
                    return false;
                };
                (at, position) = (behind, taken + 1);
                retry = Some((behind, taken + 1));
            }
        }
    }
    pattern.iter().skip(at).all(|left| *left == '*')
}

/// Whether some text matches both patterns.
///
/// ```
/// use fortem_core::pattern::overlap;
///
/// assert!(overlap("staging-*", "*-2"));
/// assert!(!overlap("/ecs/staging/*", "/ecs/staging-2/*"));
/// ```
#[must_use]
pub fn overlap(a: &str, b: &str) -> bool {
    // Most pairs are settled by what stands before the first wildcard.
    let (begin_a, begin_b) = (literal(a), literal(b));
    if !begin_a.starts_with(begin_b) && !begin_b.starts_with(begin_a) {
        return false;
    }
    if a == b || a == "*" || b == "*" {
        return true;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // reachable[j]: some text is taken by the first i letters of `a` and the first j of `b`.
    let mut reachable = vec![false; b.len() + 1];
    if let Some(start) = reachable.first_mut() {
        *start = true;
    }
    let mut row = close(&reachable, &b, false);
    for letter in &a {
        let any = *letter == '*';
        let mut next = vec![false; b.len() + 1];
        for (index, cell) in next.iter_mut().enumerate() {
            let stays = any && row.get(index) == Some(&true);
            let before = index.checked_sub(1);
            let diagonal = before.is_some_and(|j| row.get(j) == Some(&true));
            let other = before.and_then(|j| b.get(j));
            let same = other.is_some_and(|other| meet(*letter, *other));
            // `b`'s own `*` takes this letter and stays.
            let star = other == Some(&'*') && row.get(index) == Some(&true);
            *cell = stays || (diagonal && same) || star;
        }
        row = close(&next, &b, any);
    }
    row.last() == Some(&true)
}

/// What a pattern begins with: the letters before its first wildcard.
#[must_use]
pub fn literal(pattern: &str) -> &str {
    pattern.split(['*', '?']).next().unwrap_or_default()
}

fn meet(a: char, b: char) -> bool {
    a == b || [a, b].iter().any(|c| matches!(c, '*' | '?'))
}

/// Adds what is reached without a letter of `a`: `b`'s `*` may take nothing; under a `*` of `a`, all
/// of `b` may be taken.
fn close(row: &[bool], b: &[char], any: bool) -> Vec<bool> {
    let mut closed = Vec::with_capacity(row.len());
    let mut previous = false;
    for (index, cell) in row.iter().enumerate() {
        let letter = index.checked_sub(1).and_then(|j| b.get(j));
        let skipped = previous && (any || letter == Some(&'*'));
        previous = *cell || skipped;
        closed.push(previous);
    }
    closed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn model(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), None) => model(rest, text),
            (Some(('*', rest)), Some((_, after))) => model(rest, text) || model(pattern, after),
            (Some((p, rest)), Some((t, after))) => (*p == '?' || p == t) && model(rest, after),
            _ => false,
        }
    }

    fn texts(length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..length {
            last = last.iter().flat_map(|t| ["a", "b"].map(|c| format!("{t}{c}"))).collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    proptest! {
        #[test]
        fn matching_is_what_the_definition_says(pattern in "[ab*?]{0,6}", text in "[ab]{0,7}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(matches(&pattern, &text), model(&p, &t));
        }

        #[test]
        fn overlap_is_a_common_text(a in "[ab*?]{0,4}", b in "[ab*?]{0,4}") {
            // A shortest common text is never longer than both patterns together.
            let common = texts(8).iter().any(|t| matches(&a, t) && matches(&b, t));
            prop_assert_eq!(overlap(&a, &b), common, "{} {}", a, b);
        }
    }
}
