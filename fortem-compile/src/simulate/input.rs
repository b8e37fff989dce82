//! The input of AWS's `SimulateCustomPolicy` (IAM API Reference).

use serde::Serialize;

use super::Case;
use crate::iam::Values;
use crate::reference::{KeyType, Reference, ValueType};

/// What `aws iam simulate-custom-policy --cli-input-json` takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulationInput {
    /// The documents.
    pub policy_input_list: Vec<String>,
    /// The API action.
    pub action_names: Vec<String>,
    /// The resource's ARN, or `*`.
    pub resource_arns: Vec<String>,
    /// The condition keys.
    pub context_entries: Vec<ContextEntry>,
}

/// A condition key and its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContextEntry {
    /// The key.
    pub context_key_name: String,
    /// The values.
    pub context_key_values: Vec<String>,
    /// Their type in the words of the API: `string`, `stringList`, `boolean` and so on.
    pub context_key_type: &'static str,
}

impl SimulationInput {
    /// The input of a case.
    #[must_use]
    pub fn of(reference: &Reference, case: &Case) -> Self {
        let entry = |(key, values): &(String, Values)| ContextEntry {
            context_key_name: key.clone(),
            context_key_values: values.as_slice().to_vec(),
            context_key_type: word(reference.key_type(key)),
        };
        Self {
            policy_input_list: case.documents.to_vec(),
            action_names: vec![case.call.api.clone()],
            resource_arns: vec![case.resource.clone()],
            context_entries: case.keys.iter().map(entry).collect(),
        }
    }
}

/// The type of a key (IAM API Reference, `ContextEntry`), which has none for ARNs.
fn word(key_type: Option<KeyType>) -> &'static str {
    let Some(KeyType { value, multivalued }) = key_type else { return "string" };
    match (value, multivalued) {
        (ValueType::String | ValueType::Arn, false) => "string",
        (ValueType::String | ValueType::Arn, true) => "stringList",
        (ValueType::Bool, false) => "boolean",
        (ValueType::Bool, true) => "booleanList",
        (ValueType::Numeric, false) => "numeric",
        (ValueType::Numeric, true) => "numericList",
        (ValueType::Date, false) => "date",
        (ValueType::Date, true) => "dateList",
        (ValueType::IpAddress, false) => "ip",
        (ValueType::IpAddress, true) => "ipList",
    }
}
