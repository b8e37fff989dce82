//! What does not fit is left out and said; what does fit is still written.

use std::fmt::Write;

use fortem_compile::compile;
use fortem_compile::iam::DocumentKind;
use fortem_compile::target::{Target, targets};
use fortem_core::{Source, SourceFile};

use super::{ORGANIZATION, parse};

const ROLE: &str = "@id(\"developer\")\n@doc(\"Keep an environment running.\")\n\
    permit (principal in ?principal, action in [Fortem::Action::\"operate\"], resource in ?resource);\n";
const GUARD: &str = "@id(\"never-prod\")\n@doc(\"Nothing happens in production.\")\n\
    forbid (principal, action, resource) when { resource in Fortem::Tier::\"production\" };\n";

fn fleet(environments: usize) -> Source {
    let mut fleet = "[names]\ncache_users = [\"{environment}-*\"]\n".to_owned();
    fleet += "[[environment]]\nname = \"prod\"\ntier = \"production\"\n";
    let mut names = String::new();
    for number in 0..environments {
        let name = format!("environment-{number:04}");
        writeln!(fleet, "[[environment]]\nname = \"{name}\"\ntier = \"nonproduction\"").unwrap();
        writeln!(fleet, "accounts = [\"111122223333\"]").unwrap();
        write!(names, "\"{name}\",").unwrap();
    }
    fleet += "[[user]]\nname = \"alice\"\n";
    write!(
        fleet,
        "[[assignment]]\nrole = \"developer\"\nuser = \"alice\"\nenvironments = [{names}]\n"
    )
    .unwrap();
    let fleet = SourceFile::new("fleet.toml", fleet + ORGANIZATION);
    let cedar = SourceFile::new("all.cedar", format!("{ROLE}{GUARD}"));
    Source::parse(&fleet, &[cedar]).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn a_thousand_environments() {
    let source = fleet(1_000);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &Target::ALL).unwrap();
    let left_out: Vec<_> = written.left_out.iter().map(|one| one.file.as_str()).collect();
    // Each of these names every environment.
    assert_eq!(
        left_out,
        [
            "scp/tag-values.json",
            "tag-policy/environment.json",
            "trust/developer/saml-111122223333.json",
            "trust/developer/oidc-111122223333.json",
            "trust/developer/broker.json",
        ]
    );
    assert!(written.left_out.iter().all(|one| one.why.starts_with("it takes ")));
    for artifact in &written.artifacts {
        assert!(artifact.size.is_none_or(fortem_compile::quota::Size::fits), "{}", artifact.file);
    }
    let users = written.artifacts.iter().filter(|one| one.kind() == "elasticache").count();
    assert_eq!(users, 1_000);
}

#[test]
fn a_trust_policy_that_needs_more_than_an_account_begins_with_says_so() {
    let source = fleet(110);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Trust]).unwrap();
    let broker = written.artifacts.iter().find(|one| one.file.ends_with("broker.json")).unwrap();
    parse(&broker.text, DocumentKind::Trust);
    assert!(broker.size.is_some_and(|size| size.fits() && size.needs_raise()));
    let report = fortem_compile::report::report(&source, &compiled, &written).to_string();
    assert!(report.contains("8192, once raised from 2048"), "{report}");
}
