//! What was not read of a snapshot: each rule that rests on it says so, and finds nothing in the absence.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fortem_compile::reference::Reference;
use fortem_lint::check::{Report, Selection, check};
use fortem_lint::environments::Environments;
use fortem_lint::finding::Persona;
use fortem_lint::input;
use fortem_lint::rules::{self, Input};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const IMAGE: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:latest";

/// The lists with resources that may have tags.
const TAGGED: &[&str] = &[
    "clusters",
    "services",
    "tasks",
    "taskDefinitions",
    "containerInstances",
    "capacityProviders",
    "logGroups",
    "replicationGroups",
    "cacheClusters",
    "serverlessCaches",
    "cacheUsers",
    "cacheUserGroups",
    "eventRules",
    "scheduleGroups",
    "scalableTargets",
    "secrets",
    "parameters",
    "repositories",
    "trails",
];

/// The others.
const UNTAGGED: &[&str] = &["accountSettings", "schedules"];

/// What tells which environments a task definition serves.
const USES: &[&str] = &["clusters", "services", "tasks", "taskDefinitions"];

/// Each rule that looks at what runs, and the lists that it rests on.
const RESTS_ON: &[(&str, &[&str])] = &[
    ("FL001", &["clusters"]),
    ("FL002", &["services"]),
    ("FL003", &["tasks"]),
    ("FL004", &["taskDefinitions"]),
    ("FL005", &["containerInstances", "capacityProviders"]),
    ("FL006", &["logGroups", "taskDefinitions"]),
    (
        "FL007",
        &[
            "replicationGroups",
            "cacheClusters",
            "serverlessCaches",
            "cacheUsers",
            "cacheUserGroups",
        ],
    ),
    ("FL009", &["schedules", "scheduleGroups", "eventRules", "scalableTargets"]),
    ("FL010", &["taskDefinitions", "secrets", "parameters"]),
    ("FL011", &["tasks"]),
    ("FL020", TAGGED),
    ("FL021", TAGGED),
    ("FL022", TAGGED),
    ("FL023", TAGGED),
    ("FL024", &["clusters", "services", "tasks", "taskDefinitions", "logGroups"]),
    ("FL025", TAGGED),
    ("FL027", TAGGED),
    ("FL028", &["services", "tasks"]),
    ("FL134", TAGGED),
    ("FL206", USES),
    ("FL506", &["clusters", "services", "tasks"]),
    ("FL507", &["clusters"]),
    ("FL601", &["clusters", "services", "taskDefinitions"]),
    ("FL602", &["clusters", "services", "tasks"]),
    ("FL603", &["clusters", "services", "eventRules", "schedules"]),
    ("FL604", &["services"]),
    ("FL605", &["accountSettings"]),
    ("FL606", &["accountSettings"]),
    ("FL607", USES),
    ("FL608", USES),
    ("FL609", &["taskDefinitions"]),
    ("FL610", &["clusters", "services", "tasks", "taskDefinitions", "repositories"]),
    ("FL611", USES),
    ("FL612", &["clusters", "services"]),
    ("FL613", &["trails"]),
    ("FL614", &["taskDefinitions", "logGroups"]),
    ("FL615", &["taskDefinitions"]),
    ("FL616", &["services"]),
];

/// Rules that are about the gaps themselves, or that the snapshot here gives no occasion to judge.
const ASIDE: &[&str] = &["FL226", "FL508", "FL510"];

fn arn(region: &str, rest: &str) -> String {
    format!("arn:aws:ecs:{region}:{ACCOUNT}:{rest}")
}

fn tags(environment: &str) -> Value {
    json!([{"key": "Environment", "value": environment}])
}

/// A Region's file with every list, each of them empty.
fn empty() -> Value {
    let lists = TAGGED.iter().chain(UNTAGGED).map(|list| ((*list).to_owned(), json!([])));
    Value::Object(lists.collect())
}

