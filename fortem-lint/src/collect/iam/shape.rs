//! What the SDK gives, in the shape of the command line's output.

use aws_sdk_iam::primitives::{DateTime, DateTimeFormat};
use aws_sdk_iam::types;
use percent_encoding::percent_decode_str;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A policy document as it was written.
#[derive(Debug)]
pub(super) struct Document(String);

impl Document {
    /// IAM sends documents URL-encoded (IAM API reference, `GetAccountAuthorizationDetails`, 2026-09).
    fn decoded(text: &str) -> Self {
        let is_plain = text.trim_start().starts_with('{');
        Self(if is_plain {
            text.into()
        } else {
            percent_decode_str(text).decode_utf8_lossy().into()
        })
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.laid_out() {
            Some(raw) => raw.serialize(serializer),
            None => serializer.serialize_str(&self.0),
        }
    }
}

impl Document {
    /// The document on lines that findings can show, unless that would change it: members that are there twice stay so.
    /// None if it is not JSON.
    fn laid_out(&self) -> Option<Box<RawValue>> {
        let value: Value = serde_json::from_str(&self.0).ok()?;
        let is_same = serde_json::to_string(&value).ok()? == without_space(&self.0);
        let text =
            if is_same { serde_json::to_string_pretty(&value).ok()? } else { self.0.clone() };
        RawValue::from_string(text).ok()
    }
}

