//! How resources are named of the services that the built-in reference leaves out.

/// Beginnings of API actions and the shape of the resources that they are about, `{}` being the name; the first that fits
/// is taken (AWS service authorization reference, 2026-11).
const SHAPES: &[(&str, &str)] = &[
    ("airflow:", "environment/{}"),
    ("apprunner:", "service/{}/0123456789abcdef"),
    ("autoscaling:", "autoScalingGroup:7:autoScalingGroupName/{}"),
    ("batch:RegisterJobDefinition", "job-definition/{}"),
    ("batch:", "job-queue/{}"),
    ("cloudformation:CreateStackInstances", "stackset/{}:7"),
    ("cloudformation:CreateStackSet", "stackset/{}:7"),
    ("cloudformation:UpdateStackSet", "stackset/{}:7"),
    ("cloudformation:", "stack/{}/7"),
    ("codebuild:", "project/{}"),
    ("codedeploy:", "deploymentgroup:{}/{}"),
    ("codepipeline:PutApprovalResult", "{}/{}/{}"),
    ("codepipeline:", "{}"),
    ("ec2:CreateLaunchTemplate", "launch-template/{}"),
    ("ec2:ModifyLaunchTemplate", "launch-template/{}"),
    ("ec2:", "instance/{}"),
    ("glue:CreateDevEndpoint", "devEndpoint/{}"),
    ("glue:UpdateDevEndpoint", "devEndpoint/{}"),
    ("glue:CreateSession", "session/{}"),
    ("glue:RunStatement", "session/{}"),
    ("glue:CreateTrigger", "trigger/{}"),
    ("glue:", "job/{}"),
    ("kms:", "key/{}"),
    ("lambda:", "function:{}"),
    ("pipes:", "pipe/{}"),
    ("sagemaker:CreatePresignedDomainUrl", "user-profile/{}/{}"),
    ("sagemaker:CreateHyperParameterTuningJob", "hyper-parameter-tuning-job/{}"),
    ("sagemaker:CreateProcessingJob", "processing-job/{}"),
    ("sagemaker:CreateTrainingJob", "training-job/{}"),
    ("sagemaker:CreateNotebookInstanceLifecycleConfig", "notebook-instance-lifecycle-config/{}"),
    ("sagemaker:", "notebook-instance/{}"),
    ("states:", "stateMachine:{}"),
];

/// A resource that an API action is about, by its name; none if the shape is not known.
pub(super) fn resource(action: &str, name: &str) -> Option<String> {
    let (_, shape) = SHAPES.iter().find(|(begin, _)| action.starts_with(begin))?;
    Some(shape.replace("{}", name))
}

#[cfg(test)]
mod tests {
    use super::resource;

    #[test]
    fn a_resource_has_the_shape_of_its_type() {
        assert_eq!(resource("kms:Decrypt", "prod").as_deref(), Some("key/prod"));
        assert_eq!(resource("ec2:RunInstances", "prod").as_deref(), Some("instance/prod"));
        let template = resource("ec2:CreateLaunchTemplateVersion", "prod");
        assert_eq!(template.as_deref(), Some("launch-template/prod"));
        assert_eq!(resource("madeup:Start", "prod"), None);
    }
}
