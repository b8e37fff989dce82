//! The service reference and the lowering table: what they claim, and that they fit together.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fortem_compile::reference::{Action, Carries, Reference, generate};
use fortem_compile::table::Table;
use fortem_core::Vocabulary;

const TAG: &str = "aws:ResourceTag/Environment";
const REQUEST: &str = "aws:RequestTag/Environment";

/// What the service authorization reference says of the calls that are emitted, pinned.
const FACTS: [(&str, Option<&str>, &str, char); 42] = [
    ("ecs:UpdateService", Some("service"), TAG, 'y'),
    ("ecs:UpdateService", Some("service"), "ecs:cluster", 'y'),
    ("ecs:UpdateService", Some("service"), "ecs:task-definition", 'y'),
    ("ecs:UpdateService", Some("service"), "ecs:enable-execute-command", 'y'),
    ("ecs:UpdateService", Some("service"), REQUEST, 'n'),
    ("ecs:UpdateService", Some("service"), "aws:TagKeys", 'n'),
    ("ecs:UpdateService", Some("task"), TAG, 'n'),
    ("ecs:StopTask", Some("task"), TAG, 'y'),
    ("ecs:StopTask", Some("task"), "ecs:cluster", 'y'),
    ("ecs:RunTask", Some("task-definition"), TAG, 'y'),
    ("ecs:RunTask", Some("task-definition"), REQUEST, 'y'),
    ("ecs:RunTask", Some("task-definition"), "aws:TagKeys", 'y'),
    ("ecs:RunTask", Some("task-definition"), "ecs:cluster", 'y'),
    ("ecs:RunTask", Some("task-definition"), "ecs:enable-execute-command", 'y'),
    ("ecs:RunTask", Some("task-definition"), "ecs:subnet", 'n'),
    ("ecs:RunTask", Some("task-definition"), "ecs:task-definition", 'n'),
    ("ecs:TagResource", Some("task"), REQUEST, 'y'),
    ("ecs:TagResource", Some("task"), "aws:TagKeys", 'y'),
    ("ecs:TagResource", Some("task"), "ecs:CreateAction", 'y'),
    ("ecs:TagResource", Some("task"), "ecs:cluster", 'n'),
    ("ecs:TagResource", Some("task"), TAG, '?'),
    ("ecs:ExecuteCommand", Some("cluster"), TAG, 'y'),
    ("ecs:ExecuteCommand", Some("task"), "ecs:cluster", 'y'),
    ("ecs:ExecuteCommand", Some("task"), "ecs:enable-execute-command", 'n'),
    ("ecs:DescribeClusters", Some("cluster"), TAG, 'y'),
    ("ecs:DescribeClusters", Some("cluster"), "ecs:cluster", 'n'),
    ("ecs:ListServices", None, "ecs:cluster", 'y'),
    ("ecs:ListServices", None, TAG, 'n'),
    ("ecs:ListTasks", Some("container-instance"), TAG, '?'),
    ("ecs:ListClusters", None, "ecs:cluster", 'n'),
    ("ecs:DescribeTaskDefinition", None, TAG, 'n'),
    ("logs:FilterLogEvents", Some("log-group"), TAG, 'y'),
    ("logs:GetLogEvents", Some("log-stream"), TAG, '?'),
    ("logs:GetQueryResults", Some("log-group"), TAG, '?'),
    ("logs:DescribeLogGroups", None, TAG, 'n'),
    ("elasticache:Connect", Some("user"), TAG, 'y'),
    // A type of resource lists it; tags of a request are the call's own.
    ("elasticache:Connect", Some("user"), REQUEST, 'n'),
    ("events:DisableRule", Some("rule-on-default-event-bus"), TAG, 'y'),
    ("scheduler:UpdateSchedule", Some("schedule"), TAG, '?'),
    ("iam:PassRole", Some("role"), "iam:PassedToService", 'y'),
    ("iam:PassRole", Some("role"), TAG, '?'),
    ("iam:PassRole", Some("role"), "aws:MultiFactorAuthPresent", 'y'),
];

#[test]
fn keys_are_carried_where_aws_says_so() {
    let reference = Reference::builtin().unwrap();
    for (action, kind, key, expected) in FACTS {
        let found = match reference.carries(action, kind, key) {
            Carries::Yes => 'y',
            Carries::Doubtful(_) => '?',
            Carries::No => 'n',
        };
        assert_eq!(found, expected, "{action} on {kind:?}, {key}");
        let shouted = reference.carries(&action.to_uppercase(), kind, &key.to_uppercase());
        assert_eq!(shouted, reference.carries(action, kind, key), "letter case of {action}");
    }
}

#[test]
fn what_is_not_known_is_not_carried() {
    let reference = Reference::builtin().unwrap();
    assert_eq!(reference.carries("ecs:Reboot", None, "aws:PrincipalArn"), Carries::No);
    assert_eq!(reference.carries("ecs:StopTask", Some("task"), "ecs:moon"), Carries::No);
    assert_eq!(reference.carries("ecs:StopTask", Some("moon"), TAG), Carries::No);
}

