//! Values that a condition key can have: no call is made in the past, and none under an identity policy by nobody.

use fortem_compile::iam::Values;

use crate::date;
use crate::unit::PrincipalKind;

/// Keys that tell a time, in small letters (IAM User Guide, "AWS global condition context keys", 2026-09).
const KEYS: [&str; 3] = ["aws:currenttime", "aws:epochtime", "aws:tokenissuetime"];

/// The values to try for a key that it can have: of one that tells a time, those that are to come as seen from the day
/// of the reference data, and that day.
pub(super) fn possible(key: &str, tried: Vec<Values>, today: &str) -> Vec<Values> {
    if key.eq_ignore_ascii_case("aws:PrincipalType") {
        let is_anybody = |one: &Values| !one.as_slice().iter().any(|text| text == "Anonymous");
        return tried.into_iter().filter(is_anybody).collect();
    }
    if !KEYS.iter().any(|one| one.eq_ignore_ascii_case(key)) {
        return tried;
    }
    let Some(now) = date::milliseconds(today) else { return tried };
    let is_to_come = |text: &String| time(text).is_none_or(|time| time >= now);
    let now_too = [Values::from(today), Values::from((now / 1000).to_string())];
    let to_come = tried.into_iter().filter(|one| one.as_slice().iter().all(is_to_come));
    to_come.chain(now_too).collect()
}

/// Keys that only calls of AWS's services have, in small letters (IAM User Guide, "AWS global condition context keys",
/// 2026-09).
const OF_SERVICES: [&str; 4] = [
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:sourceaccount",
    "aws:sourcearn",
];

/// Whether no call by a kind of principal has a key; none for whoever may get a policy.
pub(super) fn is_never_there(key: &str, kind: Option<PrincipalKind>) -> bool {
    let is = |one: &str| one.eq_ignore_ascii_case(key);
    OF_SERVICES.into_iter().any(is)
        || match kind {
            Some(PrincipalKind::Role) => is("aws:username"),
            Some(PrincipalKind::User) => is("aws:FederatedProvider"),
            None => false,
        }
}

/// Milliseconds from the beginning of 1970, from a time or from seconds.
fn time(text: &str) -> Option<i64> {
    let seconds = text.parse::<i64>().ok();
    seconds.map(|one| one.saturating_mul(1000)).or_else(|| date::milliseconds(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_not_tried() {
        let tried = ["2020-01-01", "2100-01-01T00:00:00Z", "86400"].map(Values::from).to_vec();
        let left = possible("aws:CurrentTime", tried.clone(), "2026-09-26");
        assert_eq!(left, ["2100-01-01T00:00:00Z", "2026-09-26", "1790380800"].map(Values::from));
        assert_eq!(
            possible("aws:PrincipalType", vec![Values::from("Anonymous")], "2026-09-26"),
            []
        );
        assert_eq!(possible("aws:SourceIp", tried.clone(), "2026-09-26"), tried);
    }
}
