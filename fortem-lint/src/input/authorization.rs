//! The output of `aws iam get-account-authorization-details` (IAM API reference, `GetAccountAuthorizationDetails`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use fortem_compile::iam::DocumentKind;
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::recognise::{Elements, Top};
use super::{InputError, Kind, NotAssessed};
use crate::source::{Place, Source};
use crate::unit::{Boundary, Group, ManagedVersion, Owner, Policy, Principal, PrincipalKind, Unit};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entity<'t> {
    #[serde(borrow, alias = "RoleName", alias = "GroupName")]
    user_name: Cow<'t, str>,
    #[serde(borrow, default)]
    arn: Cow<'t, str>,
    #[serde(borrow, default)]
    path: Cow<'t, str>,
    #[serde(borrow, default, alias = "RolePolicyList", alias = "GroupPolicyList")]
    user_policy_list: Vec<Inline<'t>>,
    #[serde(borrow, default)]
    attached_managed_policies: Vec<Attached<'t>>,
    #[serde(borrow, default)]
    group_list: Vec<Cow<'t, str>>,
    #[serde(borrow, default)]
    permissions_boundary: Option<BoundaryArn<'t>>,
    #[serde(borrow, default)]
    assume_role_policy_document: Option<&'t RawValue>,
    #[serde(borrow, default)]
    tags: Vec<Tag<'t>>,
    #[serde(borrow, default)]
    role_last_used: Option<LastUsed<'t>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inline<'t> {
    #[serde(borrow, default)]
    policy_name: Cow<'t, str>,
    #[serde(borrow)]
    policy_document: &'t RawValue,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attached<'t> {
    #[serde(borrow)]
    policy_arn: Cow<'t, str>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BoundaryArn<'t> {
    #[serde(borrow)]
    permissions_boundary_arn: Cow<'t, str>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag<'t> {
    #[serde(borrow)]
    key: Cow<'t, str>,
    #[serde(borrow, default)]
    value: Cow<'t, str>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LastUsed<'t> {
    #[serde(borrow, default)]
    last_used_date: Option<Cow<'t, str>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Managed<'t> {
    #[serde(borrow, default)]
    policy_name: Cow<'t, str>,
    #[serde(borrow)]
    arn: Cow<'t, str>,
    #[serde(borrow, default)]
    policy_version_list: Vec<Version<'t>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version<'t> {
    #[serde(borrow)]
    document: &'t RawValue,
    #[serde(borrow, default)]
    #[serde(rename = "VersionId")]
    id: Cow<'t, str>,
    #[serde(default)]
    #[serde(rename = "IsDefaultVersion")]
    is_default: bool,
}

/// One page of an output, or all of it.
pub(super) struct Page<'t> {
    pub(super) source: &'t Source,
    pub(super) top: Top<'t>,
}

/// The unit of the pages of one account, without their sources.
pub(super) fn unit(pages: &[Page<'_>]) -> (Unit, Vec<NotAssessed>) {
    let mut reader = Reader {
        page: 0,
        source: pages.first().map(|page| page.source),
        unit: Unit::default(),
        documents: Vec::new(),
        managed: BTreeMap::new(),
        of_groups: BTreeMap::new(),
        not_assessed: Vec::new(),
    };
    // What others refer to comes first, on whichever page it is.
    reader.each(
        pages,
        "Policies",
        |top| top.policies.as_ref(),
        |reader, _, policy: &Managed<'_>, pointer| {
            reader.managed(policy, pointer);
        },
    );
    reader.each(pages, "GroupDetailList", |top| top.groups.as_ref(), Reader::group);
    reader.each(
        pages,
        "UserDetailList",
        |top| top.users.as_ref(),
        |reader, raw, user, pointer| {
            reader.principal(raw, user, PrincipalKind::User, pointer);
        },
    );
    reader.each(
        pages,
        "RoleDetailList",
        |top| top.roles.as_ref(),
        |reader, raw, role, pointer| {
            reader.principal(raw, role, PrincipalKind::Role, pointer);
        },
    );
    let of_principals = reader.unit.principals.iter().map(|one| one.arn.as_str());
    let mut arns = of_principals.chain(reader.managed.keys().map(String::as_str));
    reader.unit.account = arns.find_map(account_of);
    if pages.iter().all(|page| page.top.is_truncated) {
        reader.not_assessed.push(goes_on(&reader.unit, pages));
    }
    reader.unit.policies = reader.documents.into_par_iter().map(Found::read).collect();
    (reader.unit, reader.not_assessed)
}

/// That the last page is missing.
fn goes_on(unit: &Unit, pages: &[Page<'_>]) -> NotAssessed {
    let files: Vec<&str> = pages.iter().map(|page| page.source.name()).collect();
    let files = files.join(", ");
    let account = unit.account.as_deref().unwrap_or(&files);
    NotAssessed {
        what: format!("account {account} in {files}"),
        why: "goes on: `IsTruncated` is true, so further pages are missing; get them all, for instance with the \
              AWS CLI without `--no-paginate` and `--max-items`"
            .to_owned(),
        incomplete: true,
    }
}

fn account_of(arn: &str) -> Option<String> {
    let account = arn.split(':').nth(4)?;
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| account.to_owned())
}

/// A document that was found, and is read with the others.
struct Found<'t> {
    text: Cow<'t, str>,
    kind: DocumentKind,
    owner: Owner,
    place: Place,
    name: Option<String>,
    verbatim: bool,
    version: Option<ManagedVersion>,
}

impl Found<'_> {
    fn read(self) -> Policy {
        let mut policy = Policy::read(&self.text, self.kind, self.owner, self.place);
        (policy.name, policy.version) = (self.name, self.version);
        policy.verbatim = self.verbatim;
        policy
    }
}

struct Reader<'t> {
    // The page that is read, and its text.
    page: usize,
    source: Option<&'t Source>,
    unit: Unit,
    // Those of `unit`, by the same indexes.
    documents: Vec<Found<'t>>,
    // The index of the version in force of each managed policy.
    managed: BTreeMap<String, usize>,
    of_groups: BTreeMap<String, Vec<usize>>,
    not_assessed: Vec<NotAssessed>,
}

impl<'t> Reader<'t> {
    /// Reads the elements of a list of every page, each with its text and the pointer to it.
    fn each<T: Deserialize<'t> + Send>(
        &mut self,
        pages: &'t [Page<'t>],
        name: &str,
        list: impl Fn(&'t Top<'t>) -> Option<&'t Elements<'t>>,
        read: impl Fn(&mut Self, &'t str, &T, &str),
    ) {
        for (number, page) in pages.iter().enumerate() {
            (self.page, self.source) = (number, Some(page.source));
            for (index, raw, element) in self.list(list(&page.top), name) {
                read(self, raw, &element, &format!("/{name}/{index}"));
            }
        }
    }

    /// The elements of a list with their places in it and their texts; those of another shape are noted and left out.
    fn list<T: Deserialize<'t> + Send>(
        &mut self,
        elements: Option<&'t Elements<'t>>,
        name: &str,
    ) -> Vec<(usize, &'t str, T)> {
        let elements = match elements {
            None => return Vec::new(),
            Some(Elements::List(elements)) => elements,
            Some(Elements::NoList) => {
                self.unread(name, "it is no list");
                return Vec::new();
            }
        };
        let mut list = Vec::with_capacity(elements.len());
        let values = elements.par_iter().map(|element| serde_json::from_str(element.get()));
        let values: Vec<serde_json::Result<T>> = values.collect();
        for (index, (element, value)) in elements.iter().zip(values).enumerate() {
            match value {
                Ok(value) => list.push((index, element.get(), value)),
                Err(error) => self.unread(&format!("{name}/{index}"), &error.to_string()),
            }
        }
        list
    }

    fn unread(&mut self, what: &str, error: &str) {
        let error = InputError::Shape {
            kind: Kind::AuthorizationDetails,
            message: format!("`{what}` cannot be read: {error}"),
        };
        self.not_assessed.push(NotAssessed {
            what: self.source.map(Source::name).unwrap_or_default().to_owned(),
            why: error.to_string(),
            incomplete: true,
        });
    }

    fn managed(&mut self, policy: &Managed<'t>, pointer: &str) {
        for (version, of) in policy.policy_version_list.iter().enumerate() {
            let pointer = format!("{pointer}/PolicyVersionList/{version}/Document");
            let owner = Owner::Managed(policy.arn.to_string());
            let Some(added) = self.document(
                of.document,
                DocumentKind::Identity,
                owner,
                pointer,
                &policy.policy_name,
            ) else {
                continue;
            };
            if let Some(found) = self.documents.get_mut(added) {
                found.version =
                    Some(ManagedVersion { id: of.id.to_string(), is_default: of.is_default });
            }
            if of.is_default || policy.policy_version_list.len() == 1 {
                self.managed.insert(policy.arn.to_string(), added);
            }
        }
    }

    fn group(&mut self, raw: &'t str, entity: &Entity<'t>, pointer: &str) {
        let mut missing = Vec::new();
        let identity = self.identity(entity, "GroupPolicyList", pointer, &mut missing);
        let (name, arn) = (entity.user_name.to_string(), or_name(&entity.arn, &entity.user_name));
        self.note_missing(&arn, &missing);
        self.of_groups.insert(name.clone(), identity.clone());
        let place = self.place(raw, pointer.to_owned());
        self.unit.groups.push(Group { name, arn, identity, place });
    }

    fn principal(&mut self, raw: &'t str, entity: &Entity<'t>, kind: PrincipalKind, pointer: &str) {
        let list = match kind {
            PrincipalKind::User => "UserPolicyList",
            PrincipalKind::Role => "RolePolicyList",
        };
        let arn = or_name(&entity.arn, &entity.user_name);
        let mut missing = Vec::new();
        let mut identity = self.identity(entity, list, pointer, &mut missing);
        for group in &entity.group_list {
            match self.of_groups.get(group.as_ref()) {
                Some(policies) => identity.extend(policies),
                None => missing.push(format!("group {group}")),
            }
        }
        self.note_missing(&arn, &missing);
        let boundary = entity.permissions_boundary.as_ref().map(|boundary| {
            let arn = boundary.permissions_boundary_arn.to_string();
            self.managed.get(&arn).map_or(Boundary::Unknown(arn), |index| Boundary::Known(*index))
        });
        if let Some(Boundary::Unknown(boundary)) = &boundary {
            self.note_missing(&arn, std::slice::from_ref(boundary));
        }
        let trust = entity.assume_role_policy_document.and_then(|document| {
            let pointer = format!("{pointer}/AssumeRolePolicyDocument");
            self.document(document, DocumentKind::Trust, Owner::Trust(arn.clone()), pointer, "")
        });
        let last_used =
            entity.role_last_used.as_ref().and_then(|used| used.last_used_date.as_ref());
        self.unit.principals.push(Principal {
            kind,
            name: entity.user_name.to_string(),
            arn,
            path: if entity.path.is_empty() { "/".to_owned() } else { entity.path.to_string() },
            tags: entity
                .tags
                .iter()
                .map(|tag| (tag.key.to_string(), tag.value.to_string()))
                .collect(),
            identity,
            boundary,
            trust,
            missing,
            groups: entity.group_list.iter().map(ToString::to_string).collect(),
            last_used: last_used.map(ToString::to_string),
            access_keys: None,
            place: self.place(raw, pointer.to_owned()),
        });
    }

    /// The policies in force of a user, role or group; ARNs whose documents are not here go to `missing`.
    fn identity(
        &mut self,
        entity: &Entity<'t>,
        list: &str,
        pointer: &str,
        missing: &mut Vec<String>,
    ) -> Vec<usize> {
        let arn = or_name(&entity.arn, &entity.user_name);
        let mut identity = Vec::new();
        for (index, inline) in entity.user_policy_list.iter().enumerate() {
            let pointer = format!("{pointer}/{list}/{index}/PolicyDocument");
            let owner = Owner::Inline(arn.clone());
            identity.extend(self.document(
                inline.policy_document,
                DocumentKind::Identity,
                owner,
                pointer,
                &inline.policy_name,
            ));
        }
        for attached in &entity.attached_managed_policies {
            match self.managed.get(attached.policy_arn.as_ref()) {
                Some(index) => identity.push(*index),
                None => missing.push(attached.policy_arn.to_string()),
            }
        }
        identity
    }

    fn note_missing(&mut self, whose: &str, missing: &[String]) {
        for what in missing {
            self.not_assessed.push(NotAssessed {
                what: format!("{what} of {whose}"),
                why: "is not in the input".to_owned(),
                incomplete: true,
            });
        }
    }

    /// Reads a document, which is JSON, or a string that holds JSON, as the service sends it percent-encoded.
    fn document(
        &mut self,
        raw: &'t RawValue,
        kind: DocumentKind,
        owner: Owner,
        pointer: String,
        name: &str,
    ) -> Option<usize> {
        let place = self.place(raw.get(), pointer);
        let is_text = raw.get().starts_with('"');
        let text = if is_text {
            let text: String = serde_json::from_str(raw.get()).ok()?;
            Cow::Owned(if text.starts_with('%') { percent_decoded(&text) } else { text })
        } else {
            Cow::Borrowed(raw.get())
        };
        let name = Some(name.to_owned()).filter(|name| !name.is_empty());
        let verbatim = !is_text;
        self.documents.push(Found { text, kind, owner, place, name, verbatim, version: None });
        Some(self.documents.len() - 1)
    }

    fn place(&self, part: &str, pointer: String) -> Place {
        let start = self.source.and_then(|source| source.offset_of(part)).unwrap_or_default();
        Place { source: self.page, range: start..start + part.len(), pointer }
    }
}

fn or_name(arn: &str, name: &str) -> String {
    if arn.is_empty() { name.to_owned() } else { arn.to_owned() }
}

/// Decodes `%7B` and the like; what is no encoding stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
