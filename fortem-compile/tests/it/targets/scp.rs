//! Service control policies: what they deny to everybody, what they leave alone, and whom they exempt. Calls are
//! made by somebody whose own policies allow everything.

use std::collections::BTreeSet;

use fortem_compile::compile;
use fortem_compile::iam::{Decision, Document, DocumentKind, NamedDocument, Policies};
use fortem_compile::reference::{Action, Carries, Reference};
use fortem_compile::target::{Target, Targets, targets};

use super::{ORGANIZATION, parse, request, sample, source, text, with_a_part_less, witness};

const ALL: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;

const PERSON: &str = "arn:aws:iam::111122223333:role/developer";
const PLATFORM: &str = "arn:aws:iam::111122223333:role/platform-admin";
const BROKER: &str = "arn:aws:iam::111122223333:role/broker";
const TASK_OF_PROD: &str = "arn:aws:iam::444455556666:role/ecs/prod/web";

const SERVICE: &str = "arn:aws:ecs:eu-west-1:111122223333:service/staging/web";
const DEFINITION: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/staging-web:7";
const CACHE: &str = "arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:redis-staging";
const GROUP: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/staging/web";
const PROD: &str = "arn:aws:ecs:eu-west-1:444455556666:cluster/prod";
const STAGING: &str = "arn:aws:ecs:eu-west-1:111122223333:cluster/staging";
const FARGATE: &str = "arn:aws:ecs:eu-west-1:111122223333:capacity-provider/FARGATE";
const INSTANCES: &str = "arn:aws:ecs:eu-west-1:111122223333:capacity-provider/instances";

/// Who does what to what, in which circumstances, and whether it is allowed; `""` for nobody's role: a call that
/// is not signed.
type Case =
    (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)], bool);

const TAGGED: &[(&str, &str)] = &[("aws:RequestTag/Environment", "staging")];
const MISTAGGED: &[(&str, &str)] = &[("aws:RequestTag/Environment", "stagin")];
const KEY: &[(&str, &str)] = &[("aws:TagKeys", "Service|environment")];
const OTHER_KEY: &[(&str, &str)] = &[("aws:TagKeys", "Service")];

const TAG_ON_CREATE: &[Case] = &[
    (PERSON, "ecs:RunTask", DEFINITION, &[], false),
    (PERSON, "ecs:RunTask", DEFINITION, TAGGED, true),
    (PERSON, "ecs:CreateService", SERVICE, &[], false),
    (PERSON, "ecs:DescribeServices", SERVICE, &[], true),
    (PLATFORM, "ecs:RunTask", DEFINITION, &[], true),
];

const TAG_VALUES: &[Case] = &[
    (PERSON, "ecs:RunTask", DEFINITION, MISTAGGED, false),
    (PERSON, "ecs:RunTask", DEFINITION, TAGGED, true),
    (PERSON, "ecs:CreateService", SERVICE, &[("aws:RequestTag/Environment", "prod")], true),
    (PERSON, "ecs:CreateService", SERVICE, &[("aws:RequestTag/Environment", "production")], false),
    (PLATFORM, "ecs:RunTask", DEFINITION, MISTAGGED, true),
];

const TAG_PROTECTION: &[Case] = &[
    (PERSON, "ecs:TagResource", SERVICE, KEY, false),
    (PERSON, "ecs:UntagResource", SERVICE, KEY, false),
    (PERSON, "ecs:TagResource", SERVICE, OTHER_KEY, true),
    // A creating call is authorized for its tags.
    (
        PERSON,
        "ecs:TagResource",
        SERVICE,
        &[("aws:TagKeys", "Environment"), ("ecs:CreateAction", "CreateService")],
        true,
    ),
    (PERSON, "logs:TagLogGroup", GROUP, KEY, false),
    (PERSON, "logs:UntagResource", GROUP, KEY, false),
    (PERSON, "elasticache:AddTagsToResource", CACHE, KEY, false),
    (PERSON, "elasticache:RemoveTagsFromResource", CACHE, KEY, false),
    (PLATFORM, "ecs:TagResource", SERVICE, KEY, true),
    (
        PERSON,
        "ecs:PutAccountSetting",
        "*",
        &[("ecs:account-setting", "tagResourceAuthorization")],
        false,
    ),
    (PERSON, "ecs:PutAccountSetting", "*", &[("ecs:account-setting", "awsvpcTrunking")], true),
    (PERSON, "ecs:PutAccountSettingDefault", "*", &[], false),
    (PLATFORM, "ecs:PutAccountSettingDefault", "*", &[], true),
];

