//! IAM: users, groups, roles and policies, as `aws iam get-account-authorization-details` prints them.

mod shape;

use aws_sdk_iam::Client;
use aws_sdk_iam::types::EntityType;
use futures_util::{StreamExt, stream};

use super::caller::Caller;
use super::calls;
use super::failure::Failure;
use super::part::Part;

/// What one call gives at most (IAM API reference, `GetAccountAuthorizationDetails`, 2026-09).
const PAGE: i32 = 1000;

/// The list of access keys in its own file.
pub(super) const ACCESS_KEYS: &str = "AccessKeyMetadata";

/// Reads the details into `details` and the access keys of users into `keys`.
pub(super) async fn read(
    caller: &Caller,
    config: &aws_config::SdkConfig,
    width: usize,
    details: &Part,
    keys: &Part,
) {
    let client = Client::new(config);
    let read = authorization(caller, &client, details).await;
    let Some(users) = details.take(&calls::AUTHORIZATION, &[], "", read) else { return };
    keys.declare(ACCESS_KEYS);
    let client = &client;
    let users = stream::iter(users).map(|user| async move {
        let listed = access_keys(caller, client, &user, keys).await;
        keys.take(&calls::ACCESS_KEYS, &[], &user, listed);
    });
    users.buffer_unordered(width).collect::<()>().await;
}

/// Gives the names of the users.
async fn authorization(
    caller: &Caller,
    client: &Client,
    part: &Part,
) -> Result<Vec<String>, Failure> {
    let lists = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];
    let mut users = Vec::new();
    let mut is_cut_off = false;
    let send = |marker| {
        let call = client.get_account_authorization_details().max_items(PAGE);
        let kinds = [
            EntityType::User,
            EntityType::Role,
            EntityType::Group,
            EntityType::LocalManagedPolicy,
            EntityType::AwsManagedPolicy,
        ];
        call.set_filter(Some(kinds.to_vec())).set_marker(marker).send()
    };
    let read = caller.pages(&calls::AUTHORIZATION, send, |page| {
        for list in lists {
            part.declare(list);
        }
        for one in page.user_detail_list.unwrap_or_default() {
            let user = shape::UserDetail::from(one);
            users.push(user.user_name.clone());
            part.push("UserDetailList", &user.arn, &user);
        }
        for one in page.group_detail_list.unwrap_or_default() {
            let group = shape::GroupDetail::from(one);
            part.push("GroupDetailList", &group.arn, &group);
        }
        for one in page.role_detail_list.unwrap_or_default() {
            let role = shape::RoleDetail::from(one);
            part.push("RoleDetailList", &role.arn, &role);
        }
        for one in page.policies.unwrap_or_default() {
            let policy = shape::Managed::from(one);
            if policy.is_of_interest() {
                part.push("Policies", &policy.arn, &policy);
            }
        }
        is_cut_off = page.is_truncated && page.marker.as_deref().is_none_or(str::is_empty);
        page.marker
    });
    read.await?;
    whole(is_cut_off)?;
    Ok(users)
}

async fn access_keys(
    caller: &Caller,
    client: &Client,
    user: &str,
    part: &Part,
) -> Result<(), Failure> {
    let mut is_cut_off = false;
    let send = |marker| client.list_access_keys().user_name(user).set_marker(marker).send();
    let read = caller.pages(&calls::ACCESS_KEYS, send, |page| {
        for one in page.access_key_metadata {
            let key = shape::AccessKey::from(one);
            part.push(ACCESS_KEYS, &key.id, &key);
        }
        is_cut_off = page.is_truncated && page.marker.as_deref().is_none_or(str::is_empty);
        page.marker
    });
    read.await?;
    whole(is_cut_off)
}

/// Refuses a list whose last page says that there are more.
fn whole(is_cut_off: bool) -> Result<(), Failure> {
    if is_cut_off { Err(Failure::of_unreadable()) } else { Ok(()) }
}
