//! Who can do something in an environment, and by which way.

use serde_json::{Value, json};

use crate::sandbox::{Said, Sandbox};

const ACCOUNT: &str = "111122223333";

fn arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

fn role(name: &str, environment: &str, trusted: &Value, statements: &Value) -> Value {
    json!({"RoleName": name, "Path": "/", "Arn": arn(name), "AttachedManagedPolicies": [],
           "Tags": [{"Key": "Environment", "Value": environment}],
           "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
               {"Sid": "Trust", "Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}]},
           "RolePolicyList": [{"PolicyName": "own",
                               "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}]})
}

fn exec(condition: &Value) -> Value {
    json!([{"Sid": "Exec", "Effect": "Allow", "Action": "ecs:ExecuteCommand", "Resource": "*", "Condition": condition}])
}

/// An account with somebody for each way.
fn account() -> String {
    let service = json!({"Service": "ecs-tasks.amazonaws.com"});
    let nobody = json!({"Service": "ec2.amazonaws.com"});
    let any = json!({});
    let tagged = json!({"StringEquals": {"aws:ResourceTag/Environment": "staging"}});
    let factor = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    let assume = |name: &str| json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn(name)}]);
    let pass = json!([{"Sid": "Pass", "Effect": "Allow", "Action": "iam:PassRole", "Resource": arn("worker")},
                      {"Effect": "Allow", "Action": "ecs:RunTask", "Resource": "*"}]);
    let roles = [
        role("admin", "prod", &json!({"AWS": arn("middle")}), &exec(&any)),
        role("careful", "prod", &nobody, &exec(&factor)),
        role("middle", "staging", &json!({"AWS": arn("first")}), &assume("admin")),
        role("first", "staging", &nobody, &assume("middle")),
        // Nobody trusts it, so what it may assume is of no use.
        role("outsider", "staging", &nobody, &assume("admin")),
        role("passer", "staging", &nobody, &pass),
        role("staging-only", "staging", &nobody, &exec(&tagged)),
        role("worker", "prod", &service, &exec(&any)),
    ];
    json!({"RoleDetailList": roles, "Policies": []}).to_string()
}

fn who_can(text: &str, arguments: &[&str]) -> Said {
    let sandbox = Sandbox::new(&[("account.json", text)]);
    let all: Vec<&str> = ["who-can", "account.json"].iter().chain(arguments).copied().collect();
    sandbox.run(&all)
}

#[test]
fn everybody_who_can_is_listed_with_way_condition_and_statement() {
    let said = who_can(&account(), &["-e", "prod", "-a", "ecs:ExecuteCommand"]);
    assert_eq!(said.code, 0, "{}", said.err);
    insta::assert_snapshot!(said.out);
}

#[test]
fn a_way_is_direct_or_by_a_role_that_is_passed_or_assumed() {
    let said = who_can(&account(), &["-e", "prod", "-a", "ecs:ExecuteCommand", "--format", "json"]);
    let ways = said.json()["ways"].as_array().unwrap().clone();
    let told: Vec<String> = ways
        .iter()
        .map(|way| {
            let name = way["principal"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            format!("{name} {}", way["by"]["way"].as_str().unwrap())
        })
        .collect();
    let expected = [
        "admin directly",
        "careful directly",
        "first assuming",
        "middle assuming",
        "passer passing-role",
        "worker directly",
    ];
    assert_eq!(told, expected);
    let first = ways.iter().find(|way| way["principal"] == arn("first").as_str()).unwrap();
    assert_eq!(first["by"]["roles"], json!([arn("middle"), arn("admin")]));
    let careful = ways.iter().find(|way| way["principal"] == arn("careful").as_str()).unwrap();
    assert_eq!(careful["conditions"], json!(["aws:multifactorauthpresent = true"]));
}

#[test]
fn tables_have_a_row_for_each_way() {
    let csv = who_can(&account(), &["-e", "prod", "-a", "ecs:ExecuteCommand", "--format", "csv"]);
    assert_eq!(csv.out.lines().count(), 7, "{}", csv.out);
    let md = who_can(&account(), &["-e", "prod", "-a", "ecs:ExecuteCommand", "--format", "md"]);
    assert_eq!(md.out.lines().filter(|line| line.starts_with("| `arn")).count(), 6, "{}", md.out);
}

#[test]
fn actions_may_be_patterns_and_are_expanded_by_the_reference() {
    let said = who_can(&account(), &["-e", "staging", "-a", "ecs:Exec*", "--format", "json"]);
    assert_eq!(said.json()["actions"], json!(["ecs:ExecuteCommand"]));
    assert!(said.out.contains("staging-only"), "{}", said.out);
    let said = who_can(&account(), &["-e", "staging", "-a", "iam:*"]);
    assert_eq!(said.code, 3);
    assert!(said.out.contains("more actions"), "{}", said.out);
}

#[test]
fn what_there_is_not_is_a_usage_error_that_names_the_nearest() {
    let said = who_can(&account(), &["-e", "stagging"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("did you mean `staging`?"), "{}", said.err);
    let said = who_can(&account(), &["-e", "prod", "-a", "ecs:UpdateServic"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("did you mean `ecs:UpdateService`?"), "{}", said.err);
}

#[test]
fn what_could_not_be_read_is_told() {
    let mut account: Value = serde_json::from_str(&account()).unwrap();
    account["RoleDetailList"][0]["AttachedManagedPolicies"] =
        json!([{"PolicyName": "x", "PolicyArn": "arn:aws:iam::aws:policy/Elsewhere"}]);
    let said = who_can(&account.to_string(), &["-e", "prod"]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.out.contains("Elsewhere"), "{}", said.out);
    assert_eq!(who_can("{\"RoleDetailList\": []}", &["-e", "prod"]).code, 3);
}

/// Ways by a role that nobody can say who assumes it.
#[test]
fn a_trust_policy_that_could_not_be_read_is_told() {
    let mut account: Value = serde_json::from_str(&account()).unwrap();
    account["RoleDetailList"][2]["AssumeRolePolicyDocument"] = json!("");
    let said = who_can(&account.to_string(), &["-e", "prod"]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.out.contains("role/middle") && said.out.contains("trust policy"), "{}", said.out);
}