/// A task definition with a container of an image that several environments run.
fn definition(name: &str, role: &str, environment: &str) -> Value {
    json!({"taskDefinitionArn": arn("eu-west-1", &format!("task-definition/{name}:1")), "family": name, "revision": 1,
        "status": "ACTIVE", "requiresCompatibilities": ["EC2", "FARGATE"], "tags": tags(environment),
        "taskRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
        "containerDefinitions": [{"name": name, "image": IMAGE,
            "secrets": [{"name": "KEY", "valueFrom": format!("arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:key-a1b2c3")}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": format!("/ecs/{name}")}}}]})
}

/// A service on hosts.
fn service(name: &str) -> Value {
    json!({"serviceArn": arn("eu-west-1", &format!("service/fleet/{name}")), "serviceName": name, "status": "ACTIVE",
        "clusterArn": arn("eu-west-1", "cluster/fleet"), "launchType": "EC2", "propagateTags": "SERVICE",
        "enableExecuteCommand": true, "taskDefinition": arn("eu-west-1", &format!("task-definition/{name}:1")),
        "tags": tags("staging")})
}

/// A Region in which all that is one fault less is held by one list: the roles of services, that tags of images cannot be
/// moved, the only resource of `dev`, and the only one with the key `Env`.
fn ireland() -> Value {
    let mut region = empty();
    region["clusters"] = json!([{"clusterArn": arn("eu-west-1", "cluster/fleet"), "clusterName": "fleet",
        "status": "ACTIVE", "tags": tags("staging")}]);
    region["services"] = json!([service("agent"), service("batch")]);
    region["tasks"] = json!([{"taskArn": arn("eu-west-1", "task/fleet/0a1b"), "group": "service:agent",
        "clusterArn": arn("eu-west-1", "cluster/fleet"), "lastStatus": "RUNNING", "tags": tags("staging"),
        "taskDefinitionArn": arn("eu-west-1", "task-definition/agent:1")}]);
    region["taskDefinitions"] = json!([
        definition("web-prod", "web-prod", "prod"),
        definition("agent", "agent", "staging"),
        definition("batch", "agent", "staging")
    ]);
    region["repositories"] = json!([{"repositoryName": "web", "imageTagMutability": "IMMUTABLE",
        "repositoryArn": format!("arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/web"),
        "repositoryUri": IMAGE.trim_end_matches(":latest")}]);
    region["logGroups"] = json!([{"logGroupName": "/ecs/dev", "retentionInDays": 400,
        "arn": format!("arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/ecs/dev"), "tags": {"Environment": "dev"}}]);
    region["secrets"] = json!([{"Name": "key", "ARN": format!("arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:key-a1b2c3"),
        "Tags": [{"Key": "Environment", "Value": "staging"}, {"Key": "Env", "Value": "staging"}]}]);
    region["trails"] = json!([{"Name": "all", "TrailARN": format!("arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/all"),
        "IsMultiRegionTrail": true, "LogFileValidationEnabled": true, "IsLogging": true}]);
    region
}

/// A Region where only the cluster says that it is of `staging` too.
fn virginia() -> Value {
    let mut region = empty();
    region["clusters"] = json!([{"clusterArn": arn("us-east-1", "cluster/fleet"), "clusterName": "fleet",
        "status": "ACTIVE", "tags": tags("staging")}]);
    region["services"] = json!([{"serviceArn": arn("us-east-1", "service/fleet/agent"), "serviceName": "agent",
        "clusterArn": arn("us-east-1", "cluster/fleet"), "status": "ACTIVE", "tags": []}]);
    region["trails"] = ireland()["trails"].clone();
    region
}

fn role(name: &str, environment: &str, statements: &Value) -> Value {
    json!({"RoleName": name, "Path": "/", "Arn": format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}, "Action": "sts:AssumeRole"}]},
        "RolePolicyList": [{"PolicyName": "ops",
            "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}],
        "AttachedManagedPolicies": [], "Tags": [{"Key": "Environment", "Value": environment}]})
}

fn iam() -> Value {
    let open = json!([
        {"Sid": "Own", "Effect": "Allow", "Action": "ecs:UpdateService",
         "Resource": format!("arn:aws:ecs:*:{ACCOUNT}:service/fleet/*")},
        {"Sid": "Key", "Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*",
         "Condition": {"StringEquals": {"aws:ResourceTag/Env": "staging"}}}
    ]);
    let log = json!([{"Effect": "Allow", "Action": "logs:GetLogEvents",
        "Resource": format!("arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/ecs/dev:*")}]);
    json!({"UserDetailList": [], "GroupDetailList": [], "Policies": [], "RoleDetailList": [
        role("developer-staging", "staging", &open), role("developer-dev", "dev", &log),
        role("developer-prod", "prod", &json!([]))]})
}

/// A snapshot of the account, with what its manifest says to be unread.
struct Snapshot {
    regions: [(&'static str, Value); 2],
    unread: Vec<Value>,
    management: Option<&'static str>,
}

impl Snapshot {
    fn whole() -> Self {
        let regions = [("eu-west-1", ireland()), ("us-east-1", virginia())];
        Self { regions, unread: Vec::new(), management: Some(ACCOUNT) }
    }

    /// Without a list in any Region.
    fn without(list: &str) -> Self {
        let mut snapshot = Self::whole();
        for (_, region) in &mut snapshot.regions {
            region.as_object_mut().unwrap().remove(list);
        }
        snapshot
    }

    /// Of a list without its last element in any Region, as the manifest says.
    fn short_of(list: &str) -> Self {
        let mut snapshot = Self::whole();
        for (name, region) in &mut snapshot.regions {
            region[list].as_array_mut().unwrap().pop();
            snapshot.unread.push(unread(name, "ecs", "Describe", &[list]));
        }
        snapshot
    }

    fn write(&self, folder: &Path) {
        let account = folder.join(ACCOUNT);
        fs::create_dir_all(&account).unwrap();
        let names: Vec<&str> = self.regions.iter().map(|(name, _)| *name).collect();
        let mut manifest = json!({"schema": "fortem-snapshot", "version": 1, "regions": names,
            "accounts": [{"id": ACCOUNT}], "unread": self.unread});
        if let Some(management) = self.management {
            manifest["management_account"] = management.into();
        }
        fs::write(folder.join("snapshot.json"), manifest.to_string()).unwrap();
        fs::write(account.join("iam.json"), iam().to_string()).unwrap();
        for (name, region) in &self.regions {
            fs::write(account.join(format!("{name}.json")), region.to_string()).unwrap();
        }
    }

    fn judge(&self) -> Report {
        let folder = tempfile::tempdir().unwrap();
        self.write(folder.path());
        let (entries, problems) = input::entries(&[folder.path().to_owned()]);
        assert!(problems.is_empty(), "{problems:?}");
        let reading = input::read(entries.first().unwrap());
        let environments = Environments::inferred(&reading.units);
        let selection = Selection { persona: Some(Persona::Auditor), ..Selection::default() };
        check(&reading.units, &environments, None, Reference::builtin().unwrap(), &selection)
    }
}

fn unread(region: &str, service: &str, call: &str, lists: &[&str]) -> Value {
    json!({"account": ACCOUNT, "region": region, "service": service, "call": call,
        "reason": "AccessDenied", "lists": lists})
}

fn told(report: &Report) -> String {
    report.not_assessed.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Whether a report says that a rule is not judged, or in part, for want of something.
fn says(report: &Report, what: &str, rule: &str) -> bool {
    told(report).lines().any(|line| line.starts_with(what) && line.contains(rule))
}

/// What was found, but for that something is missing.
fn found(report: &Report) -> BTreeSet<String> {
    let findings = report.findings.iter().filter(|one| one.rule != "FL508");
    findings
        .map(|one| {
            let text = |field: &Option<String>| field.clone().unwrap_or_default();
            format!("{} {} {}", one.rule, text(&one.resource), text(&one.principal))
        })
        .collect()
}

#[test]
fn every_rule_about_what_runs_has_its_lists_here() {
    let known: BTreeSet<&str> =
        RESTS_ON.iter().map(|(rule, _)| *rule).chain(ASIDE.iter().copied()).collect();
    let rules = rules::all().iter().map(|rule| rule.meta());
    let missing: Vec<&str> = rules
        .filter(|meta| meta.needs.contains(&Input::Resources) && !known.contains(meta.id))
        .map(|meta| meta.id)
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_whole_snapshot_has_no_gaps() {
    let report = Snapshot::whole().judge();
    assert_eq!(told(&report), "");
    let found = found(&report);
    for rule in ["FL022", "FL025", "FL134", "FL607", "FL610"] {
        assert!(!found.iter().any(|one| one.starts_with(rule)), "{rule}: {found:#?}");
    }
}

#[test]
fn a_rule_without_a_list_that_it_rests_on_says_so_and_invents_nothing() {
    let whole = found(&Snapshot::whole().judge());
    let mut wrong = Vec::new();
    for list in TAGGED.iter().chain(UNTAGGED) {
        for (how, snapshot) in
            [("without", Snapshot::without(list)), ("short of", Snapshot::short_of(list))]
        {
            let report = snapshot.judge();
            let invented = found(&report);
            let invented = invented.difference(&whole);
            wrong.extend(invented.map(|one| format!("{how} {list}, invented: {one}")));
            let resting = RESTS_ON.iter().filter(|(_, lists)| lists.contains(list));
            let silent = resting.filter(|(rule, _)| !says(&report, &format!("{list} in "), rule));
            wrong.extend(silent.map(|(rule, _)| format!("{how} {list}, silent: {rule}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tags_that_were_not_read_are_told_and_prove_nothing() {
    let mut snapshot = Snapshot::whole();
    snapshot.unread.push(unread("eu-west-1", "logs", "ListTagsForResource", &[]));
    let (_, region) = snapshot.regions.first_mut().unwrap();
    region["logGroups"][0].as_object_mut().unwrap().remove("tags");
    let report = snapshot.judge();
    let whole = found(&Snapshot::whole().judge());
    assert_eq!(found(&report).difference(&whole).collect::<Vec<_>>(), [""; 0]);
    for rule in ["FL020", "FL021", "FL022", "FL023", "FL024", "FL025", "FL027", "FL134"] {
        assert!(says(&report, "tags of logGroups in eu-west-1", rule), "{rule}: {}", told(&report));
    }
}

/// The snapshot without the only resource of `dev`, and not because it was not read.
fn without_dev() -> Snapshot {
    let mut snapshot = Snapshot::whole();
    let (_, region) = snapshot.regions.first_mut().unwrap();
    region["logGroups"] = json!([]);
    snapshot
}

fn misses_dev(report: &Report) -> bool {
    let mut of_rule = report.findings.iter().filter(|one| one.rule == "FL025");
    of_rule.any(|one| one.message.starts_with("no resource is tagged `dev`"))
}

#[test]
fn an_environment_has_no_resources_only_where_every_region_was_read() {
    assert!(misses_dev(&without_dev().judge()));
    let cases = [
        (
            unread("", "ec2", "DescribeRegions", &[]),
            "resources of account 111122223333 read in part",
        ),
        (
            unread("ap-south-1", "ecs", "ListClusters", &["clusters"]),
            "resources in ap-south-1 of account 111122223333 not read",
        ),
        (
            unread("us-east-1", "ecs", "ListClusters", &[]),
            "resources in us-east-1 of account 111122223333 read in part",
        ),
    ];
    for (gap, expected) in cases {
        let mut snapshot = without_dev();
        snapshot.unread.push(gap);
        let report = snapshot.judge();
        assert!(!misses_dev(&report), "{expected}");
        for rule in ["FL020", "FL021", "FL022", "FL023", "FL025", "FL027", "FL134"] {
            assert!(says(&report, expected, rule), "{rule}: {}", told(&report));
        }
    }
    let mut snapshot = without_dev();
    snapshot.unread.push(unread("", "iam", "ListAccessKeys", &[]));
    assert!(misses_dev(&snapshot.judge()), "keys of users are no resources");
}

#[test]
fn whether_an_account_manages_the_organization_is_told_where_it_is_not_known() {
    let expected = "the Organization of account 111122223333 not read, so not judged by FL506";
    let mut snapshot = Snapshot { management: None, ..Snapshot::whole() };
    assert_eq!(told(&snapshot.judge()), "");
    snapshot.unread.push(unread("", "organizations", "DescribeOrganization", &[]));
    assert_eq!(told(&snapshot.judge()), expected);
}
