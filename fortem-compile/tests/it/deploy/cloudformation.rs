//! The CloudFormation templates. cfn-lint reads them where the project is checked as a whole.

use std::collections::BTreeMap;
use std::fmt::Write;

use fortem_compile::deploy::Format;
use fortem_core::Source;
use serde_json::{Value, json};

use super::{ODD, documents, in_format, is_of_organization, literal, sample_over};

fn templates(source: &Source) -> Vec<Value> {
    let files = in_format(source, Format::CloudFormation).into_iter();
    let parsed = files.map(|(path, text)| {
        assert!(text.len() <= 51_200, "{path} has {} bytes", text.len());
        serde_json::from_str(&text).unwrap()
    });
    parsed.collect()
}

/// The resources of a type in all templates, by the name they get in AWS.
fn resources(templates: &[Value], kind: &str, name: &str) -> BTreeMap<String, Value> {
    let all = templates.iter().flat_map(|one| one["Resources"].as_object().unwrap().values());
    let own = all.filter(|resource| resource["Type"] == kind);
    let named = own.map(|resource| {
        let name = resource["Properties"][name]["Fn::Sub"].as_str().unwrap();
        (name.strip_prefix("${NamePrefix}").unwrap().to_owned(), resource.clone())
    });
    let named: Vec<_> = named.collect();
    let count = named.len();
    let by_name: BTreeMap<_, _> = named.into_iter().collect();
    assert_eq!(by_name.len(), count, "a name is taken twice");
    by_name
}

fn policies(templates: &[Value]) -> BTreeMap<String, Value> {
    resources(templates, "AWS::IAM::ManagedPolicy", "ManagedPolicyName")
}

fn roles(templates: &[Value]) -> BTreeMap<String, Value> {
    resources(templates, "AWS::IAM::Role", "RoleName")
}

#[test]
fn its_policies_are_the_documents() {
    for source in [Source::load("../policies").unwrap(), sample_over(ODD), literal()] {
        let templates = templates(&source);
        let policies = policies(&templates);
        let organization = resources(&templates, "AWS::Organizations::Policy", "Name");
        let documents = documents(&source);
        assert_eq!(policies.len() + organization.len(), documents.len());
        for (path, document) in documents {
            let name = path.trim_end_matches(".json").split_once('/').unwrap().1.replace('/', "-");
            let written = match path.split('/').next().unwrap() {
                "boundary" => {
                    &policies[&format!("{name}-boundary")]["Properties"]["PolicyDocument"]
                }
                "identity" => &policies[&name]["Properties"]["PolicyDocument"],
                _ => &organization[&name]["Properties"]["Content"],
            };
            assert_eq!(*written, document, "{path}");
        }
    }
}

#[test]
fn a_role_is_made_only_where_somebody_may_assume_it() {
    let templates = templates(&Source::load("../policies").unwrap());
    assert_eq!(roles(&templates).len(), 5);
    let all = templates.iter().flat_map(|template| {
        let own = template["Resources"].as_object().unwrap().iter();
        own.filter(|(_, one)| one["Type"] == "AWS::IAM::Role")
            .map(move |(id, one)| (template, id, one))
    });
    for (template, name, role) in all {
        let condition = &template["Conditions"][role["Condition"].as_str().unwrap()];
        let statement = &role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0];
        let parameter = &statement["Principal"]["AWS"];
        let joined = json!({"Fn::Join": ["", parameter]});
        assert_eq!(*condition, json!({"Fn::Not": [{"Fn::Equals": [joined, ""]}]}), "{name}");
        let parameter = &template["Parameters"][parameter["Ref"].as_str().unwrap()];
        assert_eq!(
            (&parameter["Type"], &parameter["Default"]),
            (&json!("CommaDelimitedList"), &json!(""))
        );
        assert_eq!(statement["Action"], "sts:AssumeRole");
    }
}

#[test]
fn a_role_has_the_tag_and_the_policies_of_its_environment() {
    let templates = templates(&literal());
    let staging = &roles(&templates)["developer-staging"]["Properties"];
    assert_eq!(staging["Tags"], json!([{"Key": "Environment", "Value": "staging"}]));
    let policies = staging["ManagedPolicyArns"].as_array().unwrap();
    let [policy] = policies.as_slice() else { panic!("{policies:?}") };
    let is_named = |text: &str| text.ends_with("${NamePrefix}developer-staging");
    assert!(
        policy["Ref"] == "IdentityDeveloperStaging"
            || policy["Fn::Sub"].as_str().is_some_and(is_named)
    );
}

/// A fleet whose documents take several templates: each fits, nothing is lost, and what is in another
/// template is referred to by its ARN.
#[test]
fn what_does_not_fit_one_template_is_split() {
    let mut fleet = "mode = \"literal\"\n".to_owned();
    let names: Vec<String> = (0..12).map(|number| format!("e{number:02}x")).collect();
    for name in &names {
        writeln!(fleet, "[[environment]]\nname = {name:?}\ntier = \"nonproduction\"").unwrap();
    }
    writeln!(fleet, "[[team]]\nname = \"a\"\n[[assignment]]\nrole = \"developer\"\nteam = \"a\"")
        .unwrap();
    writeln!(fleet, "environments = {names:?}").unwrap();
    let source = sample_over(&fleet);
    let templates = templates(&source);
    assert!(templates.len() > 1, "{} templates", templates.len());
    let documents = documents(&source);
    let own = documents.iter().filter(|(path, _)| !is_of_organization(path)).count();
    assert_eq!(policies(&templates).len(), own);
    let roles = roles(&templates);
    assert_eq!(roles.len(), 12);
    let mut elsewhere = 0;
    for template in &templates {
        let here = template["Resources"].as_object().unwrap();
        for role in here.values().filter(|one| one["Type"] == "AWS::IAM::Role") {
            for policy in role["Properties"]["ManagedPolicyArns"].as_array().unwrap() {
                if let Some(id) = policy["Ref"].as_str() {
                    assert!(here.contains_key(id), "{id}");
                } else {
                    let arn = policy["Fn::Sub"].as_str().unwrap();
                    assert!(arn.starts_with("arn:${AWS::Partition}:iam::${AWS::AccountId}:policy${Path}${NamePrefix}developer-e"));
                    elsewhere += 1;
                }
            }
        }
    }
    assert!(elsewhere > 0);
}
