//! The Organization: accounts, organizational units, and the policies on them.

use std::collections::BTreeMap;

use fortem_compile::iam::{Json, JsonValue, Member};

use crate::source::Place;
use crate::unit::{Policy, Unit};

/// The tree of an Organization, as far as it was read.
///
/// Its file holds one JSON object:
///
/// ```json
/// {"schema": "fortem-organization", "version": 1, "management_account": "111122223333",
///  "nodes": [{"id": "r-1", "name": "Root"}, {"id": "ou-1", "name": "prod", "parent": "r-1"},
///            {"id": "444455556666", "name": "shop-prod", "parent": "ou-1", "tags": {"Environment": "prod"}}],
///  "policies": [{"id": "p-1", "name": "require-tag", "type": "SERVICE_CONTROL_POLICY",
///                "content": {"Version": "2012-10-17", "Statement": []}, "targets": ["ou-1"]}]}
/// ```
///
/// A node whose id is twelve digits is an account; the one without parent is the root. An account whose tags could not be
/// read has `null` for them, and one that is not active has a `state`. `content` is the document, or a string that holds it.
#[derive(Debug, Default)]
pub struct Organization {
    /// The text and the control policies, which rules judge as those of any unit.
    pub unit: Unit,
    /// The account that no SCP binds.
    pub management_account: Option<String>,
    /// Root, organizational units and accounts, parents before children.
    pub nodes: Vec<Node>,
    /// Which control policies are attached, by index in [`Self::unit`], to which nodes, by id.
    pub attachments: Vec<Attachment>,
    /// The tag policies.
    pub tag_policies: Vec<TagPolicy>,
}

/// The root, an organizational unit or an account.
#[derive(Debug, Clone)]
pub struct Node {
    /// The id; an account's number.
    pub id: String,
    /// The name, or the id.
    pub name: String,
    /// The id of the node above.
    pub parent: Option<String>,
    /// Tags of an account; none if they could not be read.
    pub tags: Option<BTreeMap<String, String>>,
    /// The state of an account that is not active: `SUSPENDED` and the like.
    pub state: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// A control policy and where it is attached.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// The index of the policy.
    pub policy: usize,
    /// Ids of nodes.
    pub targets: Vec<String>,
}

/// A tag policy and where it is attached.
#[derive(Debug, Clone)]
pub struct TagPolicy {
    /// Its name, or id.
    pub name: String,
    /// Ids of nodes.
    pub targets: Vec<String>,
    /// The document.
    pub content: Json,
    /// Where it stands.
    pub place: Place,
}

impl Node {
    /// Whether it is an account.
    #[must_use]
    pub fn is_account(&self) -> bool {
        self.id.len() == 12 && self.id.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl TagPolicy {
    /// What it says of a tag key, whose case is that of the policy; operators such as `@@assign` are left out.
    #[must_use]
    pub fn of_key(&self, key: &str) -> Option<&Json> {
        let JsonValue::Object(keys) = self.content.get("tags")?.value() else { return None };
        keys.iter().find(|one| one.key().eq_ignore_ascii_case(key)).map(Member::value)
    }
}

/// The value of an element of a tag policy, which stands under an operator unless the policy is one in effect.
#[must_use]
pub fn assigned<'j>(json: &'j Json, element: &str) -> Option<&'j Json> {
    let element = json.get(element)?;
    let is_plain = !matches!(element.value(), JsonValue::Object(_));
    let plain = is_plain.then_some(element);
    element.get("@@assign").or_else(|| element.get("@@append")).or(plain)
}

impl Organization {
    /// The node of an id.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// The nodes directly below one.
    pub fn below<'o>(&'o self, id: &'o str) -> impl Iterator<Item = &'o Node> {
        self.nodes.iter().filter(move |node| node.parent.as_deref() == Some(id))
    }

    /// The way from the root to a node, both included.
    #[must_use]
    pub fn way_to(&self, id: &str) -> Vec<&Node> {
        let mut way = Vec::new();
        let mut next = self.node(id);
        while let Some(node) = next {
            // A tree that bites its tail ends here.
            if way.len() > self.nodes.len() {
                break;
            }
            way.push(node);
            next = node.parent.as_deref().and_then(|parent| self.node(parent));
        }
        way.reverse();
        way
    }

    /// The control policies attached to a node.
    pub fn policies_at<'o>(&'o self, id: &'o str) -> impl Iterator<Item = &'o Policy> {
        let attached = self
            .attachments
            .iter()
            .filter(move |one| one.targets.iter().any(|target| target == id));
        attached.filter_map(|one| self.unit.policy(one.policy))
    }

    /// The service control policies on the way from the root to an account, one list a level; none if the account is
    /// not in the tree or SCPs do not bind it. Levels without policies are left out: AWS lets nobody have them where
    /// SCPs are switched on.
    #[must_use]
    pub fn control_policies(&self, account: &str) -> Option<Vec<Vec<&Policy>>> {
        if self.management_account.as_deref() == Some(account) {
            return None;
        }
        self.node(account)?;
        let is_scp = |one: &&Policy| {
            one.document.kind() == fortem_compile::iam::DocumentKind::ServiceControl
        };
        let levels = self
            .way_to(account)
            .into_iter()
            .map(|node| self.policies_at(&node.id).filter(is_scp).collect());
        Some(levels.filter(|level: &Vec<&Policy>| !level.is_empty()).collect())
    }

    /// The highest nodes that lack something: `has` tells whether a node itself brings it, and what a node has, those
    /// below it have. A node is named if all accounts below it lack it; otherwise only those parts that do.
    pub fn lacking<'o>(&'o self, has: &dyn Fn(&Node) -> bool) -> Vec<&'o Node> {
        let mut found = Vec::new();
        for root in self.nodes.iter().filter(|node| node.parent.is_none()) {
            self.collect_lacking(root, has, &mut found);
        }
        found
    }

    fn collect_lacking<'o>(
        &'o self,
        node: &'o Node,
        has: &dyn Fn(&Node) -> bool,
        found: &mut Vec<&'o Node>,
    ) {
        if has(node) || !self.has_members(node) {
            return;
        }
        if node.is_account() || !self.some_below(node, has) {
            found.push(node);
            return;
        }
        for child in self.below(&node.id) {
            self.collect_lacking(child, has, found);
        }
    }

    /// Whether there is an account at or below a node that SCPs bind.
    fn has_members(&self, node: &Node) -> bool {
        if node.is_account() {
            return self.management_account.as_deref() != Some(node.id.as_str());
        }
        self.below(&node.id).any(|child| self.has_members(child))
    }

    fn some_below(&self, node: &Node, has: &dyn Fn(&Node) -> bool) -> bool {
        self.below(&node.id).any(|child| has(child) || self.some_below(child, has))
    }
}