#[test]
fn patterns_find_api_actions_in_any_letter_case() {
    let reference = Reference::builtin().unwrap();
    let names = |pattern| -> Vec<&str> {
        reference.matching(pattern).into_iter().map(Action::name).collect()
    };
    assert_eq!(
        names("ECS:put*setting*"),
        ["ecs:PutAccountSetting", "ecs:PutAccountSettingDefault"]
    );
    assert!(names("*").len() > 700);
    assert_eq!(names("ecs:*"), reference.actions("ecs").map(Action::name).collect::<Vec<_>>());
}

#[test]
fn the_reference_has_its_date() {
    assert!(Reference::builtin().unwrap().date().starts_with("2026-"));
}

/// With the complete reference at hand (`FORTEM_SERVICE_REFERENCE`) the checked-in extract is current.
#[test]
fn the_checked_in_reference_is_what_the_generator_makes() {
    let Ok(path) = std::env::var("FORTEM_SERVICE_REFERENCE") else {
        println!("skipped: FORTEM_SERVICE_REFERENCE does not name the complete reference");
        return;
    };
    let made = generate::generate(&fs::read_to_string(path).unwrap()).unwrap();
    let checked_in = fs::read_to_string("data/service-reference.json").unwrap();
    assert!(made == checked_in, "run the example generate_reference");
}

#[test]
fn the_generator_drops_other_services_and_factors_out_keys() {
    let complete = r#"{
        "_meta": {"updated": "2026-01-01", "version": "1", "source": "s", "licence": "l"},
        "_condition_keys": {
            "aws:userid": {"type": "String", "global": true},
            "aws:TagKeys": {"type": "ArrayOfString", "global": true},
            "ecs:x": {"type": "String"},
            "s3:y": {"type": "String"}
        },
        "s3": {"Get": {"resources": [], "condition_keys": ["s3:y"]}},
        "ecs": {
            "A": {"resources": [{"type": "t", "arn": "arn:t", "condition_keys": ["k", "a"]}], "condition_keys": ["ecs:x"]},
            "B": {"resources": [{"type": "t", "arn": "arn:t", "condition_keys": ["k"]}], "condition_keys": []}
        }
    }"#;
    insta::assert_snapshot!(generate::generate(complete).unwrap());
    assert!(generate::generate("{}").is_err());
}

#[test]
fn each_action_of_the_vocabulary_is_lowered_or_never_granted() {
    let table = Table::builtin();
    let never: BTreeSet<&str> = table.never.iter().map(|row| row.action.as_str()).collect();
    for action in Vocabulary::builtin().actions() {
        for schedule in ["eventbridge-rule", "scheduler-group"] {
            let lowered =
                table.calls_of(action.name(), schedule).iter().any(|call| !call.supporting);
            assert!(lowered != never.contains(action.name()), "{} {schedule}", action.name());
        }
    }
}

#[test]
fn the_lowering_table_names_what_exists() {
    let (table, vocabulary) = (Table::builtin(), Vocabulary::builtin());
    let reference = Reference::builtin().unwrap();
    let rows = table.calls.iter().map(|row| (&row.actions, &row.api));
    for (actions, api) in rows.chain(table.blind.iter().map(|row| (&row.actions, &row.api))) {
        let spelled = reference.action(api).map(Action::name);
        assert_eq!(spelled, Some(api.as_str()));
        for action in actions {
            assert!(vocabulary.action(action).is_some(), "{api}: {action}");
        }
    }
    for kind in table.calls.iter().flat_map(|call| &call.kinds) {
        assert!(table.kind(kind).is_some(), "{kind}");
    }
}

/// A call that some key could tie to an environment is not called blind.
#[test]
fn tag_blind_calls_are_blind() {
    let reference = Reference::builtin().unwrap();
    for row in &Table::builtin().blind {
        let action = reference.action(&row.api).unwrap();
        assert!(action.resource_types().is_empty(), "{}", row.api);
        for key in [TAG, REQUEST, "ecs:cluster"] {
            assert_eq!(reference.carries(&row.api, None, key), Carries::No, "{} {key}", row.api);
        }
    }
}

/// Every ECS call on a resource whose key the reference offers is anchored to the cluster.
#[test]
fn ecs_calls_are_anchored_to_the_cluster_wherever_they_can_be() {
    use fortem_compile::table::Channel;
    let (table, reference) = (Table::builtin(), Reference::builtin().unwrap());
    for call in table.calls.iter().filter(|call| call.api.starts_with("ecs:")) {
        for kind in call.kinds.iter().filter_map(|kind| table.kind(kind)) {
            let offered = kind
                .types
                .iter()
                .any(|of| reference.carries(&call.api, Some(of), "ecs:cluster") == Carries::Yes);
            let by_arn =
                call.channels.contains(&Channel::Name) && kind.own[0].contains("{cluster}");
            let anchored = call.channels.contains(&Channel::Cluster) || by_arn;
            assert!(anchored || !offered, "{} on {}", call.api, kind.name);
        }
    }
}