const PRINCIPAL_TAGS: &[Case] = &[
    (PERSON, "iam:TagRole", PERSON, KEY, false),
    (PERSON, "iam:UntagRole", PERSON, KEY, false),
    (PERSON, "iam:TagRole", PERSON, OTHER_KEY, true),
    (PERSON, "iam:CreateRole", PERSON, KEY, false),
    (PERSON, "iam:CreateRole", PERSON, &[], true),
    (PERSON, "iam:CreateUser", "arn:aws:iam::111122223333:user/bob", KEY, false),
    (PERSON, "iam:TagUser", "arn:aws:iam::111122223333:user/bob", KEY, false),
    (PLATFORM, "iam:TagRole", PERSON, KEY, true),
    (
        PERSON,
        "iam:UpdateAssumeRolePolicy",
        PERSON,
        &[("aws:ResourceTag/Environment", "dev")],
        false,
    ),
    (PERSON, "iam:UpdateAssumeRolePolicy", PERSON, &[], true),
    (
        PLATFORM,
        "iam:UpdateAssumeRolePolicy",
        PERSON,
        &[("aws:ResourceTag/Environment", "dev")],
        true,
    ),
    // Whoever can make a role of an exempt name is exempt.
    (PERSON, "iam:CreateRole", PLATFORM, &[], false),
    (PERSON, "iam:PassRole", PLATFORM, &[], false),
    (PLATFORM, "iam:UpdateAssumeRolePolicy", PLATFORM, &[], true),
];

const SESSION_TAGS: &[Case] = &[
    (PERSON, "sts:TagSession", PERSON, KEY, false),
    (PERSON, "sts:TagSession", PERSON, OTHER_KEY, true),
    (BROKER, "sts:TagSession", PERSON, KEY, true),
    ("", "sts:TagSession", PERSON, KEY, true),
    (PLATFORM, "sts:TagSession", PERSON, KEY, true),
    (PERSON, "iam:CreateSAMLProvider", "arn:aws:iam::111122223333:saml-provider/own", &[], false),
    (BROKER, "iam:CreateSAMLProvider", "arn:aws:iam::111122223333:saml-provider/own", &[], false),
    (PLATFORM, "iam:CreateSAMLProvider", "arn:aws:iam::111122223333:saml-provider/own", &[], true),
];

const FARGATE_ONLY: &[Case] = &[
    (PERSON, "ecs:StartTask", DEFINITION, &[], false),
    (PERSON, "ecs:RegisterContainerInstance", STAGING, &[], false),
    (PLATFORM, "ecs:StartTask", DEFINITION, &[], true),
    (
        PERSON,
        "ecs:RegisterTaskDefinition",
        DEFINITION,
        &[("ecs:compute-compatibility", "FARGATE")],
        true,
    ),
    (
        PERSON,
        "ecs:RegisterTaskDefinition",
        DEFINITION,
        &[("ecs:compute-compatibility", "FARGATE|EC2")],
        false,
    ),
    (PERSON, "ecs:RegisterTaskDefinition", DEFINITION, &[], false),
    (
        PLATFORM,
        "ecs:RegisterTaskDefinition",
        DEFINITION,
        &[("ecs:compute-compatibility", "EC2")],
        true,
    ),
    (PLATFORM, "ecs:RegisterTaskDefinition", DEFINITION, &[], true),
    (PERSON, "ecs:CreateService", SERVICE, &[("ecs:capacity-provider", FARGATE)], true),
    (PERSON, "ecs:CreateService", SERVICE, &[("ecs:capacity-provider", INSTANCES)], false),
    (PERSON, "ecs:CreateService", SERVICE, &[], true),
    (PLATFORM, "ecs:CreateService", SERVICE, &[("ecs:capacity-provider", INSTANCES)], true),
];

const OWN: (&str, &str) = ("aws:ResourceTag/Environment", "staging");

