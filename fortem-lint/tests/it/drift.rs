//! An account to which the compiler's output is attached, and what edits by hand are told as.

use std::path::Path;
use std::sync::LazyLock;

use fortem_compile::compile;
use fortem_compile::target::{self, Target};
use fortem_core::Source;
use serde_json::{Value, json};

use crate::sandbox::{Said, Sandbox};

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "fortem-developer-staging";
const POLICY: &str = "fortem-developer";

/// Who stands for what, as the fleet assigns it.
const PRINCIPALS: [(&str, &str); 4] = [
    ("developer", "staging"),
    ("developer", "dev"),
    ("log-viewer", "staging"),
    ("exec", "staging"),
];

fn policies() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("policies").to_string_lossy().into_owned()
}

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{kind}/{name}")
}

/// Names and texts of the identity policies and boundaries.
static DOCUMENTS: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
    let source = Source::load(policies()).unwrap();
    let compiled = compile(&source, &[]).unwrap();
    let chosen = [Target::Identity, Target::Boundary];
    let targets = target::targets(&source, &compiled, &chosen).unwrap();
    let named = targets.artifacts.iter().filter_map(|one| {
        let (kind, name) = one.file.strip_suffix(".json")?.split_once('/')?;
        let suffix = if kind == "boundary" { "-boundary" } else { "" };
        Some((format!("fortem-{name}{suffix}"), serde_json::from_str(&one.text).unwrap()))
    });
    named.collect()
});

/// An account, and what may be done to it.
struct Account(Value);

impl Account {
    /// As `fortem-compile` would have it.
    fn deployed() -> Self {
        let policies =
            DOCUMENTS.iter().map(|(name, document)| managed(&arn("policy", name), document));
        let roles = PRINCIPALS.map(|(role, environment)| {
            let name = format!("fortem-{role}-{environment}");
            json!({"RoleName": name, "Path": "/", "Arn": arn("role", &name),
                   "AssumeRolePolicyDocument": trust(&json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")})),
                   "Tags": [{"Key": "Environment", "Value": environment}], "RolePolicyList": [],
                   "AttachedManagedPolicies": [{"PolicyName": format!("fortem-{role}"),
                                                "PolicyArn": arn("policy", &format!("fortem-{role}"))}]})
        });
        Self(json!({"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": roles,
                    "Policies": policies.collect::<Vec<_>>()}))
    }

    fn role(&mut self, name: &str) -> &mut Value {
        let roles = self.0["RoleDetailList"].as_array_mut().unwrap();
        roles.iter_mut().find(|role| role["RoleName"] == name).unwrap()
    }

    fn statements(&mut self, policy: &str) -> &mut Vec<Value> {
        let policies = self.0["Policies"].as_array_mut().unwrap();
        let policy = policies.iter_mut().find(|one| one["PolicyName"] == policy).unwrap();
        policy["PolicyVersionList"][0]["Document"]["Statement"].as_array_mut().unwrap()
    }

    fn statement(&mut self, policy: &str, sid: &str) -> &mut Value {
        self.statements(policy).iter_mut().find(|one| one["Sid"] == sid).unwrap()
    }

    fn tag(&mut self, tags: Value) {
        self.role(ROLE)["Tags"] = tags;
    }

    fn bind(&mut self, policy: &str) {
        self.role(ROLE)["PermissionsBoundary"] = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn("policy", policy)});
    }

    /// Attaches a policy of AWS.
    fn attach_aws(&mut self, name: &str, actions: &Value) {
        let arn = format!("arn:aws:iam::aws:policy/{name}");
        let document = allow(actions);
        self.0["Policies"].as_array_mut().unwrap().push(managed(&arn, &document));
        let attached = json!({"PolicyName": name, "PolicyArn": arn});
        self.role(ROLE)["AttachedManagedPolicies"].as_array_mut().unwrap().push(attached);
    }

    fn put_inline(&mut self, role: &str, document: &Value) {
        let inline = json!({"PolicyName": "extra", "PolicyDocument": document});
        self.role(role)["RolePolicyList"].as_array_mut().unwrap().push(inline);
    }

    fn add_role(&mut self, name: &str, trusted: &Value) {
        let role = json!({"RoleName": name, "Path": "/", "Arn": arn("role", name), "Tags": [],
                          "AssumeRolePolicyDocument": trust(trusted), "RolePolicyList": [],
                          "AttachedManagedPolicies": []});
        self.0["RoleDetailList"].as_array_mut().unwrap().push(role);
    }
}

