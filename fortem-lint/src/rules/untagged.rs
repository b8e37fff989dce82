//! What the rules about missing environment tags share.

use super::{Draft, Findings, Meta};
use crate::environments::Environment;
use crate::facts::{Facts, Region};
use crate::snapshot::{Item, Listed, Summary, Tags};

/// Reports those of some resources that have no environment tag; `likely` says where they seem to belong.
pub(super) fn report<'i, 'u: 'i, T: Listed + 'i>(
    meta: &'static Meta,
    facts: &Facts<'u>,
    region: &Region<'u>,
    findings: &mut Findings<'_>,
    items: impl IntoIterator<Item = &'i Item<T>>,
    likely: impl Fn(&T) -> Option<&'u Environment>,
) {
    for item in items {
        if is_untagged(meta, facts, region, findings, item) {
            findings.report(draft(meta, facts, item, likely(item)));
        }
    }
}

/// Whether a resource has no environment tag; if its tags were not read, the rule is not judged.
pub(super) fn is_untagged<T: Listed>(
    meta: &'static Meta,
    facts: &Facts<'_>,
    region: &Region<'_>,
    findings: &mut Findings<'_>,
    item: &Item<T>,
) -> bool {
    let Some(tags) = item.tags() else {
        findings.not_assessed(meta, region, &format!("tags of {}", T::LIST));
        return false;
    };
    tags.value(facts.environments.tag_key()).is_none()
}

/// A finding about a resource without the tag.
pub(super) fn draft<T: Listed>(
    meta: &'static Meta,
    facts: &Facts<'_>,
    item: &Item<T>,
    likely: Option<&Environment>,
) -> Draft {
    let key = facts.environments.tag_key();
    let summary = Summary::of(item);
    let message = format!("{} `{}` has no tag `{key}`", T::KIND, summary.label());
    let mut draft = meta.at_resource(facts, &summary, message);
    let keys: Vec<_> = item.tags().into_iter().flat_map(Tags::iter).map(|(key, _)| key).collect();
    if !keys.is_empty() {
        draft = draft.evidence(format!("its tags are {}", crate::facts::inventory::listed(keys)));
    }
    match likely {
        None => draft,
        Some(one) => draft
            .evidence(format!("it belongs to `{}` by its name or by what uses it", one.name))
            .remediation(format!("Tag it `{key}={}`, if that is where it belongs", one.name))
            .to(one),
    }
}
