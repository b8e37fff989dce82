"""An Organization with its policies."""
import json

from seed.account import KEY, iam_tags
from seed.documents import allow, policy
from seed.ecs import ENVIRONMENTS

REQUIRE_TAG = policy(
    {"Sid": "RequireEnvironmentTag", "Effect": "Deny",
     "Action": ["ecs:CreateCluster", "ecs:CreateService", "ecs:RunTask", "ecs:RegisterTaskDefinition"],
     "Resource": "*", "Condition": {"Null": {"aws:RequestTag/Environment": "true"}}},
    {"Sid": "KnownEnvironments", "Effect": "Deny",
     "Action": ["ecs:CreateCluster", "ecs:CreateService", "ecs:RunTask", "ecs:TagResource"],
     "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:RequestTag/Environment": ENVIRONMENTS}}},
    {"Sid": "KeepEnvironmentTag", "Effect": "Deny", "Action": "ecs:UntagResource", "Resource": "*",
     "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": ["Environment"]}}})

TAG_POLICY = {"tags": {KEY: {
    "tag_key": {"@@assign": KEY}, "tag_value": {"@@assign": ENVIRONMENTS},
    "enforced_for": {"@@assign": ["ecs:cluster", "ecs:service", "ecs:task-definition"]}}}}


def organization(acct):
    org = acct.organizations
    org.create_organization(FeatureSet="ALL")
    root = org.list_roots()["Roots"][0]["Id"]
    for kind in ("SERVICE_CONTROL_POLICY", "TAG_POLICY"):
        try:
            org.enable_policy_type(RootId=root, PolicyType=kind)
        except org.exceptions.PolicyTypeAlreadyEnabledException:
            pass
    ous = {n: org.create_organizational_unit(ParentId=root, Name=n)["OrganizationalUnit"]["Id"]
           for n in ("nonprod", "prod")}
    members = {}
    for name, ou in (("platform-nonprod", "nonprod"), ("platform-prod", "prod"),
                     ("shared-legacy", "nonprod"), ("sandbox", None)):
        status = org.create_account(AccountName=name, Email=f"aws+{name}@example.com",
                                    RoleName="OrganizationAccountAccessRole")["CreateAccountStatus"]
        members[name] = status["AccountId"]
        if ou:
            org.move_account(AccountId=members[name], SourceParentId=root, DestinationParentId=ous[ou])
    scp = org.create_policy(Name="require-environment-tag", Type="SERVICE_CONTROL_POLICY",
                            Description="no untagged ECS resources", Tags=iam_tags({"Owner": "platform"}),
                            Content=json.dumps(REQUIRE_TAG))["Policy"]["PolicySummary"]["Id"]
    org.attach_policy(PolicyId=scp, TargetId=ous["nonprod"])
    loose = org.create_policy(Name="deny-leave", Type="SERVICE_CONTROL_POLICY", Description="",
                              Content=json.dumps(policy(allow("Leave", "organizations:LeaveOrganization",
                                                              effect="Deny"))))["Policy"]["PolicySummary"]["Id"]
    org.attach_policy(PolicyId=loose, TargetId=root)
    tag = org.create_policy(Name="environment-values", Type="TAG_POLICY", Description="",
                            Content=json.dumps(TAG_POLICY))["Policy"]["PolicySummary"]["Id"]
    org.attach_policy(PolicyId=tag, TargetId=ous["nonprod"])
    org.register_delegated_administrator(AccountId=members["platform-prod"], ServicePrincipal="guardduty.amazonaws.com")
    acct.plant("SCP_MISSING", ous["prod"], "no SCP on the prod OU requires the Environment tag")
    acct.plant("SCP_MISSING", members["sandbox"], "account directly under the root")
    return members
