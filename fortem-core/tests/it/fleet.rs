//! The fleet file: every mistake at once, each with its place.

use fortem_core::{ContextType, Fleet, Mode, Problems, RoleSlots, Roles, SourceFile};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::rendered::rendered;

fn parse(text: &str) -> Result<Fleet, Problems> {
    let slots = [
        ("developer", true, true),
        ("exec", true, true),
        ("reader", true, false),
        ("everybody", false, true),
    ];
    let role = |(id, principal, resource): (&str, bool, bool)| {
        (id.to_owned(), RoleSlots { principal, resource })
    };
    let roles = slots.into_iter().map(role).collect();
    Fleet::parse(&SourceFile::new("fleet.toml", text), &roles)
}

fn problems(text: &str) -> String {
    rendered(&parse(text).expect_err("a mistake"))
}

fn pointed(fleet: &Fleet, span: std::ops::Range<usize>) -> &str {
    fleet.file().text().get(span).unwrap()
}

fn environments(names: &[&str]) -> String {
    let one =
        |name: &&str| format!("[[environment]]\nname = \"{name}\"\ntier = \"nonproduction\"\n");
    names.iter().map(one).collect()
}

#[test]
fn the_shipped_sample_has_no_mistakes() {
    let text = std::fs::read_to_string("../policies/fleet.toml").unwrap();
    let fleet = Fleet::parse(&SourceFile::new("fleet.toml", text), &Roles::any()).unwrap();
    let names: Vec<_> = fleet.environments().iter().map(fortem_core::Environment::name).collect();
    assert_eq!(names, ["dev", "staging", "qa", "prod"]);
    let teams: Vec<_> = fleet.teams().iter().map(fortem_core::Team::name).collect();
    assert_eq!(teams, ["payments", "storefront"]);
    let prod = fleet.environment("prod").unwrap();
    assert_eq!(prod.spellings().collect::<Vec<_>>(), ["prod", "production"]);
}

#[test]
fn every_mistake_is_reported_at_once() {
    assert_snapshot!(problems(include_str!("fixtures/every_mistake.toml")));
}

#[test]
fn what_an_assignment_names_must_exist() {
    let text = environments(&["dev", "staging"])
        + "[[team]]\nname = \"payments\"\n\
           [[user]]\nname = \"alice\"\nteams = [\"payment\"]\n\
           [[assignment]]\nrole = \"developper\"\nteam = \"paiments\"\nenvironments = [\"stagin\", \"dev\"]\n\
           [[assignment]]\nrole = \"exec\"\nuser = \"bob\"\nenvironments = [\"dev\", \"dev\"]\n";
    assert_snapshot!(problems(&text));
}

#[test]
fn an_assignment_names_what_its_role_has_slots_for() {
    let people = environments(&["dev"]) + "[[user]]\nname = \"alice\"\n";
    let fitting = people.clone()
        + "[[assignment]]\nrole = \"developer\"\nuser = \"alice\"\nenvironments = [\"dev\"]\n\
           [[assignment]]\nrole = \"reader\"\nuser = \"alice\"\n\
           [[assignment]]\nrole = \"everybody\"\nenvironments = [\"dev\"]\n";
    let fleet = parse(&fitting).unwrap();
    let given = |one: &fortem_core::Assignment| {
        (one.assignee().map(ToString::to_string), one.environments().count())
    };
    let given: Vec<_> = fleet.assignments().iter().map(given).collect();
    let alice = Some("alice".to_owned());
    assert_eq!(given, [(alice.clone(), 1), (alice, 0), (None, 1)]);

    let text = people
        + "[[assignment]]\nrole = \"developer\"\n\
           [[assignment]]\nrole = \"developer\"\nuser = \"alice\"\nteam = \"alice\"\nenvironments = [\"dev\"]\n\
           [[assignment]]\nrole = \"reader\"\nuser = \"alice\"\nenvironments = [\"dev\"]\n\
           [[assignment]]\nrole = \"reader\"\nuser = \"alice\"\n\
           [[assignment]]\nrole = \"reader\"\nuser = \"alice\"\n\
           [[assignment]]\nrole = \"everybody\"\nuser = \"alice\"\nenvironments = [\"dev\"]\n";
    assert_snapshot!(problems(&text));
}

#[test]
fn a_fleet_says_its_modes() {
    let fleet = parse(&environments(&["dev"])).unwrap();
    assert_eq!((fleet.mode(), fleet.slots()), (Mode::Abac, 3));
    let text = "mode = \"slots\"\nslots = 5\n[modes]\nexec = \"literal\"\n";
    let fleet = parse(&(text.to_owned() + &environments(&["dev"]))).unwrap();
    assert_eq!((fleet.mode_of("developer"), fleet.mode_of("exec")), (Mode::Slots, Mode::Literal));
    assert_eq!(fleet.slots(), 5);
    assert_eq!(pointed(&fleet, fleet.mode_span("exec")), "\"literal\"");
    assert_eq!(pointed(&fleet, fleet.mode_span("developer")), "\"slots\"");
}

