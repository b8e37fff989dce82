//! How code is made to run as another role.
//!
//! Sources: Rhino Security Labs, "AWS IAM privilege escalation methods"; <https://pathfinding.cloud>; the service
//! authorization reference for the names of actions; 2026-11.

/// A way of running code as a role that one passes to a service.
#[derive(Debug)]
pub(crate) struct Path {
    /// The service that takes the role on.
    pub(crate) service: &'static str,
    /// What runs the code.
    pub(crate) what: &'static str,
    /// The calls: of each list one.
    pub(crate) steps: &'static [&'static [&'static str]],
}

const fn path(
    service: &'static str,
    what: &'static str,
    steps: &'static [&'static [&'static str]],
) -> Path {
    Path { service, what, steps }
}

/// With `iam:PassRole`.
pub(crate) const PASSED: &[Path] = &[
    path(
        "lambda.amazonaws.com",
        "a Lambda function",
        &[
            &["lambda:CreateFunction"],
            &[
                "lambda:InvokeFunction",
                "lambda:AddPermission",
                "lambda:CreateEventSourceMapping",
                "lambda:CreateFunctionUrlConfig",
            ],
        ],
    ),
    path(
        "lambda.amazonaws.com",
        "a Lambda function given another role",
        &[&["lambda:UpdateFunctionConfiguration"], &["lambda:UpdateFunctionCode"]],
    ),
    path("ecs-tasks.amazonaws.com", "an ECS task", &[&["ecs:RunTask", "ecs:StartTask"]]),
    path(
        "ecs-tasks.amazonaws.com",
        "an ECS service",
        &[
            &["ecs:RegisterTaskDefinition"],
            &["ecs:CreateService", "ecs:CreateTaskSet", "ecs:UpdateService"],
        ],
    ),
    path(
        "ecs-tasks.amazonaws.com",
        "an ECS daemon",
        &[&["ecs:RegisterDaemonTaskDefinition"], &["ecs:CreateDaemon", "ecs:UpdateDaemon"]],
    ),
    path(
        "ecs-tasks.amazonaws.com",
        "an ECS Express Mode service",
        &[&["ecs:CreateExpressGatewayService", "ecs:UpdateExpressGatewayService"]],
    ),
    path(
        "ecs-tasks.amazonaws.com",
        "a Batch job",
        &[&["batch:RegisterJobDefinition"], &["batch:SubmitJob"]],
    ),
    path(
        "ec2.amazonaws.com",
        "an EC2 instance",
        &[&["ec2:RunInstances", "ec2:RequestSpotFleet", "ec2:RequestSpotInstances"]],
    ),
    path(
        "ec2.amazonaws.com",
        "an EC2 fleet",
        &[&["ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion"], &["ec2:CreateFleet"]],
    ),
    // Who is signed in on the instance has the role as well.
    path(
        "ec2.amazonaws.com",
        "a running EC2 instance",
        &[&[
            "ec2:AssociateIamInstanceProfile",
            "ec2:ReplaceIamInstanceProfileAssociation",
            "iam:AddRoleToInstanceProfile",
        ]],
    ),
    path(
        "ec2.amazonaws.com",
        "an Auto Scaling group",
        &[
            &["autoscaling:CreateLaunchConfiguration", "ec2:CreateLaunchTemplate"],
            &["autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup"],
        ],
    ),
    path(
        "codebuild.amazonaws.com",
        "a CodeBuild project",
        &[
            &["codebuild:CreateProject", "codebuild:UpdateProject"],
            &["codebuild:StartBuild", "codebuild:StartBuildBatch"],
        ],
    ),
    path(
        "cloudformation.amazonaws.com",
        "a CloudFormation stack",
        &[&["cloudformation:CreateStack", "cloudformation:UpdateStack"]],
    ),
    path(
        "cloudformation.amazonaws.com",
        "a CloudFormation change set",
        &[&["cloudformation:CreateChangeSet"], &["cloudformation:ExecuteChangeSet"]],
    ),
    path(
        "cloudformation.amazonaws.com",
        "a CloudFormation stack set",
        &[
            &["cloudformation:CreateStackSet", "cloudformation:UpdateStackSet"],
            &["cloudformation:CreateStackInstances", "cloudformation:UpdateStackSet"],
        ],
    ),
    path("glue.amazonaws.com", "a Glue development endpoint", &[&["glue:CreateDevEndpoint"]]),
    path(
        "glue.amazonaws.com",
        "a Glue job",
        &[&["glue:CreateJob", "glue:UpdateJob"], &["glue:StartJobRun", "glue:CreateTrigger"]],
    ),
    path(
        "glue.amazonaws.com",
        "a Glue session",
        &[&["glue:CreateSession"], &["glue:RunStatement"]],
    ),
    path(
        "states.amazonaws.com",
        "a state machine",
        &[
            &["states:CreateStateMachine", "states:UpdateStateMachine"],
            &["states:StartExecution", "states:StartSyncExecution"],
        ],
    ),
    path("states.amazonaws.com", "a state under test", &[&["states:TestState"]]),
    path(
        "scheduler.amazonaws.com",
        "a schedule",
        &[&["scheduler:CreateSchedule", "scheduler:UpdateSchedule"]],
    ),
    path("pipes.amazonaws.com", "a pipe", &[&["pipes:CreatePipe", "pipes:UpdatePipe"]]),
    path(
        "events.amazonaws.com",
        "an EventBridge rule",
        &[&["events:PutRule"], &["events:PutTargets"]],
    ),
    path(
        "datapipeline.amazonaws.com",
        "a data pipeline",
        &[&["datapipeline:CreatePipeline"], &["datapipeline:PutPipelineDefinition"]],
    ),
    path(
        "sagemaker.amazonaws.com",
        "a SageMaker notebook",
        &[&["sagemaker:CreateNotebookInstance"]],
    ),
    path(
        "sagemaker.amazonaws.com",
        "a SageMaker job",
        &[&[
            "sagemaker:CreateTrainingJob",
            "sagemaker:CreateProcessingJob",
            "sagemaker:CreateHyperParameterTuningJob",
        ]],
    ),
    path(
        "sagemaker.amazonaws.com",
        "a SageMaker pipeline",
        &[
            &["sagemaker:CreatePipeline", "sagemaker:UpdatePipeline"],
            &["sagemaker:StartPipelineExecution"],
        ],
    ),
    path(
        "tasks.apprunner.amazonaws.com",
        "an App Runner service",
        &[&["apprunner:CreateService", "apprunner:UpdateService"]],
    ),
    path(
        "bedrock-agentcore.amazonaws.com",
        "a Bedrock code interpreter",
        &[
            &["bedrock-agentcore:CreateCodeInterpreter"],
            &["bedrock-agentcore:StartCodeInterpreterSession"],
            &["bedrock-agentcore:InvokeCodeInterpreter"],
        ],
    ),
    path(
        "bedrock-agentcore.amazonaws.com",
        "a Bedrock agent",
        &[
            &["bedrock-agentcore:CreateAgentRuntime", "bedrock-agentcore:UpdateAgentRuntime"],
            &["bedrock-agentcore:InvokeAgentRuntime"],
        ],
    ),
    path("elasticmapreduce.amazonaws.com", "an EMR cluster", &[&["elasticmapreduce:RunJobFlow"]]),
    path(
        "emr-serverless.amazonaws.com",
        "an EMR Serverless job",
        &[&["emr-serverless:StartJobRun"]],
    ),
    path("airflow-env.amazonaws.com", "an Airflow environment", &[&["airflow:CreateEnvironment"]]),
    path("codepipeline.amazonaws.com", "a pipeline", &[&["codepipeline:CreatePipeline"]]),
    path("codestar.amazonaws.com", "a CodeStar project", &[&["codestar:CreateProject"]]),
    path(
        "cognito-identity.amazonaws.com",
        "whoever signs in to an identity pool",
        &[&["cognito-identity:SetIdentityPoolRoles"]],
    ),
    path(
        "elasticbeanstalk.amazonaws.com",
        "an Elastic Beanstalk environment",
        &[&["elasticbeanstalk:CreateEnvironment", "elasticbeanstalk:UpdateEnvironment"]],
    ),
    path("ssm.amazonaws.com", "an Automation", &[&["ssm:StartAutomationExecution"]]),
    path("amplify.amazonaws.com", "an Amplify app", &[&["amplify:CreateApp", "amplify:UpdateApp"]]),
    path("appsync.amazonaws.com", "an AppSync data source", &[&["appsync:CreateDataSource"]]),
    path("braket.amazonaws.com", "a Braket job", &[&["braket:CreateJob"]]),
    path(
        "databrew.amazonaws.com",
        "a DataBrew job",
        &[&["databrew:CreateProfileJob", "databrew:CreateRecipeJob"], &["databrew:StartJobRun"]],
    ),
    path(
        "fis.amazonaws.com",
        "a fault injection experiment",
        &[&["fis:CreateExperimentTemplate"], &["fis:StartExperiment"]],
    ),
    path("gamelift.amazonaws.com", "a GameLift fleet", &[&["gamelift:CreateFleet"]]),
    path(
        "ec2.amazonaws.com",
        "an Image Builder instance",
        &[
            &["imagebuilder:CreateInfrastructureConfiguration", "iam:AddRoleToInstanceProfile"],
            &["imagebuilder:CreateImage", "imagebuilder:StartImagePipelineExecution"],
        ],
    ),
    path("credentials.iot.amazonaws.com", "a device", &[&["iot:CreateRoleAlias"]]),
    path(
        "kinesisanalytics.amazonaws.com",
        "a Flink application",
        &[&["kinesisanalytics:CreateApplication"], &["kinesisanalytics:StartApplication"]],
    ),
    path("omics.amazonaws.com", "a HealthOmics run", &[&["omics:StartRun"]]),
    path(
        "rolesanywhere.amazonaws.com",
        "whoever has a certificate",
        &[&["rolesanywhere:CreateProfile", "rolesanywhere:UpdateProfile"]],
    ),
    path("lambda.amazonaws.com", "a canary", &[&["synthetics:CreateCanary"]]),
];

/// Without it: ways of running code as the role of something that exists. The first call of each is made on that, the
/// others are needed too.
pub(crate) const DIRECT: &[&[&str]] = &[
    &["apprunner:UpdateService"],
    &["airflow:CreateCliToken"],
    &["airflow:CreateWebLoginToken"],
    &["bedrock-agentcore:InvokeCodeInterpreter", "bedrock-agentcore:StartCodeInterpreterSession"],
    &["datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"],
    &["ec2-instance-connect:SendSSHPublicKey"],
    &["ec2-instance-connect:SendSerialConsoleSSHPublicKey"],
    &["ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"],
    &["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"],
    &["codestar:AssociateTeamMember", "codestar:CreateProject"],
    &["elasticmapreduce:AddJobFlowSteps"],
    &["elasticbeanstalk:UpdateEnvironment", "elasticbeanstalk:CreateApplicationVersion"],
    &["glue:RunStatement"],
    &["glue:UpdateDevEndpoint"],
    &["lambda:UpdateFunctionCode"],
    &["lambda:UpdateFunctionConfiguration"],
    &["sagemaker:CreatePresignedDomainUrl"],
    &["sagemaker:CreatePresignedNotebookInstanceUrl"],
    &[
        "sagemaker:UpdateNotebookInstance",
        "sagemaker:CreateNotebookInstanceLifecycleConfig",
        "sagemaker:StopNotebookInstance",
        "sagemaker:StartNotebookInstance",
    ],
    &["ssm:CreateAssociation"],
    &["ssm:ResumeSession"],
    &["ssm:SendCommand"],
    &["ssm:StartSession"],
    &["states:UpdateStateMachine"],
];

/// All calls of this file.
pub(crate) const CALLS: &[&str] = &[
    "airflow:CreateCliToken",
    "airflow:CreateEnvironment",
    "airflow:CreateWebLoginToken",
    "amplify:CreateApp",
    "amplify:UpdateApp",
    "apprunner:CreateService",
    "apprunner:UpdateService",
    "appsync:CreateDataSource",
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:CreateLaunchConfiguration",
    "autoscaling:UpdateAutoScalingGroup",
    "batch:RegisterJobDefinition",
    "batch:SubmitJob",
    "bedrock-agentcore:CreateAgentRuntime",
    "bedrock-agentcore:CreateCodeInterpreter",
    "bedrock-agentcore:InvokeAgentRuntime",
    "bedrock-agentcore:InvokeCodeInterpreter",
    "bedrock-agentcore:StartCodeInterpreterSession",
    "bedrock-agentcore:UpdateAgentRuntime",
    "braket:CreateJob",
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:CreateStackInstances",
    "cloudformation:CreateStackSet",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:UpdateStack",
    "cloudformation:UpdateStackSet",
    "codebuild:CreateProject",
    "codebuild:StartBuild",
    "codebuild:StartBuildBatch",
    "codebuild:UpdateProject",
    "codepipeline:CreatePipeline",
    "codestar:AssociateTeamMember",
    "codestar:CreateProject",
    "cognito-identity:SetIdentityPoolRoles",
    "databrew:CreateProfileJob",
    "databrew:CreateRecipeJob",
    "databrew:StartJobRun",
    "datapipeline:ActivatePipeline",
    "datapipeline:CreatePipeline",
    "datapipeline:PutPipelineDefinition",
    "ec2-instance-connect:SendSSHPublicKey",
    "ec2-instance-connect:SendSerialConsoleSSHPublicKey",
    "ec2:AssociateIamInstanceProfile",
    "ec2:CreateFleet",
    "ec2:CreateLaunchTemplate",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:ModifyInstanceAttribute",
    "ec2:ModifyLaunchTemplate",
    "ec2:ReplaceIamInstanceProfileAssociation",
    "ec2:RequestSpotFleet",
    "ec2:RequestSpotInstances",
    "ec2:RunInstances",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ecs:CreateDaemon",
    "ecs:CreateExpressGatewayService",
    "ecs:CreateService",
    "ecs:CreateTaskSet",
    "ecs:RegisterDaemonTaskDefinition",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "ecs:StartTask",
    "ecs:UpdateDaemon",
    "ecs:UpdateExpressGatewayService",
    "ecs:UpdateService",
    "elasticbeanstalk:CreateApplicationVersion",
    "elasticbeanstalk:CreateEnvironment",
    "elasticbeanstalk:UpdateEnvironment",
    "elasticmapreduce:AddJobFlowSteps",
    "elasticmapreduce:RunJobFlow",
    "emr-serverless:StartJobRun",
    "events:PutRule",
    "events:PutTargets",
    "fis:CreateExperimentTemplate",
    "fis:StartExperiment",
    "gamelift:CreateFleet",
    "glue:CreateDevEndpoint",
    "glue:CreateJob",
    "glue:CreateSession",
    "glue:CreateTrigger",
    "glue:RunStatement",
    "glue:StartJobRun",
    "glue:UpdateDevEndpoint",
    "glue:UpdateJob",
    "iam:AddRoleToInstanceProfile",
    "iam:PassRole",
    "imagebuilder:CreateImage",
    "imagebuilder:CreateInfrastructureConfiguration",
    "imagebuilder:StartImagePipelineExecution",
    "iot:CreateRoleAlias",
    "kinesisanalytics:CreateApplication",
    "kinesisanalytics:StartApplication",
    "lambda:AddPermission",
    "lambda:CreateEventSourceMapping",
    "lambda:CreateFunction",
    "lambda:CreateFunctionUrlConfig",
    "lambda:InvokeFunction",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "omics:StartRun",
    "pipes:CreatePipe",
    "pipes:UpdatePipe",
    "rolesanywhere:CreateProfile",
    "rolesanywhere:UpdateProfile",
    "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateNotebookInstance",
    "sagemaker:CreateNotebookInstanceLifecycleConfig",
    "sagemaker:CreatePipeline",
    "sagemaker:CreatePresignedDomainUrl",
    "sagemaker:CreatePresignedNotebookInstanceUrl",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
    "sagemaker:StartNotebookInstance",
    "sagemaker:StartPipelineExecution",
    "sagemaker:StopNotebookInstance",
    "sagemaker:UpdateNotebookInstance",
    "sagemaker:UpdatePipeline",
    "scheduler:CreateSchedule",
    "scheduler:UpdateSchedule",
    "ssm:CreateAssociation",
    "ssm:ResumeSession",
    "ssm:SendCommand",
    "ssm:StartAutomationExecution",
    "ssm:StartSession",
    "states:CreateStateMachine",
    "states:StartExecution",
    "states:StartSyncExecution",
    "states:TestState",
    "states:UpdateStateMachine",
    "synthetics:CreateCanary",
];

#[cfg(test)]
mod tests {
    use super::{CALLS, DIRECT, PASSED};

    #[test]
    fn every_step_is_among_the_calls() {
        let steps = PASSED.iter().flat_map(|path| path.steps).copied().flatten();
        let direct = DIRECT.iter().copied().flatten();
        assert!(steps.chain(direct).all(|step| CALLS.contains(step)));
    }
}