const GUARDS: &[Case] = &[
    (PERSON, "ecs:UpdateService", SERVICE, &[OWN, ("ecs:cluster", STAGING)], true),
    (PERSON, "ecs:UpdateService", SERVICE, &[("ecs:cluster", STAGING)], false),
    (
        PERSON,
        "ecs:UpdateService",
        SERVICE,
        &[("aws:ResourceTag/Environment", "prod"), ("ecs:cluster", STAGING)],
        false,
    ),
    (PERSON, "ecs:UpdateService", SERVICE, &[OWN, ("ecs:cluster", PROD)], false),
    // What no action of the vocabulary is.
    (PERSON, "ecs:DeleteService", SERVICE, &[OWN, ("ecs:cluster", PROD)], false),
    (PERSON, "ecs:DeleteCluster", PROD, &[OWN], false),
    (
        PERSON,
        "logs:DeleteLogGroup",
        "arn:aws:logs:eu-west-1:1:log-group:/ecs/prod/web:*",
        &[OWN],
        false,
    ),
    (
        PERSON,
        "ecs:RegisterTaskDefinition",
        DEFINITION,
        &[("aws:RequestTag/Environment", "prod")],
        false,
    ),
    (PERSON, "ecs:RegisterTaskDefinition", DEFINITION, TAGGED, true),
    // Whatever makes a log group without a tag goes on doing so, and nobody reads it.
    (
        PERSON,
        "logs:CreateLogGroup",
        "arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/hello:*",
        &[],
        true,
    ),
    (
        PERSON,
        "logs:FilterLogEvents",
        "arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/hello:*",
        &[],
        false,
    ),
    (PERSON, "s3:GetObject", "arn:aws:s3:::bucket/key", &[], true),
    (
        TASK_OF_PROD,
        "logs:PutLogEvents",
        "arn:aws:logs:eu-west-1:1:log-group:/ecs/prod/web:log-stream:a",
        &[],
        true,
    ),
    (
        TASK_OF_PROD,
        "ecs:UpdateTaskProtection",
        "arn:aws:ecs:eu-west-1:1:task/prod/1",
        &[("ecs:cluster", PROD)],
        true,
    ),
    (PLATFORM, "ecs:UpdateService", SERVICE, &[("ecs:cluster", PROD)], true),
    (PLATFORM, "ecs:DeleteCluster", PROD, &[], true),
    (PLATFORM, "ecs:RegisterTaskDefinition", DEFINITION, MISTAGGED, true),
    (TASK_OF_PROD, "ecs:RunTask", DEFINITION, &[("aws:RequestTag/Environment", "prod")], true),
];

const FILES: [(&str, &[Case]); 7] = [
    ("scp/fargate-only.json", FARGATE_ONLY),
    ("scp/guards.json", GUARDS),
    ("scp/principal-tags.json", PRINCIPAL_TAGS),
    ("scp/session-tags.json", SESSION_TAGS),
    ("scp/tag-on-create.json", TAG_ON_CREATE),
    ("scp/tag-protection.json", TAG_PROTECTION),
    ("scp/tag-values.json", TAG_VALUES),
];

fn administrator(scps: Vec<Document>) -> Policies {
    let all = || Document::parse(ALL).unwrap();
    let full = Document::parse_as(DocumentKind::ServiceControl, ALL).unwrap();
    let level = [full].into_iter().chain(scps).collect();
    Policies::of_identity([NamedDocument::new("all", all())]).with_scps(vec![level])
}

/// The cases that come out otherwise.
fn wrong(scp: &str, cases: &[Case]) -> Vec<String> {
    let policies = administrator(vec![parse(scp, DocumentKind::ServiceControl)]);
    let mut wrong = Vec::new();
    for (who, action, resource, context, allowed) in cases {
        let mut request = request(action, resource, context);
        if !who.is_empty() {
            request.context_mut().insert("aws:PrincipalArn", *who);
        }
        if (policies.decide(&request).decision() == Decision::Allow) != *allowed {
            wrong.push(format!("{who} {action} {resource} {context:?}: expected {allowed}"));
        }
    }
    wrong
}

fn with_organization(settings: &str, work: impl FnOnce(&Targets)) {
    let source = sample(settings);
    let compiled = compile(&source, &[]).unwrap();
    work(&targets(&source, &compiled, &[Target::Scp]).unwrap());
}

#[test]
fn each_policy_denies_what_it_is_for_and_nothing_else() {
    with_organization(ORGANIZATION, |written| {
        let files: Vec<_> = written.artifacts.iter().map(|one| one.file.as_str()).collect();
        assert_eq!(files, FILES.map(|(file, _)| file));
        for (file, cases) in FILES {
            assert_eq!(wrong(text(written, file), cases), Vec::<String>::new(), "{file}");
        }
    });
}

#[test]
fn a_policy_with_a_part_missing_fails_its_cases() {
    with_organization(ORGANIZATION, |written| {
        let mut unnoticed = Vec::new();
        for (file, cases) in FILES {
            for (missing, changed) in with_a_part_less(text(written, file)) {
                // A policy without statements is none.
                if !changed.contains("\"Statement\":[]") && wrong(&changed, cases).is_empty() {
                    unnoticed.push(format!("{file}: {missing}"));
                }
            }
        }
        assert_eq!(unnoticed, Vec::<String>::new());
    });
}

