//! What a role may do: the documents as they were compiled and verified.

use super::{Input, Target, TargetFile, Targets};

pub(super) fn write(input: &Input, output: &mut Targets) {
    for (identity, documents) in &input.compiled.documents {
        for (index, document) in documents.iter().enumerate() {
            let file = TargetFile::new(Target::Identity, identity.file(index), document.to_json());
            let statements = document.statements().to_vec();
            let file = TargetFile { statements, ..file.for_identity(identity) };
            output.add(file, &input.quotas.managed_policy);
        }
    }
}
