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
    matches_steps(steps(pattern), text, text.len())
}

/// One step of a pattern that is taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// This text and no other.
    Text(&'a str),
    /// `?`: any one letter.
    One,
    /// `*`: any run of letters, also none.
    Run,
}

/// The steps of a pattern in which `*` and `?` are wildcards.
pub fn steps(pattern: &str) -> impl Iterator<Item = Step<'_>> + Clone {
    pattern.split_inclusive(['*', '?']).flat_map(|piece| {
        let (text, wildcard) = match (piece.strip_suffix('*'), piece.strip_suffix('?')) {
            (Some(text), _) => (text, Some(Step::Run)),
            (None, Some(text)) => (text, Some(Step::One)),
            (None, None) => (piece, None),
        };
        Some(Step::Text(text)).filter(|_| !text.is_empty()).into_iter().chain(wildcard)
    })
}

/// Whether `text` matches the steps of a pattern.
///
/// Wildcards take any letter of the last `free` bytes of the text, and before them any letter but the
/// colon: an ARN is matched part by part when only its resource is free.
///
/// Only the last `*` is ever tried again, so the time is at most the product of both lengths. That is
/// enough with colons, too: an earlier `*` would have to take a colon that the last one may not.
#[must_use]
pub fn matches_steps<'a, S>(mut steps: S, mut text: &str, free: usize) -> bool
where
    S: Iterator<Item = Step<'a>> + Clone,
{
    // Where to go on after the last `*`: the steps behind it, and the text it has not yet taken.
    let mut retry: Option<(S, &str)> = None;
    loop {
        let rest = match steps.next() {
            Some(Step::Text(wanted)) => text.strip_prefix(wanted),
            Some(Step::One) => without_letter(text, free),
            Some(Step::Run) => {
                if steps.clone().next().is_none() {
                    return takes_all(text, free);
                }
                retry = Some((steps.clone(), text));
                Some(text)
            }
            None if text.is_empty() => return true,
            None => None,
        };
        if let Some(rest) = rest {
            text = rest;
            continue;
        }
        // A mismatch: the last `*` takes one letter more, and all before the next place to go on.
        let Some((behind, taken)) = &mut retry else {
            return false;
        };
        let less = without_letter(taken, free);
        let less = match behind.clone().next() {
            Some(Step::Text(wanted)) => less.and_then(|less| from_first(less, wanted, free)),
            _ => less,
        };
        let Some(less) = less else {
            return false;
        };
        (*taken, text) = (less, less);
        steps = behind.clone();
    }
}

/// The text from the first place on where it goes on as `wanted`, if a wildcard may take all before.
fn from_first<'a>(text: &'a str, wanted: &str, free: usize) -> Option<&'a str> {
    let Some(first) = wanted.as_bytes().first() else { return Some(text) };
    for (index, byte) in text.bytes().enumerate() {
        if byte == *first
            && let Some(rest) = text.get(index..)
            && rest.starts_with(wanted)
        {
            return Some(rest);
        }
        if byte == b':' && text.len() - index > free {
            return None;
        }
    }
    None
}

/// Whether a wildcard may take every letter.
fn takes_all(text: &str, free: usize) -> bool {
    let guarded = text.len().saturating_sub(free);
    !text.bytes().take(guarded).any(|byte| byte == b':')
}

/// The text behind its first letter, if a wildcard may take that.
fn without_letter(text: &str, free: usize) -> Option<&str> {
    let mut letters = text.chars();
    let letter = letters.next()?;
    (letter != ':' || text.len() <= free).then_some(letters.as_str())
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
    // A pattern that ends in its only wildcard takes whatever begins as it does.
    let is_open = |pattern: &str, begin: &str| pattern.strip_prefix(begin) == Some("*");
    if a == b
        || (is_open(a, begin_a) && begin_b.starts_with(begin_a))
        || (is_open(b, begin_b) && begin_a.starts_with(begin_b))
    {
        return true;
    }
    match (begin_a == a, begin_b == b) {
        (true, _) => return matches(b, a),
        (_, true) => return matches(a, b),
        (false, false) => {}
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

    /// The six parts one by one.
    fn model_of_arn(pattern: &str, arn: &str) -> bool {
        let (pattern, arn): (Vec<&str>, Vec<&str>) =
            (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
        pattern.len() == arn.len() && pattern.iter().zip(arn).all(|(p, a)| matches(p, a))
    }

    #[test]
    fn many_stars_stay_cheap() {
        assert!(!matches(&"*a".repeat(500), &"a".repeat(499)));
        assert!(!matches(&"*a".repeat(500), &format!("{}b", "a".repeat(20_000))));
    }

    proptest! {
        #[test]
        fn matching_is_what_the_definition_says(pattern in "[ab*?]{0,6}", text in "[ab]{0,7}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(matches(&pattern, &text), model(&p, &t));
        }

        /// As where a variable is filled in with nothing.
        #[test]
        fn empty_texts_between_the_steps_make_no_difference(pattern in "[ab*?]{0,6}", text in "[ab]{0,7}") {
            let with_empty = steps(&pattern).flat_map(|step| [Step::Text(""), step, Step::Text("")]);
            prop_assert_eq!(matches_steps(with_empty, &text, text.len()), matches(&pattern, &text));
        }

        #[test]
        fn with_its_resource_free_an_arn_is_matched_part_by_part(
            pattern in "[ab*?]{0,2}:[a*?]{0,2}:[ab*?]{0,2}:[a*?:]{0,3}:[a*?]?:[ab*?:]{0,4}",
            arn in "[ab]?:[ab]?:[ab]{0,2}:[ab]{0,2}:[ab]?:[ab:]{0,4}",
        ) {
            let free = arn.splitn(6, ':').last().map_or(0, str::len);
            let found = matches_steps(steps(&pattern), &arn, free);
            prop_assert_eq!(found, model_of_arn(&pattern, &arn));
        }

        #[test]
        fn overlap_is_a_common_text(a in "[ab*?]{0,4}", b in "[ab*?]{0,4}") {
            // A shortest common text is never longer than both patterns together.
            let common = texts(8).iter().any(|t| matches(&a, t) && matches(&b, t));
            prop_assert_eq!(overlap(&a, &b), common, "{} {}", a, b);
        }
    }
}
