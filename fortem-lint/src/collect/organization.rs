//! AWS Organizations: the tree of accounts, and the policies on it.

use std::collections::BTreeMap;

use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{
    Account, AccountState, AccountStatus, EffectivePolicyType, PolicyType,
};
use serde::Serialize;

use super::caller::Caller;
use super::calls::{self, Call};
use super::failure::{Failure, Kind};

/// The kinds of policies that say something of environments.
const KINDS: [PolicyType; 3] =
    [PolicyType::ServiceControlPolicy, PolicyType::ResourceControlPolicy, PolicyType::TagPolicy];

/// The state of accounts that can be entered.
const ACTIVE: &str = "ACTIVE";

/// A call of the Organization that failed.
pub(super) type Failed = (&'static Call, Failure);

/// What an account knows of its Organization.
#[derive(Debug)]
pub(super) enum Membership {
    /// It is in none.
    Alone,
    /// It is in one, which this account manages.
    In(String),
}

/// The Organization as a snapshot has it.
#[derive(Debug, Serialize)]
pub(super) struct Tree {
    schema: &'static str,
    version: u32,
    pub(super) management_account: String,
    pub(super) nodes: Vec<Node>,
    policies: Vec<Policy>,
    /// Accounts that act for the management account, with the services that they do so for.
    delegated_administrators: BTreeMap<String, Vec<String>>,
    /// Whether all policies were read: a part of them would show as missing what is there.
    #[serde(skip)]
    pub(super) has_policies: bool,
    /// What could not be read besides the nodes.
    #[serde(skip)]
    pub(super) gaps: Vec<Failed>,
}

/// The root, an organizational unit or an account.
#[derive(Debug, Serialize)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// None if they could not be read.
    #[serde(skip_serializing_if = "has_no_tags")]
    tags: Option<BTreeMap<String, String>>,
    /// Of an account that is not active: `SUSPENDED` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
    #[serde(skip)]
    pub(super) is_account: bool,
}

#[expect(clippy::ref_option, reason = "serde gives what the field holds")]
fn has_no_tags(tags: &Option<BTreeMap<String, String>>) -> bool {
    tags.as_ref().is_some_and(BTreeMap::is_empty)
}

#[derive(Debug, Serialize)]
struct Policy {
    id: String,
    name: String,
    r#type: String,
    content: String,
    targets: Vec<String>,
}

/// Whether an account is in an Organization.
pub(super) async fn membership(caller: &Caller, client: &Client) -> Result<Membership, Failure> {
    let described =
        caller.call(&calls::ORGANIZATION, || client.describe_organization().send()).await;
    match described {
        Ok(answer) => {
            let management = answer.organization.and_then(|one| one.master_account_id);
            management.map(Membership::In).ok_or_else(Failure::of_unreadable)
        }
        Err(failure) if failure.code == "AWSOrganizationsNotInUseException" => {
            Ok(Membership::Alone)
        }
        Err(failure) => Err(failure),
    }
}

/// The tag policy in effect for the account that asks, as JSON; an empty object if there is none. Whoever may not read the
/// tree may read this (AWS Organizations API reference, `DescribeEffectivePolicy`, 2026-09).
pub(super) async fn effective_tag_policy(
    caller: &Caller,
    client: &Client,
) -> Result<String, Failure> {
    let send =
        || client.describe_effective_policy().policy_type(EffectivePolicyType::TagPolicy).send();
    match caller.call(&calls::EFFECTIVE_POLICY, send).await {
        Ok(answer) => {
            let content = answer.effective_policy.and_then(|policy| policy.policy_content);
            content.ok_or_else(Failure::of_unreadable)
        }
        Err(failure) if failure.code == "EffectivePolicyNotFoundException" => Ok("{}".to_owned()),
        Err(failure) => Err(failure),
    }
}

/// Reads its nodes, all or nothing, and what is said of them, as far as that may be read.
pub(super) async fn tree(
    caller: &Caller,
    client: &Client,
    management_account: String,
) -> Result<Tree, Failed> {
    let mut reader = Reader { caller, client, nodes: Vec::new(), gaps: Vec::new() };
    reader.nodes().await?;
    // Whoever may not read the Organization must not take an empty answer for it.
    if !reader.nodes.iter().any(|node| node.id == *caller.account) {
        let message = "the tree does not have the account that asks";
        return Err((&calls::ROOTS, Failure::new(Kind::Refused, "IncompleteAnswer", message)));
    }
    let mut policies = Vec::new();
    let mut has_policies = true;
    for kind in KINDS {
        match reader.policies(&kind).await {
            Ok(found) => policies.extend(found),
            Err(failed) => {
                reader.gaps.push(failed);
                has_policies = false;
                break;
            }
        }
    }
    let delegated_administrators = reader.administrators().await;
    let Reader { nodes, gaps, .. } = reader;
    Ok(Tree {
        schema: "fortem-organization",
        version: 1,
        management_account,
        nodes,
        policies,
        delegated_administrators,
        has_policies,
        gaps,
    })
}

struct Reader<'a> {
    caller: &'a Caller,
    client: &'a Client,
    nodes: Vec<Node>,
    gaps: Vec<Failed>,
}