#[test]
fn every_call_of_ecs_that_creates_and_takes_tags_has_to_be_tagged() {
    let reference = Reference::builtin().unwrap();
    let creating: BTreeSet<&str> = reference
        .actions("ecs")
        .filter(|action| {
            let takes_tags = action.resource_types().iter().any(|kind| {
                let key = "aws:RequestTag/Environment";
                reference.carries(action.name(), Some(kind.name()), key) == Carries::Yes
            });
            takes_tags && action.name() != "ecs:TagResource"
        })
        .map(Action::name)
        .collect();
    assert!(creating.contains("ecs:CreateDaemon") && creating.len() > 8);
    with_organization(ORGANIZATION, |written| {
        let scp = parse(text(written, "scp/tag-on-create.json"), DocumentKind::ServiceControl);
        let policies = administrator(vec![scp]);
        for action in creating {
            let untagged = request(action, "*", &[("aws:PrincipalArn", PERSON)]);
            assert_eq!(policies.decide(&untagged).decision(), Decision::Deny, "{action}");
        }
    });
}

#[test]
fn fargate_only_is_an_option() {
    let settings = ORGANIZATION.replace("fargate_only = true\n", "");
    with_organization(&settings, |written| {
        assert!(written.artifacts.iter().all(|one| one.file != "scp/fargate-only.json"));
        assert_eq!(written.artifacts.len(), FILES.len() - 1);
    });
}

#[test]
fn what_roles_are_granted_is_left_to_them() {
    let source = sample(ORGANIZATION);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Scp]).unwrap();
    let scps = written.artifacts.iter();
    let scps: Vec<_> = scps.map(|one| parse(&one.text, DocumentKind::ServiceControl)).collect();
    let policies = administrator(scps);
    for call in compiled.documents.values().flat_map(|documents| witness::calls(documents)) {
        let answer = policies.decide(&call);
        assert_eq!(answer.decision(), Decision::Allow, "{call:?}: {:?}", answer.matched());
    }
}

/// A guard on one role's action is no guard on another role's.
#[test]
fn a_guard_spares_the_calls_that_another_role_needs() {
    let no_status = "@id(\"no-status\")\n@doc(\"Nobody watches.\")\nforbid (principal, action == Fortem::Action::\"viewStatus\", resource);\n";
    let source = source(|fleet| fleet + ORGANIZATION, &[no_status]);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Scp]).unwrap();
    let policies =
        administrator(vec![parse(text(&written, "scp/guards.json"), DocumentKind::ServiceControl)]);
    let own = [OWN, ("ecs:cluster", STAGING), ("aws:PrincipalArn", PERSON)];
    let decide =
        |action: &str, resource| policies.decide(&request(action, resource, &own)).decision();
    assert_eq!(decide("ecs:DescribeServices", SERVICE), Decision::Deny);
    // The role `exec` finds its tasks with it.
    let task = "arn:aws:ecs:eu-west-1:111122223333:task/staging/1";
    assert_eq!(decide("ecs:DescribeTasks", task), Decision::Allow);
}

#[test]
fn whatever_tags_decide_about_access_are_protected() {
    let team = "@id(\"own-team\")\n@doc(\"Stop the tasks of one's team.\")\n\
        permit (principal in ?principal, action == Fortem::Action::\"stopTask\", resource in ?resource)\n\
        when { principal.hasTag(\"Team\") && resource.hasTag(\"Squad\") && principal.getTag(\"Team\") == resource.getTag(\"Squad\") };\n";
    let source = source(|fleet| fleet + ORGANIZATION, &[team]);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Scp]).unwrap();
    let denied = |file: &str, action: &str, key: &str| {
        let scp = parse(text(&written, file), DocumentKind::ServiceControl);
        let call = request(action, "*", &[("aws:PrincipalArn", PERSON), ("aws:TagKeys", key)]);
        administrator(vec![scp]).decide(&call).decision() == Decision::Deny
    };
    for (file, action, person) in [
        ("scp/session-tags.json", "sts:TagSession", true),
        ("scp/principal-tags.json", "iam:TagRole", true),
        ("scp/tag-protection.json", "ecs:TagResource", false),
    ] {
        assert_eq!(denied(file, action, "Team"), person, "{file}");
        assert_eq!(denied(file, action, "Squad"), !person, "{file}");
        assert!(denied(file, action, "Environment") && !denied(file, action, "Other"), "{file}");
    }
}
