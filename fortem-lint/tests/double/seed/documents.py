"""Policies, right ones and wrong ones."""


def policy(*statements, version="2012-10-17"):
    return {"Version": version, "Statement": list(statements)}


def allow(sid, actions, resource="*", condition=None, effect="Allow"):
    s = {"Sid": sid, "Effect": effect, "Action": actions, "Resource": resource}
    if condition:
        s["Condition"] = condition
    return s


def trust_service(service):
    return policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def trust_account(account_id, extra=None):
    actions = ["sts:AssumeRole"] + (extra or [])
    return policy({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
                   "Action": actions if extra else "sts:AssumeRole"})


OWN = {"StringEquals": {"aws:ResourceTag/Environment": "${aws:PrincipalTag/Environment}"}}
OWN_REQUEST = {"StringEquals": {"aws:RequestTag/Environment": "${aws:PrincipalTag/Environment}"}}


def own_and_tag_keys():
    return {"StringEquals": dict(OWN_REQUEST["StringEquals"]),
            "ForAllValues:StringEquals": {"aws:TagKeys": ["Environment", "Service"]}}


def good_abac(account_id, region):
    """Scoped to the caller's environment; nothing in it should be reported."""
    cluster = f"arn:aws:ecs:{region}:{account_id}"
    return policy(
        allow("OperateOwn", ["ecs:UpdateService", "ecs:StopTask", "ecs:DescribeServices",
                             "ecs:DescribeTasks"],
              [f"{cluster}:service/*", f"{cluster}:task/*"], OWN),
        allow("RunOwn", ["ecs:RunTask"], [f"{cluster}:task-definition/*"],
              {"StringEquals": {
                  "aws:ResourceTag/Environment": "${aws:PrincipalTag/Environment}",
                  "aws:RequestTag/Environment": "${aws:PrincipalTag/Environment}"}}),
        allow("TagOnCreate", ["ecs:TagResource"], "*",
              {"StringEquals": {"ecs:CreateAction": "RunTask",
                                "aws:RequestTag/Environment": "${aws:PrincipalTag/Environment}"}}),
        allow("PassOwn", "iam:PassRole",
              f"arn:aws:iam::{account_id}:role/ecs/${{aws:PrincipalTag/Environment}}-*",
              {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
        allow("ReadOwnLogs", ["logs:GetLogEvents", "logs:FilterLogEvents"],
              f"arn:aws:logs:{region}:{account_id}:log-group:/ecs/${{aws:PrincipalTag/Environment}}/*", OWN),
        allow("NeverProd", "ecs:*", "*",
              {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}, effect="Deny"),
        allow("NeverUntagged", ["ecs:UpdateService", "ecs:StopTask", "ecs:DeleteService"], "*",
              {"Null": {"aws:ResourceTag/Environment": "true"}}, effect="Deny"))


def drafted_policy():
    """A policy for developers as it is often drafted."""
    return policy(
        allow("OperateOwnedEnvironment", ["ecs:UpdateService", "ecs:StopTask", "ecs:DeleteService"],
              "*", OWN),
        allow("CreateTaggedToOwnedEnvironment", ["ecs:CreateService", "ecs:RunTask"], "*", OWN_REQUEST),
        {"Sid": "PassOnlyOwnedEnvironmentRoles", "Effect": "Allow", "Action": "iam:PassRole",
         "Resource": "arn:aws:iam::*:role/ecs/${aws:PrincipalTag/Environment}-*"},
        allow("NeverProd", "ecs:*", "*",
              {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}, effect="Deny"))


# name -> (document, defect code or None, why)
def every_kind(account_id, region):
    return {
        "abac-developer": (good_abac(account_id, region), None, ""),
        "drafted-developer": (
            drafted_policy(), "PASSROLE_NO_SERVICE",
            "PassRole is limited by path but not by iam:PassedToService; untagged prod slips the Deny"),
        "list-open": (
            policy(allow("List", ["ecs:ListClusters", "ecs:ListServices"])), "LIST_UNCONDITIONED",
            "ListClusters takes no tag condition: every environment's names are visible"),
        "describe-open": (
            policy(allow("Describe", ["ecs:Describe*", "ecs:List*"])), "LIST_UNCONDITIONED",
            "reads prod metadata, by wildcard"),
        "list-conditioned-dead": (
            policy(allow("Dead", "ecs:ListClusters", "*", OWN)), "CONDITION_NEVER_MET",
            "ListClusters fills no resource tag, so the statement never grants"),
        "passrole-wildcard": (
            policy(allow("Pass", "iam:PassRole")), "PASSROLE_WILDCARD", "any role can be passed"),
        "passrole-and-register": (
            policy(allow("Register", ["ecs:RegisterTaskDefinition", "ecs:RunTask", "iam:PassRole"])),
            "PASSROLE_WILDCARD", "register, pass, run: runs as any role"),
        "exec-wildcard": (
            policy(allow("Exec", "ecs:ExecuteCommand")), "EXEC_UNSCOPED",
            "a shell in every container, prod included"),
        "exec-scoped": (policy(allow("Exec", "ecs:ExecuteCommand", "*", OWN)), None, ""),
        "ecs-star": (policy(allow("All", "ecs:*")), "ADMIN_ECS", "every ECS action on everything"),
        "prefix-wildcard": (
            policy(allow("Upd", ["ecs:Up*", "ecs:Sto?Task"])), "WRITE_UNSCOPED",
            "UpdateService and StopTask through wildcards"),
        "not-action": (
            policy({"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}),
            "NOT_ACTION_ALLOW", "allows ecs:* by leaving it out"),
        "not-resource": (
            policy({"Effect": "Allow", "Action": "ecs:UpdateService",
                    "NotResource": f"arn:aws:ecs:{region}:{account_id}:service/fleet-prod/*"}),
            "NOT_RESOURCE_ALLOW", "everything but one ARN pattern"),
        "if-exists": (
            policy(allow("IfExists", "ecs:UpdateService", "*",
                         {"StringEqualsIfExists": OWN["StringEquals"]})),
            "IF_EXISTS_UNTAGGED", "an untagged service satisfies ...IfExists"),
        "for-all-values": (
            policy(allow("Vacuous", "ecs:CreateService", "*",
                         {"ForAllValues:StringEquals": {"aws:TagKeys": ["Environment"]}})),
            "VACUOUS_FOR_ALL", "true when no tag is sent"),
        "not-equals": (
            policy(allow("NotProd", "ecs:UpdateService", "*",
                         {"StringNotEquals": {"aws:ResourceTag/Environment": "prod"}})),
            "NEGATED_TAG", "true for an untagged resource, and for Prod and production"),
        "string-like": (
            policy(allow("Like", "ecs:UpdateService", "*",
                         {"StringLike": {"aws:ResourceTag/Environment": "*"}})),
            "TAG_WILDCARD", "any value of the tag will do"),
        "wrong-key": (
            policy(allow("Key", "ecs:UpdateService", "*",
                         {"StringEquals": {"aws:ResourceTag/Env": "${aws:PrincipalTag/Env}"}})),
            "WRONG_TAG_KEY", "the fleet's key is Environment"),
        "retag": (
            policy(allow("Retag", ["ecs:TagResource", "ecs:UntagResource"])), "RETAG_ESCALATION",
            "may retag a prod service as staging, then operate it"),
        "retag-principal": (
            policy(allow("RetagSelf", ["iam:TagRole", "iam:TagUser"])), "RETAG_PRINCIPAL",
            "may change its own principal tag"),
        "run-task-request-only": (
            policy(allow("Run", "ecs:RunTask", "*", OWN_REQUEST)), "RUNTASK_REQUEST_TAG_ONLY",
            "a prod task definition can be run under a staging request tag"),
        "single-objects": (
            {"Version": "2012-10-17", "Statement":
             {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}},
            "WRITE_UNSCOPED", "a statement that is an object, not a list, and without Sid"),
        # A 2008-10-17 document, or one without Version, is accepted by AWS but not by the double.
        "mixed-case": (
            policy({"Effect": "Allow", "Action": ["ECS:updateservice"], "Resource": ["*"],
                    "Condition": {"StringEquals": {"AWS:resourcetag/environment": ["staging"]}}}),
            None, "action and condition key names are case-insensitive"),
        "unattached-admin": (policy(allow("Admin", "*")), "ADMIN_ALL", "attached to nobody"),
    }