/// JSON without white space between its parts.
fn without_space(text: &str) -> String {
    let (mut is_string, mut is_escaped) = (false, false);
    let kept = text.chars().filter(|one| {
        let is_kept = is_string || !one.is_ascii_whitespace();
        is_string ^= *one == '"' && !is_escaped;
        is_escaped = is_string && *one == '\\' && !is_escaped;
        is_kept
    });
    kept.collect()
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Inline {
    policy_name: String,
    policy_document: Document,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attached {
    policy_name: String,
    policy_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Boundary {
    permissions_boundary_type: String,
    permissions_boundary_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UserDetail {
    path: String,
    pub(super) user_name: String,
    user_id: String,
    pub(super) arn: String,
    create_date: Option<String>,
    user_policy_list: Vec<Inline>,
    group_list: Vec<String>,
    attached_managed_policies: Vec<Attached>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<Boundary>,
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupDetail {
    path: String,
    group_name: String,
    group_id: String,
    pub(super) arn: String,
    create_date: Option<String>,
    group_policy_list: Vec<Inline>,
    attached_managed_policies: Vec<Attached>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RoleDetail {
    path: String,
    role_name: String,
    role_id: String,
    pub(super) arn: String,
    create_date: Option<String>,
    assume_role_policy_document: Document,
    instance_profile_list: Vec<InstanceProfile>,
    role_policy_list: Vec<Inline>,
    attached_managed_policies: Vec<Attached>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<Boundary>,
    tags: Vec<Tag>,
    role_last_used: LastUsed,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceProfile {
    instance_profile_name: String,
    arn: String,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LastUsed {
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Managed {
    policy_name: String,
    policy_id: String,
    pub(super) arn: String,
    path: String,
    default_version_id: Option<String>,
    attachment_count: i32,
    permissions_boundary_usage_count: i32,
    is_attachable: bool,
    create_date: Option<String>,
    update_date: Option<String>,
    policy_version_list: Vec<PolicyVersion>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyVersion {
    document: Document,
    version_id: String,
    is_default_version: bool,
    create_date: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AccessKey {
    user_name: String,
    #[serde(rename = "AccessKeyId")]
    pub(super) id: String,
    status: String,
    create_date: Option<String>,
}

impl Managed {
    /// Policies of AWS that nobody has are of no interest.
    pub(super) fn is_of_interest(&self) -> bool {
        let is_of_aws = self.arn.contains(":iam::aws:");
        !is_of_aws || self.attachment_count > 0 || self.permissions_boundary_usage_count > 0
    }
}

fn date(date: Option<DateTime>) -> Option<String> {
    date.and_then(|date| date.fmt(DateTimeFormat::DateTime).ok())
}

fn tags(tags: Option<Vec<types::Tag>>) -> Vec<Tag> {
    let tags = tags.unwrap_or_default().into_iter();
    tags.map(|tag| Tag { key: tag.key, value: tag.value }).collect()
}

fn inline(policies: Option<Vec<types::PolicyDetail>>) -> Vec<Inline> {
    let policies = policies.unwrap_or_default().into_iter();
    let policies = policies.map(|one| Inline {
        policy_name: one.policy_name.unwrap_or_default(),
        policy_document: Document::decoded(&one.policy_document.unwrap_or_default()),
    });
    policies.collect()
}

fn attached(policies: Option<Vec<types::AttachedPolicy>>) -> Vec<Attached> {
    let policies = policies.unwrap_or_default().into_iter();
    let policies = policies.map(|one| Attached {
        policy_name: one.policy_name.unwrap_or_default(),
        policy_arn: one.policy_arn.unwrap_or_default(),
    });
    policies.collect()
}

fn boundary(boundary: Option<types::AttachedPermissionsBoundary>) -> Option<Boundary> {
    let boundary = boundary?;
    Some(Boundary {
        permissions_boundary_type: "Policy".to_owned(),
        permissions_boundary_arn: boundary.permissions_boundary_arn.unwrap_or_default(),
    })
}

impl From<types::UserDetail> for UserDetail {
    fn from(one: types::UserDetail) -> Self {
        Self {
            path: one.path.unwrap_or_default(),
            user_name: one.user_name.unwrap_or_default(),
            user_id: one.user_id.unwrap_or_default(),
            arn: one.arn.unwrap_or_default(),
            create_date: date(one.create_date),
            user_policy_list: inline(one.user_policy_list),
            group_list: one.group_list.unwrap_or_default(),
            attached_managed_policies: attached(one.attached_managed_policies),
            permissions_boundary: boundary(one.permissions_boundary),
            tags: tags(one.tags),
        }
    }
}

impl From<types::GroupDetail> for GroupDetail {
    fn from(one: types::GroupDetail) -> Self {
        Self {
            path: one.path.unwrap_or_default(),
            group_name: one.group_name.unwrap_or_default(),
            group_id: one.group_id.unwrap_or_default(),
            arn: one.arn.unwrap_or_default(),
            create_date: date(one.create_date),
            group_policy_list: inline(one.group_policy_list),
            attached_managed_policies: attached(one.attached_managed_policies),
        }
    }
}

impl From<types::RoleDetail> for RoleDetail {
    fn from(one: types::RoleDetail) -> Self {
        let profiles = one.instance_profile_list.unwrap_or_default().into_iter();
        let last_used = one
            .role_last_used
            .map(|one| LastUsed { last_used_date: date(one.last_used_date), region: one.region });
        Self {
            path: one.path.unwrap_or_default(),
            role_name: one.role_name.unwrap_or_default(),
            role_id: one.role_id.unwrap_or_default(),
            arn: one.arn.unwrap_or_default(),
            create_date: date(one.create_date),
            assume_role_policy_document: Document::decoded(
                &one.assume_role_policy_document.unwrap_or_default(),
            ),
            instance_profile_list: profiles
                .map(|one| InstanceProfile {
                    instance_profile_name: one.instance_profile_name,
                    arn: one.arn,
                })
                .collect(),
            role_policy_list: inline(one.role_policy_list),
            attached_managed_policies: attached(one.attached_managed_policies),
            permissions_boundary: boundary(one.permissions_boundary),
            tags: tags(one.tags),
            role_last_used: last_used.unwrap_or_default(),
        }
    }
}

impl From<types::ManagedPolicyDetail> for Managed {
    fn from(one: types::ManagedPolicyDetail) -> Self {
        let arn = one.arn.unwrap_or_default();
        let of_arn = arn.rsplit('/').next().unwrap_or_default().to_owned();
        let versions = one.policy_version_list.unwrap_or_default().into_iter();
        let versions = versions.map(|one| PolicyVersion {
            document: Document::decoded(&one.document.unwrap_or_default()),
            version_id: one.version_id.unwrap_or_default(),
            is_default_version: one.is_default_version,
            create_date: date(one.create_date),
        });
        Self {
            policy_name: one.policy_name.unwrap_or(of_arn),
            policy_id: one.policy_id.unwrap_or_default(),
            arn,
            path: one.path.unwrap_or_default(),
            default_version_id: one.default_version_id,
            attachment_count: one.attachment_count.unwrap_or_default(),
            permissions_boundary_usage_count: one
                .permissions_boundary_usage_count
                .unwrap_or_default(),
            is_attachable: one.is_attachable,
            create_date: date(one.create_date),
            update_date: date(one.update_date),
            policy_version_list: versions.collect(),
        }
    }
}

impl From<types::AccessKeyMetadata> for AccessKey {
    fn from(one: types::AccessKeyMetadata) -> Self {
        Self {
            user_name: one.user_name.unwrap_or_default(),
            id: one.access_key_id.unwrap_or_default(),
            status: one.status.map(|one| one.as_str().to_owned()).unwrap_or_default(),
            create_date: date(one.create_date),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn documents_are_decoded_once_and_kept_as_written() {
        let text = |text: &str| serde_json::to_string(&Document::decoded(text)).unwrap();
        assert_eq!(text("%7B%22a%22%3A%20%22100%25%2B%22%7D"), "{\n  \"a\": \"100%+\"\n}");
        assert_eq!(text(r#"{"a": "%41"}"#), "{\n  \"a\": \"%41\"\n}");
        let odd = r#"{"a\"": "b c\\", "d": "\\\"e f"}"#;
        let laid_out: serde_json::Value = serde_json::from_str(&text(odd)).unwrap();
        assert_eq!(laid_out, serde_json::from_str::<serde_json::Value>(odd).unwrap());
        assert!(text(odd).lines().count() == 4, "{}", text(odd));
        assert_eq!(text("%7B%22a%22%3A1%2C%22a%22%3A2%7D"), r#"{"a":1,"a":2}"#);
        assert_eq!(text("not%20JSON"), r#""not JSON""#);
    }
}
