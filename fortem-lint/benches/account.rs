//! Judging a large account, and the peers on the same file: `cargo bench -p fortem-lint`.
//!
//! With `--write PATH` it only writes the account: the authorization details of 2,000 roles with three inline policies
//! each, some 12 MB, always the same.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench prints what it measured, and fails by panicking"
)]

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fortem_compile::reference::Reference;
use fortem_lint::check::{Selection, check};
use fortem_lint::environments::Environments;
use fortem_lint::input;
use fortem_lint::report::{self, Format, Style};

const ROLES: usize = 2000;
const ENVIRONMENTS: [&str; 4] = ["dev", "staging", "qa", "prod"];
const ACCOUNT: &str = "111122223333";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let account = account();
    if let Some(at) = arguments.iter().position(|one| one == "--write") {
        let path = arguments.get(at + 1).expect("--write takes a path");
        return std::fs::write(path, account).expect("the path can be written");
    }
    println!("{} bytes", account.len());
    let mut best = Duration::MAX;
    for round in 1..=5 {
        best = best.min(judge(round, &account));
    }
    let folder = tempfile::tempdir().expect("a folder for the account");
    let path = folder.path().join("account.json");
    std::fs::write(&path, account).expect("the account can be written");
    let peers = std::env::var("FORTEM_PEERS").unwrap_or_default();
    for peer in peers.split(';').map(str::trim).filter(|peer| !peer.is_empty()) {
        let taken = time(&peer.replace("{}", &path.to_string_lossy()));
        let ratio = taken.as_secs_f64() / best.as_secs_f64();
        println!("{peer}: {taken:.1?}, {ratio:.0} times as long");
    }
}

/// Reads and judges the account and writes the report to memory.
fn judge(round: usize, account: &str) -> Duration {
    let reference = Reference::builtin().expect("the built-in reference is valid");
    let text = account.to_owned();
    let begin = Instant::now();
    let reading = input::of_text("account.json", text, true);
    let read = begin.elapsed();
    let environments = Environments::inferred(&reading.units);
    let report = check(&reading.units, &environments, None, reference, &Selection::default());
    let judged = begin.elapsed();
    let mut out = Vec::new();
    report::write(&report, Format::Json, Style::default(), &mut out)
        .expect("memory can be written");
    let written = begin.elapsed();
    println!(
        "{round}: read {read:.1?}, judged {:.1?}, written {:.1?}; {} findings, {} bytes",
        judged.saturating_sub(read),
        written.saturating_sub(judged),
        report.findings.len(),
        out.len()
    );
    written
}

/// How long a command takes as a whole process; peers tell findings by their exit code, so that it is left aside.
fn time(command: &str) -> Duration {
    let begin = Instant::now();
    let mut process = Command::new("sh");
    process.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    process.status().expect("a shell");
    begin.elapsed()
}

/// The output of `aws iam get-account-authorization-details`.
fn account() -> String {
    let roles: Vec<String> = (0..ROLES).map(role).collect();
    format!(
        "{{\n    \"UserDetailList\": [],\n    \"GroupDetailList\": [],\n    \"RoleDetailList\": [\n{}\n    ],\n    \
         \"Policies\": []\n}}\n",
        roles.join(",\n")
    )
}