fn managed(arn: &str, document: &Value) -> Value {
    let name = arn.rsplit('/').next().unwrap();
    json!({"PolicyName": name, "Arn": arn, "Path": "/", "DefaultVersionId": "v1",
           "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "Document": document}]})
}

fn trust(principal: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})
}

fn allow(actions: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Extra", "Effect": "Allow", "Action": actions, "Resource": "*"}]})
}

/// What `drift` says of an account.
fn drift_of(account: &Account, others: &[(&str, &str)], arguments: &[&str]) -> Said {
    let text = serde_json::to_string_pretty(&account.0).unwrap();
    let files: Vec<(&str, &str)> =
        [("account.json", text.as_str())].into_iter().chain(others.iter().copied()).collect();
    let sandbox = Sandbox::new(&files);
    let policies = policies();
    let mut all = vec!["drift", "--policies", &policies];
    all.extend(files.iter().map(|(name, _)| *name));
    all.extend(arguments);
    sandbox.run(&all)
}

fn edited(edit: impl FnOnce(&mut Account)) -> Said {
    let mut account = Account::deployed();
    edit(&mut account);
    drift_of(&account, &[], &["--format", "json"])
}

/// What is told of one principal: kinds, with the call and the Sid of the statement at fault.
fn told(said: &Said, role: &str) -> Vec<String> {
    let deviations = said.json()["deviations"].as_array().unwrap().clone();
    let of_role = deviations.iter().filter(|one| one["principal"] == arn("role", role).as_str());
    let told = of_role.map(|one| {
        let statement = one["spot"]["sid"].as_str().unwrap_or("-");
        format!(
            "{} {} {statement}",
            one["kind"].as_str().unwrap(),
            one["call"]["action"].as_str().unwrap()
        )
    });
    told.collect()
}

#[track_caller]
fn assert_told(edit: impl FnOnce(&mut Account), code: i32, expected: &[&str]) {
    let said = edited(edit);
    assert_eq!(said.code, code, "{}{}", said.out, said.err);
    assert_eq!(told(&said, ROLE), expected, "{}", said.out);
}

#[test]
fn what_the_compiler_wrote_is_no_drift() {
    let said = drift_of(&Account::deployed(), &[], &[]);
    insta::assert_snapshot!(said.out);
    assert_eq!(said.code, 0);
}

#[test]
fn the_same_access_spelt_another_way_is_no_drift() {
    let same = |account: &mut Account| {
        let update = account.statement(POLICY, "UpdateService");
        let tag = update["Condition"]["StringEquals"].take();
        update["Condition"].as_object_mut().unwrap().remove("StringEquals");
        update["Condition"]["StringLike"] = tag;
        update["Action"] = json!(["ECS:updateService", "ecs:UpdateService"]);
        update.as_object_mut().unwrap().remove("Sid");
        let moved = account.statements(POLICY).remove(0);
        let document = json!({"Version": "2012-10-17", "Statement": [moved]});
        account.put_inline(ROLE, &document);
        account.put_inline("fortem-developer-dev", &document);
    };
    assert_told(same, 0, &[]);
}

#[test]
fn an_action_that_was_added_is_granted_by_its_statement() {
    let add = |account: &mut Account| {
        account.statement(POLICY, "UpdateService")["Action"] =
            json!(["ecs:UpdateService", "ecs:DeleteService"]);
    };
    assert_told(add, 14, &["granted ecs:DeleteService UpdateService"]);
}

#[test]
fn a_condition_that_was_removed_or_loosened_is_granted_by_its_statement() {
    let remove = |account: &mut Account| {
        let condition = &mut account.statement(POLICY, "UpdateService")["Condition"];
        condition.as_object_mut().unwrap().remove("StringEquals");
    };
    assert_told(remove, 14, &["granted ecs:UpdateService UpdateService"]);
    let loosen = |account: &mut Account| {
        let condition = &mut account.statement(POLICY, "UpdateService")["Condition"];
        condition.as_object_mut().unwrap().remove("StringEquals");
        condition["StringLike"] = json!({"aws:ResourceTag/Environment": "*"});
    };
    assert_told(loosen, 14, &["granted ecs:UpdateService UpdateService"]);
}

#[test]
fn an_environment_that_was_added_to_a_condition_is_granted() {
    let add = |account: &mut Account| {
        let condition = &mut account.statement(POLICY, "UpdateService")["Condition"];
        condition["StringEquals"]["aws:ResourceTag/Environment"] =
            json!(["${aws:PrincipalTag/Environment}", "qa"]);
    };
    assert_told(add, 14, &["granted ecs:UpdateService UpdateService"]);
}

