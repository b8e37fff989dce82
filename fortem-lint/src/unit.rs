//! What is judged together: one account as far as it is known, or one file of policies.

use std::ops::Range;

use fortem_compile::iam::{
    Document, DocumentError, DocumentKind, DocumentRemark, Effect, Span, Statement, Version,
};

use crate::catalogue::{Calls, Catalogue};
use crate::organization::TagPolicy;
use crate::snapshot::{Item, Resources, Unread};
use crate::source::{Place, Source};

/// One account, or one file of policies that belong to nobody yet.
#[derive(Debug, Default)]
pub struct Unit {
    /// What was read.
    pub sources: Vec<Source>,
    /// The account's number, if the input tells it.
    pub account: Option<String>,
    /// The account's name, if the input tells it.
    pub account_name: Option<String>,
    /// Users and roles.
    pub principals: Vec<Principal>,
    /// Groups of users.
    pub groups: Vec<Group>,
    /// All policy documents; others refer to them by index.
    pub policies: Vec<Policy>,
    /// What runs in the account; none if the input does not tell.
    pub resources: Option<Resources>,
    /// What could not be read of the account while it was collected.
    pub unread: Vec<Item<Unread>>,
    /// The tag policy in effect for the account; none if the input does not tell.
    pub tag_policy: Option<TagPolicy>,
    /// Whether the input says that the account manages the Organization.
    pub is_management: bool,
}

/// What a policy belongs to, which decides who is subject to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Nobody: a file with a policy in it.
    Nobody,
    /// A managed policy, with its ARN or name; principals refer to it.
    Managed(String),
    /// An inline policy of a user, role or group, with the ARN or name of the owner.
    Inline(String),
    /// The trust policy of a role, with the ARN or name of the role.
    Trust(String),
    /// A policy of the Organization, with its id or name.
    Organization(String),
}

/// One policy document, and where it stands.
#[derive(Debug)]
pub struct Policy {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What it belongs to.
    pub owner: Owner,
    /// The document as far as it can be read.
    pub document: Document,
    /// Why AWS would refuse it.
    pub errors: Vec<DocumentError>,
    /// What AWS accepts in it and is likely not meant.
    pub remarks: Vec<DocumentRemark>,
    /// Where it stands.
    pub place: Place,
    /// Whether the bytes at the place are the document itself; otherwise they are a string or template that gives it.
    pub verbatim: bool,
    /// Where each statement stands, if the document is not verbatim but its statements are in the input.
    pub spots: Vec<Range<usize>>,
    /// Which version of a managed policy it is, and whether it is the one in force.
    pub version: Option<ManagedVersion>,
    /// Its size as IAM counts it: characters without the white space between its parts.
    pub characters: usize,
    // INVARIANT: one for each statement of `document`.
    covered: Vec<Calls>,
    /// What its Allow statements cover together.
    pub(crate) allowed: Calls,
    /// What its Deny statements cover together.
    pub(crate) denied: Calls,
}

/// One version of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedVersion {
    /// As AWS calls it: `v3`.
    pub id: String,
    /// Whether it is in force.
    pub is_default: bool,
}

/// Whether a principal is a person's account or a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    /// An IAM user.
    User,
    /// An IAM role.
    Role,
}

/// A user or role.
#[derive(Debug)]
pub struct Principal {
    /// User or role.
    pub kind: PrincipalKind,
    /// The name without path.
    pub name: String,
    /// The ARN, or the name where the input has none.
    pub arn: String,
    /// The path, `/` if none.
    pub path: String,
    /// Tag keys and values, in the order of the input.
    pub tags: Vec<(String, String)>,
    /// Identity policies that are in force, by index: inline, attached, and those of the groups.
    pub identity: Vec<usize>,
    /// The permissions boundary, by index; its ARN where the document is not in the input.
    pub boundary: Option<Boundary>,
    /// The trust policy of a role, by index.
    pub trust: Option<usize>,
    /// ARNs of attached policies whose documents are not in the input.
    pub missing: Vec<String>,
    /// The groups of a user.
    pub groups: Vec<String>,
    /// When a role was last used, as AWS writes it.
    pub last_used: Option<String>,
    /// Number of access keys of a user, if the input tells.
    pub access_keys: Option<usize>,
    /// Where it stands in the input.
    pub place: Place,
}

/// A permissions boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Boundary {
    /// The document, by index.
    Known(usize),
    /// Its ARN; the document is not in the input.
    Unknown(String),
}

/// A group of users.
#[derive(Debug)]
pub struct Group {
    /// The name without path.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// Its policies, by index.
    pub identity: Vec<usize>,
    /// Where it stands in the input.
    pub place: Place,
}

impl Principal {
    /// The value of a tag; keys of IAM tags have no case.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        let mut tags = self.tags.iter();
        tags.find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }

    /// Whether AWS made the role for one of its services, so that nobody else can change it.
    #[must_use]
    pub fn is_service_linked(&self) -> bool {
        self.path.starts_with("/aws-service-role/")
    }
}

