//! Whether an ARN pattern of a policy can match a resource of a type.

use fortem_core::pattern::overlap;

/// `template` is the reference's ARN, `${Partition}` and the like in it; `pattern` may hold wildcards
/// and policy variables. Both kinds of `${…}` may stand for anything.
pub(super) fn overlaps(template: &str, pattern: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (template, pattern) = (any_for_variables(template), any_for_variables(pattern));
    let mut ours = template.splitn(6, ':');
    let mut theirs = pattern.splitn(6, ':');
    loop {
        match (ours.next(), theirs.next()) {
            (Some(a), Some(b)) if overlap(a, b) => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

fn any_for_variables(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        result.push_str(before);
        result.push('*');
        rest = after.split_once('}').map_or("", |(_, behind)| behind);
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::overlaps;

    const SERVICE: &str =
        "arn:${Partition}:ecs:${Region}:${Account}:service/${ClusterName}/${ServiceName}";

    #[test]
    fn parts_are_compared_apart() {
        assert!(overlaps(SERVICE, "arn:aws:ecs:*:*:service/*"));
        assert!(overlaps(SERVICE, "arn:aws:ecs:*:*:*"));
        assert!(overlaps(SERVICE, "arn:aws:ecs:*:*:service/${aws:PrincipalTag/Environment}/*"));
        assert!(overlaps(SERVICE, "*"));
        assert!(!overlaps(SERVICE, "arn:aws:ecs:*:*:service-deployment/*"));
        assert!(!overlaps(SERVICE, "arn:aws:logs:*:*:service/*"));
        assert!(!overlaps(SERVICE, "arn:aws:ecs:*"));
    }
}