#[test]
fn a_guard_that_was_removed_is_missing_although_nothing_is_allowed_by_it_yet() {
    let remove = |account: &mut Account| {
        account.statements(POLICY).retain(|one| one["Sid"] != "NeverProdTag");
    };
    let said = edited(remove);
    assert_eq!(said.code, 13, "{}", said.out);
    assert!(told(&said, ROLE)[0].starts_with("guard-missing "), "{}", said.out);
}

#[test]
fn a_second_factor_that_is_no_longer_asked_for_is_granted() {
    let said = edited(|account| {
        let asks = |one: &Value| one.to_string().contains("aws:MultiFactorAuth");
        for statement in account.statements("fortem-exec") {
            if statement["Effect"] == "Allow" && asks(statement) {
                let conditions = statement["Condition"].as_object_mut().unwrap();
                conditions.retain(|_, keys| !asks(keys));
            }
        }
        account.statements("fortem-exec").retain(|one| one["Effect"] == "Allow" || !asks(one));
    });
    assert_eq!(said.code, 14, "{}", said.out);
    let told = told(&said, "fortem-exec-staging");
    assert!(told.iter().any(|one| one.starts_with("granted ecs:ExecuteCommand")), "{told:?}");
}

#[test]
fn people_of_the_fleet_have_what_they_are_assigned() {
    let user = |name: &str| {
        json!({"UserName": name, "Path": "/", "Arn": arn("user", name), "GroupList": [], "UserPolicyList": [],
               "Tags": [{"Key": "Environment", "Value": "staging"}],
               "AttachedManagedPolicies": [{"PolicyName": POLICY, "PolicyArn": arn("policy", POLICY)}]})
    };
    let said = edited(|account| account.0["UserDetailList"] = json!([user("alice")]));
    assert_eq!(said.code, 0, "{}", said.out);
    // He is in another team, which has less in staging.
    let said = edited(|account| account.0["UserDetailList"] = json!([user("bob")]));
    assert_eq!(said.code, 14, "{}", said.out);
}

#[test]
fn what_a_guard_kept_closed_is_granted_when_it_is_gone() {
    let open = |account: &mut Account| {
        account.statements(POLICY).retain(|one| one["Effect"] == "Allow");
        let condition = &mut account.statement(POLICY, "UpdateService")["Condition"];
        let tag = condition["StringEquals"].take();
        condition.as_object_mut().unwrap().remove("StringEquals");
        condition["StringEqualsIfExists"] = tag;
    };
    let said = edited(open);
    assert_eq!(said.code, 14, "{}", said.out);
    assert!(told(&said, ROLE).contains(&"granted ecs:UpdateService UpdateService".to_owned()));
}

#[test]
fn a_statement_that_was_deleted_leaves_its_calls_not_working() {
    let delete = |account: &mut Account| {
        account.statements(POLICY).retain(|one| one["Sid"] != "UpdateService");
    };
    assert_told(delete, 13, &["not-working ecs:UpdateService -"]);
}

#[test]
fn a_further_policy_is_granted_beyond_the_source() {
    let attach = |account: &mut Account| account.attach_aws("AdministratorAccess", &json!("*"));
    assert_told(attach, 14, &["granted ecs:ExecuteCommand Extra"]);
    let inline = |account: &mut Account| account.put_inline(ROLE, &allow(&json!("ecs:*")));
    assert_told(inline, 14, &["granted ecs:ExecuteCommand Extra"]);
    let read = |account: &mut Account| {
        account.attach_aws("ReadOnlyAccess", &json!(["ecs:Describe*", "logs:Get*", "s3:Get*"]));
    };
    let said = edited(read);
    assert_eq!((said.code, told(&said, ROLE).len()), (14, 1), "{}", said.out);
}

#[test]
fn a_boundary_is_compared_by_what_it_stops_and_what_it_no_longer_stops() {
    let bind = |account: &mut Account| account.bind("fortem-developer-boundary");
    assert_told(bind, 0, &[]);
    let narrow = |account: &mut Account| {
        let statements = account.statements("fortem-developer-boundary");
        *statements =
            vec![json!({"Effect": "Allow", "NotAction": "ecs:StopTask", "Resource": "*"})];
        account.bind("fortem-developer-boundary");
    };
    let said = edited(narrow);
    let expected = ["not-working ecs:StopTask -", "guard-missing ecs:DescribeClusters -"];
    assert_eq!(told(&said, ROLE), expected, "{}", said.out);
    assert!(said.out.contains("no statement of the permissions boundary allows it"));
}

