//! The policy that a collection needs: the calls it makes, and nothing else.

use serde_json::{Value, json};

use super::calls::{ALL, Call, Needed};

/// The identity policy of whoever reads an account; with `role_name`, also of whoever starts the collection of an
/// Organization and enters the role of that name in its accounts.
///
/// ```
/// let policy = fortem_lint::collect::permissions::policy(None);
/// assert_eq!(policy["Statement"][0]["Sid"], "ReadAccount");
/// ```
#[must_use]
pub fn policy(role_name: Option<&str>) -> Value {
    let mut statements = vec![statement("ReadAccount", Needed::InAccount, "*".to_owned())];
    if let Some(name) = role_name {
        statements.push(statement("ReadOrganization", Needed::InOrganization, "*".to_owned()));
        let roles = format!("arn:*:iam::*:role/{name}");
        statements.push(statement("EnterAccounts", Needed::ToEnterAccounts, roles));
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn statement(sid: &str, needed: Needed, resource: String) -> Value {
    let calls = ALL.iter().filter(|call| call.needed == needed);
    let mut actions: Vec<String> = calls.map(|call: &&Call| call.action()).collect();
    actions.sort();
    json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource})
}