#[test]
fn modes_that_cannot_be_are_refused() {
    let text = "mode = \"rbac\"\nslots = 11\n\
                [modes]\nexecute = \"literal\"\nexec = 1\ndeveloper = \"delimited\"\n";
    assert_snapshot!("modes", problems(&(text.to_owned() + &environments(&["dev"]))));
    let text =
        "mode = \"delimited\"\nslots = 99999999999999999999\n[modes]\nexec = \"delimited\"\n";
    assert_snapshot!("delimited", problems(&(text.to_owned() + &environments(&["dev"]))));
}

#[test]
fn a_fleet_says_how_aws_sees_people_and_teams() {
    let text = "team_tag_key = \"Team/{team}\"\nuser_tag_key = \"User\"\n";
    let fleet = parse(&(text.to_owned() + &environments(&["dev"]))).unwrap();
    assert_eq!(fleet.team_tag_key("payments").as_deref(), Some("Team/payments"));
    assert_eq!(fleet.user_tag_key(), Some("User"));
    assert_eq!(pointed(&fleet, fleet.team_tag_key_span().unwrap()), "\"Team/{team}\"");
    assert_eq!(pointed(&fleet, fleet.user_tag_key_span().unwrap()), "\"User\"");
}

#[test]
fn tags_that_say_two_things_are_refused() {
    let teams = "[[team]]\nname = \"environment\"\n[[team]]\nname = \"2\"\n\
                 [[team]]\nname = \"a\"\n[[team]]\nname = \"A\"\n[[team]]\nname = \"b*\"\n";
    let with = |top: &str| problems(&(top.to_owned() + &environments(&["dev"]) + teams));
    assert_snapshot!("pattern", with("team_tag_key = \"Team\"\nuser_tag_key = \"aws:User\"\n"));
    assert_snapshot!(
        "letters",
        with("team_tag_key = \"{team}?\"\nuser_tag_key = \"environment\"\n")
    );
    assert_snapshot!("same", with("team_tag_key = \"{team}\"\nuser_tag_key = \"A\"\n"));
    assert_snapshot!("slots", with("mode = \"slots\"\nteam_tag_key = \"Environment{team}\"\n"));
}

#[test]
fn a_fleet_says_which_condition_keys_are_context() {
    let text = "[context]\napproval = \"aws:PrincipalTag/Approval\"\n\
                mfa_age = { key = \"aws:MultiFactorAuthAge\", type = \"Long\" }\n";
    let fleet = parse(&(text.to_owned() + &environments(&["dev"]))).unwrap();
    let found: Vec<_> =
        fleet.context().iter().map(|one| (one.attribute(), one.key(), one.value_type())).collect();
    let age = ("mfa_age", "aws:MultiFactorAuthAge", Some(ContextType::Long));
    assert_eq!(found, [("approval", "aws:PrincipalTag/Approval", None), age]);
    let span = fleet.context()[0].span();
    assert_eq!(pointed(&fleet, span), "approval");
}

#[test]
fn context_that_cannot_be_is_refused() {
    let text = "user_tag_key = \"User\"\n[context]\nif = \"aws:username\"\n\"a b\" = \"aws:userid\"\n\
                \"A::b\" = \"aws:SourceVpc\"\nc = \"SourceIp\"\nd = \"aws:PrincipalTag/*\"\ne = 1\n\
                f = { type = \"Decimal\", kind = 1 }\ng = \"aws:CurrentTime\"\nh = \"aws:currenttime\"\n\
                i = \"aws:PrincipalTag/environment\"\nj = \"aws:PrincipalTag/User\"\n";
    assert_snapshot!(problems(&(text.to_owned() + &environments(&["dev"]))));
}

#[test]
fn names_and_aliases_are_given_once() {
    let text = environments(&["staging", "staging", "prod", "qa"])
        + "aliases = [\"prod\", \"PROD\", \"Qa\", \"qa\"]\n[[team]]\nname = \"a\"\n[[team]]\nname = \"a\"\n";
    assert_snapshot!(problems(&text));
}

#[test]
fn a_name_that_reaches_into_another_is_a_trap() {
    assert_snapshot!(problems(&environments(&["staging-2", "dev", "staging"])));
}

#[test]
fn closed_patterns_are_no_trap() {
    let closed = "[names]\ntask_definitions = [\"{environment}_*\"]\n";
    let text = closed.to_owned() + &environments(&["staging", "staging-2", "staging-eu"]);
    assert!(parse(&text).is_ok());
}