#[test]
fn a_boundary_of_the_source_that_lets_more_through_is_a_guard_that_is_missing() {
    let widen = |account: &mut Account| {
        let statements = account.statements("fortem-developer-boundary");
        statements
            .push(json!({"Sid": "More", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}));
        account.bind("fortem-developer-boundary");
    };
    let said = edited(widen);
    assert_eq!(said.code, 13, "{}", said.out);
    assert!(told(&said, ROLE)[0].starts_with("guard-missing s3:"), "{}", said.out);
}

#[test]
fn a_principal_without_its_tag_or_with_another_one_is_told_so() {
    for (tags, wrong) in [
        (json!([]), "it has no tag `Environment`, which should be `staging`"),
        (json!([{"Key": "Env", "Value": "staging"}]), "it has no tag `Environment`"),
        (
            json!([{"Key": "Environment", "Value": "prod"}]),
            "its tag `Environment` is `prod`, not `staging`",
        ),
    ] {
        let said = edited(|account| account.tag(tags));
        assert_eq!(said.code, 13, "{}", said.out);
        assert!(said.out.contains(wrong), "{}", said.out);
    }
    let said = edited(|account| account.tag(json!([{"Key": "Environment", "Value": "qa"}])));
    let told = told(&said, ROLE);
    assert!(told[0].starts_with("granted") && told[1].starts_with("not-working"), "{told:?}");
}

#[test]
fn a_policy_on_the_wrong_role_is_granted_there() {
    let said = edited(|account| {
        let attached = account.role(ROLE)["AttachedManagedPolicies"].clone();
        account.role("fortem-log-viewer-staging")["AttachedManagedPolicies"] = attached;
    });
    assert_eq!(said.code, 14);
    let told = told(&said, "fortem-log-viewer-staging");
    assert!(told[0].starts_with("granted ecs:RunTask"), "{told:?}");
}

#[test]
fn a_role_whose_name_says_nothing_goes_by_its_policies() {
    let rename = |account: &mut Account| {
        account.role(ROLE)["RoleName"] = json!("payments");
        account.role("payments")["Arn"] = json!(arn("role", "payments"));
    };
    let said = edited(rename);
    assert_eq!(said.code, 0, "{}", said.out);
    let compared = said.json()["compared"].as_array().unwrap().clone();
    let payments = compared.iter().find(|one| one["principal"] == arn("role", "payments").as_str());
    let payments = payments.unwrap();
    assert_eq!(payments["by"], "policies");
    assert_eq!(payments["parts"], json!([{"role": "developer", "environment": "staging"}]));
    let said = edited(|account| {
        rename(account);
        account.put_inline("payments", &allow(&json!("ecs:*")));
    });
    assert_eq!(said.code, 14, "{}", said.out);
}

#[test]
fn a_role_that_is_assigned_to_nobody_is_permitted_nothing() {
    let said = edited(|account| {
        account.role(ROLE)["RoleName"] = json!("fortem-developer-prod");
        account.role("fortem-developer-prod")["Arn"] = json!(arn("role", "fortem-developer-prod"));
    });
    let told = told(&said, "fortem-developer-prod");
    assert!(told[0].starts_with("granted"), "{}", said.out);
    assert!(said.out.contains("the fleet assigns `developer` in `prod` to nobody"));
}

#[test]
fn whoever_is_nobody_of_the_source_and_reaches_an_environment_is_told_once() {
    let said = edited(|account| {
        account.add_role("ci", &json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}));
        account.put_inline("ci", &allow(&json!("ecs:*")));
        account.add_role("reader", &json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}));
        account.put_inline("reader", &allow(&json!("s3:GetObject")));
        account.add_role("task", &json!({"Service": "ecs-tasks.amazonaws.com"}));
        account.put_inline("task", &allow(&json!(["logs:PutLogEvents", "sqs:SendMessage"])));
    });
    assert_eq!(said.code, 14);
    assert_eq!(said.json()["deviations"].as_array().unwrap().len(), 1, "{}", said.out);
    assert_eq!(told(&said, "ci"), ["granted ecs:ExecuteCommand Extra"]);
    assert_eq!(said.json()["others"], 3);
}