impl Policy {
    /// Reads a document.
    #[must_use]
    pub fn read(text: &str, kind: DocumentKind, owner: Owner, place: Place) -> Self {
        let inspection = Document::read(text, kind);
        let (document, errors, remarks) = inspection.into_parts();
        let characters = characters_in(text);
        // The JSON is most of the memory, and asked for only where something is wrong or old.
        let is_plain =
            errors.is_empty() && remarks.is_empty() && document.version() == Version::V2012;
        let document = if is_plain { document.without_json() } else { document };
        let catalogue = Catalogue::builtin();
        let statements = document.statements().iter();
        let covered: Vec<Calls> = statements.map(|one| catalogue.covered_by(one)).collect();
        let all_of = |effect| {
            let statements = document.statements().iter().zip(&covered);
            let of_effect = statements.filter(|(one, _)| one.effect() == effect);
            of_effect.fold(Calls::default(), |all, (_, calls)| all.or(*calls))
        };
        let (allowed, denied) = (all_of(Effect::Allow), all_of(Effect::Deny));
        Self {
            name: None,
            owner,
            document,
            errors,
            remarks,
            place,
            verbatim: true,
            spots: Vec::new(),
            version: None,
            characters,
            covered,
            allowed,
            denied,
        }
    }

    /// Statements with the actions of the catalogue that each covers.
    pub fn statements(&self) -> impl Iterator<Item = (&Statement, &Calls)> {
        self.document.statements().iter().zip(&self.covered)
    }

    /// Whether it is a managed policy of AWS.
    #[must_use]
    pub fn is_aws_owned(&self) -> bool {
        matches!(&self.owner, Owner::Managed(arn) if arn.contains(":iam::aws:"))
    }

    /// Whether it is in force, and the account's own to change.
    #[must_use]
    pub fn is_changeable(&self) -> bool {
        !self.is_aws_owned() && self.version.as_ref().is_none_or(|version| version.is_default)
    }

    /// The ARN or name under which findings show it.
    #[must_use]
    pub fn label(&self) -> Option<String> {
        match (&self.owner, &self.name) {
            (Owner::Nobody, name) => name.clone(),
            (Owner::Managed(arn) | Owner::Organization(arn), _) => Some(arn.clone()),
            (Owner::Inline(owner), Some(name)) => Some(format!("{owner}/{name}")),
            (Owner::Inline(owner), None) => Some(owner.clone()),
            (Owner::Trust(role), _) => Some(format!("{role} (trust policy)")),
        }
    }

    /// The place of a statement.
    #[must_use]
    pub fn place_of(&self, statement: &Statement) -> Place {
        let mut place = self.place_at(statement.span(), &self.document.pointer_of(statement));
        if let Some(spot) = self.spots.get(statement.number() - 1) {
            place.range = spot.clone();
        }
        place
    }

    /// The place of an element of a statement such as `Condition`; the statement's if it has no such element.
    #[must_use]
    pub fn place_of_element(&self, statement: &Statement, element: &str) -> Place {
        match statement.place_of(element) {
            Some(span) => {
                self.place_at(span, &format!("{}/{element}", self.document.pointer_of(statement)))
            }
            _ => self.place_of(statement),
        }
    }

    /// The place of a stretch of the document, with a pointer within it.
    #[must_use]
    pub fn place_at(&self, span: Span, pointer: &str) -> Place {
        let range = if self.verbatim { self.absolute(span) } else { self.place.range.clone() };
        Place {
            source: self.place.source,
            range,
            pointer: format!("{}{pointer}", self.place.pointer),
        }
    }

    fn absolute(&self, span: Span) -> Range<usize> {
        let Range { start, end } = span.range();
        self.place.range.start + start..self.place.range.start + end
    }
}

/// How many characters a JSON text has, the white space between its parts aside (IAM User Guide, "IAM and AWS STS
/// quotas").
fn characters_in(text: &str) -> usize {
    let (mut in_string, mut escaped) = (false, false);
    let counts = |byte: &u8| {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = *byte == b'\\' && !escaped;
            return !matches!(byte, 0x80..=0xbf);
        }
        in_string = *byte == b'"';
        !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x80..=0xbf)
    };
    text.as_bytes().iter().copied().filter(counts).count()
}

impl Unit {
    /// Whether nothing of the account was read, so that it is known by name alone.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        !self.unread.is_empty()
            && self.principals.is_empty()
            && self.policies.is_empty()
            && self.resources.is_none()
    }

    /// The policy of an index that the unit handed out.
    #[must_use]
    pub fn policy(&self, index: usize) -> Option<&Policy> {
        self.policies.get(index)
    }

    /// The text at a place.
    #[must_use]
    pub fn text_at(&self, place: &Place) -> &str {
        let source = self.sources.get(place.source);
        source.map(|source| source.slice(place.range.clone())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::characters_in;

    #[test]
    fn white_space_counts_in_strings_only() {
        assert_eq!(characters_in("{\n  \"a b\": [ 1,\t2 ]\r\n}"), 13);
        assert_eq!(characters_in(r#"{"a": "x \" y \\" }"#), 17);
        assert_eq!(characters_in("\"é é\""), 5);
    }
}