#[test]
fn names_that_grants_are_tied_to_are_not_left_out() {
    let text =
        "schedule = \"scheduler-group\"\n[names]\nclusters = []\nlog_groups = []\ncaches = []\n";
    assert_snapshot!(problems(&(text.to_owned() + &environments(&["dev"]))));
}

#[test]
fn an_alias_can_be_the_trap() {
    let text = environments(&["prod", "live"]) + "aliases = [\"prod-eu\"]\n";
    assert_snapshot!(problems(&text));
}

#[test]
fn a_thousand_environments_are_checked_for_traps() {
    let names: Vec<String> = (0..1_000).map(|number| format!("e{number:04}")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(parse(&environments(&names)).unwrap().environments().len(), 1_000);
    names.push("e0500-x");
    assert_eq!(parse(&environments(&names)).unwrap_err().as_slice().len(), 1);
}

#[test]
fn toml_that_cannot_be_read_is_reported_with_its_place() {
    assert_snapshot!(problems("tag_key = \n[[environment]\nname = \"a\"\n"));
}

#[test]
fn an_empty_file_has_no_environments() {
    assert_snapshot!(problems(""));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let _ = parse(&text);
    }

    #[test]
    fn any_value_is_read_or_refused(
        key in "tag_key|task_tags|names|environment|team|user|assignment|accept_leaks|schedule|mode|modes|slots|team_tag_key|user_tag_key|context",
        value in "1|true|\"\"|\"é\\{environment\\}\"|\\[\\]|\\[1\\]|\\{\\}|\\{ name = 1 \\}|\\[\\{\\}\\]",
    ) {
        let _ = parse(&format!("{key} = {value}\n"));
    }
}

#[test]
fn what_surrounds_the_fleet_is_read() {
    let text = environments(&["dev"])
        + "[organization]\n\
           platform_roles = [\"arn:aws:iam::*:role/platform-*\", \"arn:aws:iam::111122223333:role/ci/deploy\"]\n\
           fargate_only = true\n\
           saml_provider = \"corp\"\n\
           oidc_issuer = \"https://idp.example.com/Realm\"\n\
           oidc_audience = \"fortem\"\n\
           broker = \"arn:aws:iam::111122223333:role/broker\"\n\
           identity_center_attribute = \"${path:enterprise.department}\"\n";
    let fleet = parse(&text).unwrap();
    let organization = fleet.organization();
    assert_eq!(organization.platform_roles().len(), 2);
    assert!(organization.is_fargate_only());
    assert_eq!(organization.saml_provider(), Some("corp"));
    let oidc = organization.oidc().map(|oidc| (oidc.issuer(), oidc.audience()));
    assert_eq!(oidc, Some(("idp.example.com/Realm", "fortem")));
    assert_eq!(organization.broker(), Some("arn:aws:iam::111122223333:role/broker"));
    let attribute = Some("${path:enterprise.department}");
    assert_eq!(organization.identity_center_attribute(), attribute);
    let without = parse(&environments(&["dev"])).unwrap();
    assert_eq!(*without.organization(), fortem_core::Organization::default());
}

#[test]
fn an_organization_that_cannot_be_is_refused() {
    let text = environments(&["dev"])
        + "[organization]\n\
           platform_roles = [\"*\", \"arn:aws:iam::*:role/*\", \"arn:aws:iam::1:role/a\", \"arn:aws-cn:iam::*:role/a\", \
                             \"arn:aws:iam::*:user/a\", \"arn:aws:iam::*:role/${aws:PrincipalTag/a}\"]\n\
           fargate_only = \"yes\"\n\
           saml_provider = \"arn:aws:iam::111122223333:saml-provider/corp\"\n\
           oidc_issuer = \"http://idp.example.com/\"\n\
           oidc_audience = \"*\"\n\
           broker = \"arn:aws:iam::111122223333:role/*\"\n\
           identity_center_attribute = \"department\"\n\
           identity_provider = \"corp\"\n";
    assert_snapshot!(problems(&text));
    let alone =
        environments(&["dev"]) + "[organization]\noidc_issuer = \"https://idp.example.com\"\n";
    assert_snapshot!("issuer_alone", problems(&alone));
}

#[test]
fn keys_of_a_cache_are_named_like_the_rest() {
    let default = parse(&environments(&["dev"])).unwrap();
    assert_eq!(default.names().cache_keys[0].with("dev"), "dev:*");
    let text = environments(&["a", "a-b"])
        + "[names]\ncache_keys = [\"{environment}-*\"]\n\
        task_definitions = [\"{environment}\"]\n";
    assert!(problems(&text).contains("`a-*` of `a` also reaches `a-b-*` of `a-b`"));
}