#[test]
fn a_control_policy_that_blocks_a_role_is_named() {
    let organization = |statements: Value| {
        json!({"schema": "fortem-organization", "version": 1, "management_account": "999988887777",
               "nodes": [{"id": "r-1", "name": "Root"}, {"id": ACCOUNT, "name": "shop", "parent": "r-1"}],
               "policies": [{"id": "p-1", "name": "block", "type": "SERVICE_CONTROL_POLICY",
                             "content": {"Version": "2012-10-17", "Statement": statements}, "targets": ["r-1"]}]})
            .to_string()
    };
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let run = |statements: Value| {
        let text = organization(statements);
        drift_of(&Account::deployed(), &[("organization.json", &text)], &["--format", "json"])
    };
    let said = run(json!([all]));
    assert_eq!(said.code, 0, "{}", said.out);
    assert!(!said.out.contains("no Organization"));
    let stop =
        json!({"Sid": "NoStop", "Effect": "Deny", "Action": "ecs:StopTask", "Resource": "*"});
    let said = run(json!([all, stop]));
    assert_eq!(said.code, 13);
    assert_eq!(told(&said, ROLE), ["not-working ecs:StopTask NoStop"], "{}", said.out);
    let deviation = said.json()["deviations"][0]["spot"]["file"].clone();
    assert!(deviation.as_str().unwrap().ends_with("organization.json"), "{deviation}");
}

#[test]
fn what_cannot_be_compared_is_no_clean_result() {
    let said = edited(|account| {
        let attached =
            json!({"PolicyName": "x", "PolicyArn": "arn:aws:iam::aws:policy/SomethingElse"});
        account.role(ROLE)["AttachedManagedPolicies"].as_array_mut().unwrap().push(attached);
    });
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.out.contains("SomethingElse"));
    let said = drift_of(&Account(json!({"RoleDetailList": []})), &[], &[]);
    assert_eq!(said.code, 3, "{}", said.out);
}

#[test]
fn sessions_that_bring_their_tag_along_are_compared_in_each_environment() {
    let said = edited(|account| {
        let name = "AWSReservedSSO_developer_0123456789abcdef";
        account.add_role(name, &json!({"Federated": "arn:aws:iam::111122223333:saml-provider/x"}));
        account.role(name)["Path"] = json!("/aws-reserved/sso.amazonaws.com/");
        account.role(name)["AttachedManagedPolicies"] =
            json!([{"PolicyName": POLICY, "PolicyArn": arn("policy", POLICY)}]);
    });
    assert_eq!(said.code, 0, "{}", said.out);
    let holders = said.json()["compared"].as_array().unwrap().clone();
    let sets = holders.iter().find(|one| one["takes_session_tags"] == true).unwrap();
    assert_eq!(sets["parts"].as_array().unwrap().len(), 3, "{sets}");
}

/// Sessions of a role that the fleet assigns to nobody may take the tag of any environment.
#[test]
fn sessions_of_a_role_that_is_assigned_to_nobody_are_permitted_nothing() {
    for policy in ["fortem-operator", "inline"] {
        let name = "AWSReservedSSO_operator_0123456789abcdef";
        let said = edited(|account| {
            let trusted = json!({"Federated": "arn:aws:iam::111122223333:saml-provider/x"});
            account.add_role(name, &trusted);
            account.role(name)["Path"] = json!("/aws-reserved/sso.amazonaws.com/");
            if policy == "inline" {
                account.put_inline(name, &allow(&json!("ecs:*")));
            } else {
                account.role(name)["AttachedManagedPolicies"] =
                    json!([{"PolicyName": policy, "PolicyArn": arn("policy", policy)}]);
            }
        });
        let told = told(&said, name);
        assert!(told.iter().any(|one| one.starts_with("granted")), "{policy}: {}", said.out);
    }
}

/// Also of whoever is nobody of the source.
#[test]
fn policies_that_aws_would_refuse_are_named() {
    let said = edited(|account| {
        account.add_role("ci", &json!({"Service": "ec2.amazonaws.com"}));
        account.put_inline("ci", &json!(""));
    });
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.out.contains("role/ci"), "{}", said.out);
}

#[test]
fn an_unknown_role_is_a_usage_error_that_names_the_nearest() {
    let said = drift_of(&Account::deployed(), &[], &["--role", "develper"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("did you mean `developer`?"), "{}", said.err);
    let only = drift_of(&Account::deployed(), &[], &["--role", "exec", "--format", "json"]);
    assert_eq!(only.json()["compared"].as_array().unwrap().len(), 1);
}

#[test]
fn drift_is_told_with_the_statement_the_call_and_what_was_not_looked_at() {
    let mut account = Account::deployed();
    account.put_inline(ROLE, &allow(&json!("ecs:UpdateService")));
    account.statements("fortem-exec").retain(|one| one["Sid"] != "ExecuteCommand");
    account.add_role("ci", &json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}));
    account.put_inline("ci", &allow(&json!("ecs:*")));
    insta::assert_snapshot!(drift_of(&account, &[], &[]).out);
    insta::assert_snapshot!(drift_of(&account, &[], &["--format", "md"]).out);
}