impl Reader<'_> {
    /// Root, units and accounts, parents before children.
    async fn nodes(&mut self) -> Result<(), Failed> {
        let mut parents = Vec::new();
        let send = |token| self.client.list_roots().set_next_token(token).send();
        let listed = self.caller.pages(&calls::ROOTS, send, |page| {
            for root in page.roots.unwrap_or_default() {
                parents.push((root.id.unwrap_or_default(), root.name.unwrap_or_default(), None));
            }
            page.next_token
        });
        listed.await.map_err(|failure| (&calls::ROOTS, failure))?;
        while let Some((id, name, parent)) = parents.pop() {
            for (unit, name) in self.units(&id).await? {
                parents.push((unit, name, Some(id.clone())));
            }
            let accounts = self.accounts(&id).await?;
            let tags = Some(BTreeMap::new());
            let node = Node { id: id.clone(), name, parent, tags, state: None, is_account: false };
            self.nodes.push(node);
            for account in accounts {
                let node = self.account(account, &id).await;
                self.nodes.push(node);
            }
        }
        Ok(())
    }

    async fn units(&self, parent: &str) -> Result<Vec<(String, String)>, Failed> {
        let mut units = Vec::new();
        let send = |token| {
            let call = self.client.list_organizational_units_for_parent().parent_id(parent);
            call.set_next_token(token).send()
        };
        let listed = self.caller.pages(&calls::UNITS, send, |page| {
            for unit in page.organizational_units.unwrap_or_default() {
                units.push((unit.id.unwrap_or_default(), unit.name.unwrap_or_default()));
            }
            page.next_token
        });
        listed.await.map_err(|failure| (&calls::UNITS, failure))?;
        Ok(units)
    }

    async fn accounts(&self, parent: &str) -> Result<Vec<Account>, Failed> {
        let mut accounts = Vec::new();
        let send = |token| {
            self.client.list_accounts_for_parent().parent_id(parent).set_next_token(token).send()
        };
        let listed = self.caller.pages(&calls::ACCOUNTS, send, |page| {
            accounts.extend(page.accounts.unwrap_or_default());
            page.next_token
        });
        listed.await.map_err(|failure| (&calls::ACCOUNTS, failure))?;
        Ok(accounts)
    }

    async fn account(&mut self, account: Account, parent: &str) -> Node {
        let id = account.id.unwrap_or_default();
        let mut tags = BTreeMap::new();
        let send = |token| {
            self.client.list_tags_for_resource().resource_id(&id).set_next_token(token).send()
        };
        let listed = self.caller.pages(&calls::ACCOUNT_TAGS, send, |page| {
            tags.extend(page.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
            page.next_token
        });
        let tags = match listed.await {
            Ok(()) => Some(tags),
            Err(failure) => {
                self.gaps.push((&calls::ACCOUNT_TAGS, failure));
                None
            }
        };
        // `State` came in September 2025 in the place of `Status`.
        let state = account.state.as_ref().map(AccountState::as_str);
        let status = account.status.as_ref().map(AccountStatus::as_str);
        Node {
            name: account.name.unwrap_or_else(|| id.clone()),
            id,
            parent: Some(parent.to_owned()),
            tags,
            state: state.or(status).filter(|state| *state != ACTIVE).map(str::to_owned),
            is_account: true,
        }
    }

    async fn policies(&self, kind: &PolicyType) -> Result<Vec<Policy>, Failed> {
        let mut found = Vec::new();
        let send =
            |token| self.client.list_policies().filter(kind.clone()).set_next_token(token).send();
        let listed = self.caller.pages(&calls::POLICIES, send, |page| {
            found.extend(page.policies.unwrap_or_default());
            page.next_token
        });
        listed.await.map_err(|failure| (&calls::POLICIES, failure))?;
        let mut policies = Vec::new();
        for one in found {
            let id = one.id.unwrap_or_default();
            let described = self
                .caller
                .call(&calls::POLICY, || self.client.describe_policy().policy_id(&id).send())
                .await;
            let content = described.map_err(|failure| (&calls::POLICY, failure))?;
            let content = content.policy.and_then(|policy| policy.content);
            policies.push(Policy {
                targets: self.targets(&id).await?,
                name: one.name.unwrap_or_else(|| id.clone()),
                id,
                r#type: kind.as_str().to_owned(),
                content: content.ok_or((&calls::POLICY, Failure::of_unreadable()))?,
            });
        }
        Ok(policies)
    }

    async fn targets(&self, policy: &str) -> Result<Vec<String>, Failed> {
        let mut targets = Vec::new();
        let send = |token| {
            self.client.list_targets_for_policy().policy_id(policy).set_next_token(token).send()
        };
        let listed = self.caller.pages(&calls::POLICY_TARGETS, send, |page| {
            let all = page.targets.unwrap_or_default().into_iter();
            targets.extend(all.filter_map(|target| target.target_id));
            page.next_token
        });
        listed.await.map_err(|failure| (&calls::POLICY_TARGETS, failure))?;
        targets.sort();
        Ok(targets)
    }

    async fn administrators(&mut self) -> BTreeMap<String, Vec<String>> {
        let mut ids = Vec::new();
        let send = |token| self.client.list_delegated_administrators().set_next_token(token).send();
        let listed = self.caller.pages(&calls::ADMINISTRATORS, send, |page| {
            let all = page.delegated_administrators.unwrap_or_default().into_iter();
            ids.extend(all.filter_map(|one| one.id));
            page.next_token
        });
        if let Err(failure) = listed.await {
            self.gaps.push((&calls::ADMINISTRATORS, failure));
        }
        let mut found = BTreeMap::new();
        for id in ids {
            let mut services = Vec::new();
            let send = |token| {
                let call = self.client.list_delegated_services_for_account().account_id(&id);
                call.set_next_token(token).send()
            };
            let listed = self.caller.pages(&calls::ADMINISTERED, send, |page| {
                let all = page.delegated_services.unwrap_or_default().into_iter();
                services.extend(all.filter_map(|one| one.service_principal));
                page.next_token
            });
            if let Err(failure) = listed.await {
                self.gaps.push((&calls::ADMINISTERED, failure));
            }
            found.insert(id, services);
        }
        found
    }
}