fn role(number: usize) -> String {
    let environment = ENVIRONMENTS[number % 4];
    let name = format!("{environment}-service-{number:04}");
    let mut policies = String::new();
    for (at, document) in
        [operate(number, environment), data(number, environment), deploy(number, environment)]
            .iter()
            .enumerate()
    {
        let comma = if at == 0 { "" } else { "," };
        write!(policies, "{comma}\n                {{\n                    \"PolicyName\": \"policy-{at}\",\n                    \"PolicyDocument\": {document}\n                }}")
            .expect("memory can be written");
    }
    format!(
        r#"        {{
            "Path": "/",
            "RoleName": "{name}",
            "RoleId": "AROA{number:017}",
            "Arn": "arn:aws:iam::{ACCOUNT}:role/{name}",
            "CreateDate": "2025-01-02T03:04:05+00:00",
            "AssumeRolePolicyDocument": {{
                "Version": "2012-10-17",
                "Statement": [
                    {{
                        "Effect": "Allow",
                        "Principal": {{
                            "Service": "ecs-tasks.amazonaws.com"
                        }},
                        "Action": "sts:AssumeRole"
                    }}
                ]
            }},
            "InstanceProfileList": [],
            "RolePolicyList": [{policies}
            ],
            "AttachedManagedPolicies": [],
            "Tags": [
                {{
                    "Key": "Environment",
                    "Value": "{environment}"
                }}
            ],
            "RoleLastUsed": {{
                "LastUsedDate": "2026-11-{:02}T00:00:00+00:00",
                "Region": "eu-west-1"
            }}
        }}"#,
        1 + number % 28
    )
}

/// A policy of some statements, indented as the AWS CLI does.
fn policy(statements: &[(&str, &[&str], String, Option<String>)]) -> String {
    let indent = " ".repeat(20);
    let mut text =
        format!("{{\n{indent}    \"Version\": \"2012-10-17\",\n{indent}    \"Statement\": [");
    for (at, (sid, actions, resource, condition)) in statements.iter().enumerate() {
        let actions: Vec<String> =
            actions.iter().map(|one| format!("{indent}                \"{one}\"")).collect();
        let condition = condition.as_ref().map(|condition| {
            format!(
                ",\n{indent}            \"Condition\": {{\n{indent}                \"StringEquals\": {{\n{indent}                    {condition}\n{indent}                }}\n{indent}            }}"
            )
        });
        write!(
            text,
            "{}\n{indent}        {{\n{indent}            \"Sid\": \"{sid}\",\n{indent}            \"Effect\": \"Allow\",\n{indent}            \"Action\": [\n{}\n{indent}            ],\n{indent}            \"Resource\": \"{resource}\"{}\n{indent}        }}",
            if at == 0 { "" } else { "," },
            actions.join(",\n"),
            condition.unwrap_or_default()
        )
        .expect("memory can be written");
    }
    write!(text, "\n{indent}    ]\n{indent}}}").expect("memory can be written");
    text
}

fn operate(number: usize, environment: &str) -> String {
    let own = r#""aws:ResourceTag/Environment": "${aws:PrincipalTag/Environment}""#.to_owned();
    // One in ten has no condition, and one in fifty everything.
    let condition = (!number.is_multiple_of(10)).then_some(own);
    let actions: &[&str] = if number.is_multiple_of(50) {
        &["ecs:*"]
    } else {
        &["ecs:UpdateService", "ecs:StopTask", "ecs:DescribeServices"]
    };
    policy(&[
        ("Operate", actions, "*".to_owned(), condition),
        (
            "Logs",
            &["logs:GetLogEvents", "logs:FilterLogEvents"],
            format!(
                "arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/ecs/{environment}/service-{number}:*"
            ),
            None,
        ),
    ])
}

fn data(number: usize, environment: &str) -> String {
    let bucket = format!("arn:aws:s3:::{environment}-bucket-{number}/*");
    let queue = format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:{environment}-queue-{number}");
    let table = format!("arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{environment}-table-{number}");
    policy(&[
        ("Objects", &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], bucket, None),
        ("Queue", &["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], queue, None),
        ("Table", &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], table, None),
    ])
}

fn deploy(number: usize, environment: &str) -> String {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/ecs/{environment}/service-{number}");
    let secret = format!(
        "arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:{environment}/service-{number}-*"
    );
    let passed = r#""iam:PassedToService": "ecs-tasks.amazonaws.com""#.to_owned();
    policy(&[
        ("Pass", &["iam:PassRole"], role, Some(passed)),
        (
            "Secrets",
            &["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            secret,
            None,
        ),
        (
            "Images",
            &["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability"],
            format!("arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/{environment}/service-{number}"),
            None,
        ),
    ])
}
