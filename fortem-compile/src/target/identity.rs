//! What a role may do: the documents as they were compiled and verified.

use super::{Input, Target, Targets};
use crate::output::Artifact;

pub(super) fn write<'a>(input: &Input<'a>, output: &mut Targets<'a>) {
    for (identity, documents) in &input.compiled.documents {
        for (index, document) in documents.iter().enumerate() {
            let artifact = Artifact::new(identity.file(index), document.to_json());
            let artifact = artifact.for_identity(*identity).with_statements(document);
            output.add(Target::Identity, artifact, &input.quotas.managed_policy);
        }
    }
}
