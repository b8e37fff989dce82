//! Permission sets: the role's documents as one.

use fortem_compile::emit;
use fortem_compile::iam::{Decision, Document, DocumentKind, NamedDocument, Policies, Statement};
use fortem_compile::target::{Target, targets};
use fortem_compile::{Identity, compile};
use serde_json::{Value, json};

use super::{ORGANIZATION, parse, sample, source, text, witness};

fn inline(text: &str) -> Document {
    let calls: Value = serde_json::from_str(text).unwrap();
    let policy = calls["PutInlinePolicyToPermissionSet"]["InlinePolicy"].as_str().unwrap();
    parse(policy, DocumentKind::Identity)
}

#[test]
fn a_role_of_several_documents_is_one_permission_set() {
    let names = "clusters = [\"{environment}\", \"fleet-{environment}\"";
    let source =
        source(|fleet| fleet.replace(names, &format!("{names}, \"more-{{environment}}\"")), &[]);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::PermissionSet]).unwrap();
    let documents = &compiled.documents[&Identity::of("developer")];
    assert_eq!(documents.len(), 2);
    let policy = inline(text(&written, "permission-set/developer.json"));
    let sids: Vec<_> = policy.statements().iter().map(Statement::name).collect();
    let denied = documents[0].statements().iter().filter(|one| one.sid().starts_with('N')).count();
    let written = documents.iter().flat_map(emit::Document::statements).count();
    assert_eq!(sids.len(), written - denied, "{sids:?}");
    let policies = Policies::of_identity([NamedDocument::new("inline", policy)]);
    for call in witness::calls(documents) {
        assert_eq!(policies.decide(&call).decision(), Decision::Allow, "{call:?}");
        let mut elsewhere = call.clone();
        elsewhere.context_mut().insert("aws:PrincipalTag/Environment", "prod");
        assert_eq!(policies.decide(&elsewhere).decision(), Decision::Deny, "{elsewhere:?}");
    }
}

#[test]
fn a_session_has_the_environment_of_the_directory() {
    let source = sample(ORGANIZATION);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::PermissionSet]).unwrap();
    let attributes: Value =
        serde_json::from_str(text(&written, "permission-set/attributes.json")).unwrap();
    let source = ["${path:enterprise.department}"];
    assert_eq!(
        attributes["InstanceAccessControlAttributeConfiguration"],
        json!({"AccessControlAttributes": [{"Key": "Environment", "Value": {"Source": source}}]})
    );
}

#[test]
fn a_name_that_identity_center_does_not_take_is_left_out() {
    let role = "@id(\"somebody-who-only-ever-looks-at-logs\")\n@doc(\"Read logs.\")\n\
        permit (principal in ?principal, action in [Fortem::Action::\"observe\"], resource in ?resource);\n";
    let source = source(|fleet| fleet, &[role]);
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::PermissionSet]).unwrap();
    assert_eq!(written.artifacts.len(), 4);
    let left_out = &written.left_out[0];
    assert_eq!(left_out.file, "permission-set/somebody-who-only-ever-looks-at-logs.json");
    assert!(left_out.why.contains("32 characters"));
}