/// A part of AWS's file on SQS.
const SQS: &str = "tests/reference";

#[test]
fn files_of_aws_stand_beside_the_built_in_reference() {
    let (builtin, read) = (Reference::builtin().unwrap(), Reference::read(Path::new(SQS)).unwrap());
    let carries = |reference: &Reference, api, key| reference.carries(api, Some("queue"), key);
    assert_eq!(carries(&read, "sqs:PurgeQueue", TAG), Carries::Yes);
    assert_eq!(carries(&read, "sqs:PurgeQueue", "aws:TagKeys"), Carries::No);
    assert_eq!(carries(&read, "sqs:UntagQueue", "aws:TagKeys"), Carries::Yes);
    assert_eq!(carries(&read, "sqs:PurgeQueue", "aws:PrincipalArn"), Carries::Yes);
    assert_eq!(carries(builtin, "sqs:PurgeQueue", TAG), Carries::No);
    assert!(read.has_service("ecs") && read.has_service("sqs"));
    let count = |reference: &Reference| reference.matching("*").len();
    assert_eq!(count(&read), count(builtin) + 14);
    // The oldest data in it.
    assert_eq!(read.date(), builtin.date());
}

#[test]
fn a_service_in_newer_data_has_nothing_of_the_built_in() {
    let folder = tempfile::tempdir().unwrap();
    let events = r#"{"Name": "events", "Resources": [
        {"Name": "rule", "ConditionKeys": ["aws:ResourceTag/${TagKey}"], "ARNFormats": [
            "arn:${Partition}:events:${Region}:${Account}:rule/${Rule}",
            "arn:${Partition}:events:${Region}::rule/${Bus}/${Rule}"]}],
        "Actions": [{"Name": "DisableRule", "Resources": [
            {"Name": "rule", "ConditionKeys": ["events:creatorAccount"]}, {"Name": "unknown"}]}],
        "ConditionKeys": [{"Name": "events:creatorAccount", "Types": ["String"]}]}"#;
    fs::write(folder.path().join("events.json"), events).unwrap();
    fs::write(folder.path().join("date"), "2020-02-02\n").unwrap();
    let read = Reference::read(folder.path()).unwrap();
    let names: Vec<&str> = read.actions("events").map(Action::name).collect();
    assert_eq!(names, ["events:DisableRule"]);
    let [rule] = read.action("events:disablerule").unwrap().resource_types() else { panic!() };
    assert_eq!(rule.keys(), ["aws:resourcetag/${tagkey}", "events:creatoraccount"]);
    // Both forms of its ARN, and more: what may be reached is looked at.
    assert!(rule.arn().matches("arn:aws:events:eu-west-1:111122223333:rule/nightly"));
    assert!(rule.arn().matches("arn:aws:events:eu-west-1::rule/bus/nightly"));
    assert_eq!(read.date(), "2020-02-02");
    let day = "2020-12-31".parse().unwrap();
    assert_eq!(read.days_old(day), Some(333));
}

/// With the complete reference at hand, reading it is as good as building it in.
#[test]
fn the_complete_reference_can_be_read() {
    let Ok(path) = std::env::var("FORTEM_SERVICE_REFERENCE") else {
        println!("skipped: FORTEM_SERVICE_REFERENCE does not name the complete reference");
        return;
    };
    let (builtin, read) =
        (Reference::builtin().unwrap(), Reference::read(Path::new(&path)).unwrap());
    assert_eq!(read.date(), builtin.date());
    assert!(read.matching("*").len() > builtin.matching("*").len());
    for action in builtin.matching("*") {
        assert_eq!(read.action(action.name()), Some(action));
    }
}

#[test]
fn what_is_no_service_reference_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let whole = Reference::read(folder.path()).unwrap_err();
        let alone = Reference::read(&path).unwrap_err();
        fs::remove_file(path).unwrap();
        let folder = format!("{}/", folder.path().display());
        let text = format!("{name}\n  {}: {whole}\n  {}: {alone}\n", whole.code(), alone.code());
        text.replace(&folder, "").replace(folder.trim_end_matches('/'), "DIR")
    };
    let sqs = fs::read_to_string(format!("{SQS}/sqs.json")).unwrap();
    let type_of = |name: &str| sqs.replace("ArrayOfString", name);
    let complete = r#"{"_meta": {"updated": "DATE", "version": "1", "source": "s", "licence": "l"}, "_condition_keys": {}}"#;
    let mut all = String::new();
    for (name, text) in [
        ("broken.json", "{"),
        ("other.json", "{}"),
        ("list.json", "[]"),
        ("undated.json", &sqs),
        ("misdated.json", complete),
        ("notes.txt", "see AWS"),
    ] {
        all += &told(name, text);
    }
    fs::write(folder.path().join("date"), "yesterday").unwrap();
    all += &told("misdated-by-file.json", &sqs);
    fs::write(folder.path().join("date"), "2026-10-05").unwrap();
    all += &told("odd-type.json", &type_of("ArrayOfRiddle"));
    insta::assert_snapshot!(all);
}
