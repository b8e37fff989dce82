//! Whether an ARN pattern of a policy can match a resource of a type.

use fortem_core::pattern::{matches, overlap};

/// An ARN in which `*` may stand for anything: of the reference, or of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArnPattern {
    /// The parts between colons, the sixth being the rest; `None` for a pattern that is no ARN, which
    /// matches nothing unless it is `*`.
    pub(crate) parts: Option<[String; 6]>,
    /// The third part, where it has no wildcard: most pairs differ in it.
    service: Option<String>,
    everything: bool,
}

impl ArnPattern {
    /// Reads a pattern; `${…}`, of the reference's ARNs as well as policy variables, may stand for
    /// anything.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = any_for_variables(text);
        let parts: Vec<String> = text.splitn(6, ':').map(str::to_owned).collect();
        let service = parts.get(2).filter(|service| !service.contains(['*', '?'])).cloned();
        Self { parts: parts.try_into().ok(), service, everything: text == "*" }
    }

    /// The six parts between colons, the last being the rest, with `*` for what may be anything; none
    /// for `*` alone.
    #[must_use]
    pub fn parts(&self) -> Option<&[String; 6]> {
        self.parts.as_ref()
    }

    /// Whether an ARN matches; `*`, the resource of a call without one, is everything.
    #[must_use]
    pub fn matches(&self, arn: &str) -> bool {
        if self.everything || arn == "*" {
            return true;
        }
        let Some(parts) = &self.parts else { return false };
        let mut found = arn.splitn(parts.len(), ':');
        parts.iter().all(|part| found.next().is_some_and(|text| matches(part, text)))
    }

    /// Whether some ARN matches both. Parts between colons are compared apart, so `service/*` does not
    /// reach `service-deployment/…`.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.everything || other.everything {
            return true;
        }
        if self.service.is_some() && other.service.is_some() && self.service != other.service {
            return false;
        }
        let (Some(ours), Some(theirs)) = (&self.parts, &other.parts) else {
            return false;
        };
        ours.iter().zip(theirs).all(|(a, b)| overlap(a, b))
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
    use super::ArnPattern;

    const SERVICE: &str =
        "arn:${Partition}:ecs:${Region}:${Account}:service/${ClusterName}/${ServiceName}";

    #[test]
    fn parts_are_compared_apart() {
        let overlaps = |text| ArnPattern::new(SERVICE).overlaps(&ArnPattern::new(text));
        assert!(overlaps("arn:aws:ecs:*:*:service/*"));
        assert!(overlaps("arn:aws:ecs:*:*:*"));
        assert!(overlaps("arn:aws:*:*:*:*"));
        assert!(overlaps("arn:aws:ecs:*:*:service/${aws:PrincipalTag/Environment}/*"));
        assert!(overlaps("*"));
        assert!(!overlaps("arn:aws:ecs:*:*:service-deployment/*"));
        assert!(!overlaps("arn:aws:logs:*:*:service/*"));
        assert!(!overlaps("arn:aws:ecs:*"));
    }

    #[test]
    fn an_arn_belongs_to_a_type() {
        let matches = |arn| ArnPattern::new(SERVICE).matches(arn);
        assert!(matches("arn:aws:ecs:eu-west-1:111122223333:service/staging/web"));
        assert!(matches("*"));
        assert!(!matches("arn:aws:ecs:eu-west-1:111122223333:service-deployment/staging/web"));
        assert!(!matches("arn:aws:ecs:eu-west-1:111122223333"));
    }
}
