//! The condition keys of a call, derived from its principal, resource and tags.

use super::entries::{ContextValue, Entries};
use super::{CaseError, Check, Principal, Resource};
use crate::iam::arn;
use crate::iam::request::{Context, Request, folded};

/// Says which API actions carry which condition keys: the service authorization reference.
pub trait KeyCarrier {
    /// Whether an API action (`ecs:UpdateService`) on a resource (an ARN or `*`) carries a key
    /// (`aws:ResourceTag/Environment`, `aws:TagKeys`).
    fn carries(&self, action: &str, resource: &str, key: &str) -> bool;
}

/// How many spellings of a request are tried before it is refused.
const MOST_READINGS: usize = 64;

/// The tags that one reading sees.
type Tags<'a> = Vec<(&'a str, &'a str)>;

/// The requests that a check on one resource may amount to: more than one when tag keys differ only in case.
pub(super) fn requests(
    principal: &Principal,
    check: &Check,
    resource: &Resource,
    carrier: &dyn KeyCarrier,
) -> Result<Vec<Request>, CaseError> {
    let too_many = || CaseError::TooManyReadings { resource: resource.arn.clone() };
    let mut requests = vec![base_request(principal, check, resource)];
    let has_key = |key: &str| carrier.carries(&check.action, &resource.arn, key);

    // AWS documents role tags as unreliable under `iam:PassRole`.
    let sees_resource_tags = !check.action.eq_ignore_ascii_case("iam:PassRole");
    let service = check.action.split(':').next().unwrap_or_default();
    let own_prefix = format!("{service}:ResourceTag/");
    let groups: [(&str, &Option<Entries<String>>, bool); 4] = [
        ("aws:PrincipalTag/", &principal.tags, true),
        ("aws:ResourceTag/", &resource.tags, sees_resource_tags),
        (&own_prefix, &resource.tags, sees_resource_tags),
        ("aws:RequestTag/", &check.request_tags, true),
    ];
    for (prefix, tags, seen) in groups {
        let Some(tags) = tags.as_ref().filter(|_| seen) else {
            continue;
        };
        let always = prefix == "aws:PrincipalTag/";
        let kept =
            tags.as_slice().iter().filter(|(tag, _)| always || has_key(&format!("{prefix}{tag}")));
        let readings = readings(kept).ok_or_else(too_many)?;
        requests = product(requests, prefix, &readings).ok_or_else(too_many)?;
    }
    let overrides = overrides(check.context.as_ref())?;
    for request in &mut requests {
        derive_tag_keys(request.context_mut(), check, &has_key);
        apply(request.context_mut(), &overrides);
    }
    Ok(requests)
}

/// The request with the keys that have only one reading.
fn base_request(principal: &Principal, check: &Check, resource: &Resource) -> Request {
    let mut request = Request::new(&check.action, &resource.arn);
    let context = request.context_mut();
    context.insert("aws:PrincipalArn", principal.arn.as_str());
    context.insert("aws:CurrentTime", "2026-07-01T12:00:00Z");
    context.insert("aws:SecureTransport", "true");
    let principal_account = principal.account.as_deref().or_else(|| arn_part(&principal.arn, 4));
    let resource_account = resource.account.as_deref().or_else(|| arn_part(&resource.arn, 4));
    for (key, value) in [
        ("aws:PrincipalAccount", principal_account),
        ("aws:ResourceAccount", resource_account),
        ("aws:RequestedRegion", arn_part(&resource.arn, 3)),
    ] {
        if let Some(value) = value {
            context.insert(key, value);
        }
    }
    request
}

/// A part of an ARN, counted from 0, unless it is empty.
fn arn_part(arn: &str, index: usize) -> Option<&str> {
    arn::part(arn, index).filter(|part| !part.is_empty())
}

/// Every way to see one tag for each set of keys that differ only in case; nothing when there are too many.
fn readings<'a>(tags: impl Iterator<Item = &'a (String, String)>) -> Option<Vec<Tags<'a>>> {
    let mut groups: Vec<(String, Tags<'a>)> = Vec::new();
    for (key, value) in tags {
        let entry = (key.as_str(), value.as_str());
        match groups.iter_mut().find(|(seen, _)| *seen == folded(key)) {
            Some((_, group)) => group.push(entry),
            None => groups.push((folded(key), vec![entry])),
        }
    }
    let mut readings: Vec<Tags<'a>> = vec![Vec::new()];
    for (_, group) in groups {
        if readings.len() * group.len() > MOST_READINGS {
            return None;
        }
        readings = readings
            .iter()
            .flat_map(|tags| {
                group.iter().map(move |tag| tags.iter().chain([tag]).copied().collect())
            })
            .collect();
    }
    Some(readings)
}

/// Each request under each reading of some tags.
fn product(requests: Vec<Request>, prefix: &str, readings: &[Tags<'_>]) -> Option<Vec<Request>> {
    if requests.len() * readings.len() > MOST_READINGS {
        return None;
    }
    let Some((last, others)) = readings.split_last() else {
        return Some(requests);
    };
    let mut result = Vec::with_capacity(requests.len() * readings.len());
    for request in requests {
        result.extend(others.iter().map(|tags| with_tags(request.clone(), prefix, tags)));
        result.push(with_tags(request, prefix, last));
    }
    Some(result)
}

fn with_tags(mut request: Request, prefix: &str, tags: &Tags<'_>) -> Request {
    for (key, value) in tags {
        request.context_mut().insert(&format!("{prefix}{key}"), *value);
    }
    request
}

/// `aws:TagKeys`: the keys of the tags in the request, as written.
fn derive_tag_keys(context: &mut Context, check: &Check, has_key: &dyn Fn(&str) -> bool) {
    let Some(tags) = check.request_tags.as_ref().filter(|_| has_key("aws:TagKeys")) else {
        return;
    };
    let keys: Vec<String> = tags.as_slice().iter().map(|(key, _)| key.clone()).collect();
    context.insert("aws:TagKeys", keys);
}

/// What the case says of condition keys; no key twice under any spelling.
fn overrides(
    context: Option<&Entries<ContextValue>>,
) -> Result<Vec<&(String, ContextValue)>, CaseError> {
    let mut seen = std::collections::BTreeSet::new();
    let entries: Vec<_> = context.map(Entries::as_slice).unwrap_or_default().iter().collect();
    for (key, _) in &entries {
        if !seen.insert(folded(key)) {
            return Err(CaseError::DuplicateKey(key.clone()));
        }
    }
    Ok(entries)
}

fn apply(context: &mut Context, overrides: &[&(String, ContextValue)]) {
    for (key, value) in overrides {
        match value {
            ContextValue::Absent => context.remove(key),
            ContextValue::Present(values) => context.insert(key, values.clone()),
        };
    }
}
