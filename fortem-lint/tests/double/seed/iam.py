"""Users, roles, groups and policies."""
import json

from seed.account import KEY, iam_tags
from seed.documents import OWN, allow, good_abac, policy, trust_account, trust_service, every_kind
from seed.ecs import ENVIRONMENTS, SERVICES


def seed_iam(acct):
    iam, region = acct.iam, acct.ctx.region
    arns = {}
    for name, (doc, code, why) in every_kind(acct.id, region).items():
        arn = iam.create_policy(PolicyName=name, Path="/fleet/", PolicyDocument=json.dumps(doc),
                                Tags=iam_tags({"Owner": "platform"}))["Policy"]["Arn"]
        arns[name] = arn
        if code:
            acct.plant(code, arn, why)
    # A managed policy whose default version is harmless while an older one is not, and the reverse.
    arns["versioned-fixed"] = iam.create_policy(
        PolicyName="versioned-fixed", PolicyDocument=json.dumps(policy(allow("Old", "ecs:*"))))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arns["versioned-fixed"], SetAsDefault=True,
                              PolicyDocument=json.dumps(policy(allow("New", "ecs:StopTask", "*", OWN))))
    arns["versioned-broken"] = iam.create_policy(
        PolicyName="versioned-broken",
        PolicyDocument=json.dumps(policy(allow("Old", "ecs:StopTask", "*", OWN))))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arns["versioned-broken"], SetAsDefault=True,
                              PolicyDocument=json.dumps(policy(allow("New", "ecs:StopTask"))))
    acct.plant("WRITE_UNSCOPED", arns["versioned-broken"], "the default version dropped the condition")

    boundary = iam.create_policy(PolicyName="developer-boundary", PolicyDocument=json.dumps(
        policy(allow("Ceiling", ["ecs:*", "logs:*"]))))["Policy"]["Arn"]

    def role(name, path, trust, tags=None, attach=(), inline=None, bound=None):
        kw = {"PermissionsBoundary": bound} if bound else {}
        arn = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(trust),
                              Tags=iam_tags(tags), **kw)["Role"]["Arn"]
        for p in attach:
            iam.attach_role_policy(RoleName=name, PolicyArn=arns.get(p, p))
        for pn, doc in (inline or {}).items():
            iam.put_role_policy(RoleName=name, PolicyName=pn, PolicyDocument=json.dumps(doc))
        return arn

    people = trust_account(acct.id)
    for env in ENVIRONMENTS:
        role(f"developer-{env}", "/people/", people, {KEY: env}, ["abac-developer"], bound=boundary)
        for svc in SERVICES:
            role(f"{env}-{svc}-task", "/ecs/", trust_service("ecs-tasks.amazonaws.com"),
                 {KEY: env, "Service": svc},
                 inline={"own-bucket": policy(allow("S3", "s3:GetObject",
                                                    f"arn:aws:s3:::{env}-{svc}/*"))})
        role(f"{env}-execution", "/ecs/", trust_service("ecs-tasks.amazonaws.com"), {KEY: env},
             ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"])

    a = role("staging-admin", "/ecs/", trust_service("ecs-tasks.amazonaws.com"), {KEY: "staging"},
             ["arn:aws:iam::aws:policy/AdministratorAccess"])
    acct.plant("POWERFUL_PASSABLE_ROLE", a, "within the path that staging developers may pass")
    a = role("developer-untagged", "/people/", people, None, ["abac-developer"])
    acct.plant("PRINCIPAL_UNTAGGED", a, "holds the ABAC policy without an Environment tag")
    a = role("developer-drift", "/people/", people, {KEY: "Staging"}, ["abac-developer"])
    acct.plant("TAG_VALUE_DRIFT", a, "Staging is not staging")
    a = role("developer-key-drift", "/people/", people, {"environment": "staging"}, ["abac-developer"])
    acct.plant("TAG_KEY_DRIFT", a, "lower-case tag key")
    a = role("developer-sso", "/people/", trust_account(acct.id, ["sts:TagSession"]), {KEY: "dev"},
             ["abac-developer"])
    acct.plant("SESSION_TAG_OPEN", a, "trust lets the caller choose the Environment session tag")
    a = role("open-trust", "/people/", policy({"Effect": "Allow", "Principal": "*",
                                               "Action": "sts:AssumeRole"}), {KEY: "prod"})
    acct.plant("TRUST_ANYONE", a, "principal *")
    a = role("ops-full", "/people/", people, {KEY: "staging"},
             ["arn:aws:iam::aws:policy/AmazonECS_FullAccess"])
    acct.plant("ADMIN_ECS", a, "AWS managed policy with ecs:*")
    a = role("inline-exec", "/people/", people, {KEY: "staging"},
             inline={"exec-and-more": policy(allow("X", "ecs:ExecuteCommand"))})
    acct.plant("EXEC_UNSCOPED", a, "in an inline policy")

    bad = ["drafted-developer", "list-open", "describe-open", "list-conditioned-dead",
           "passrole-wildcard", "passrole-and-register", "exec-wildcard", "exec-scoped", "ecs-star",
           "prefix-wildcard", "not-action", "not-resource", "if-exists", "for-all-values", "not-equals",
           "string-like", "wrong-key", "retag", "retag-principal", "run-task-request-only",
           "single-objects", "mixed-case", "versioned-fixed", "versioned-broken"]
    for p in bad:
        role(f"holds-{p}", "/every_kind/", people, {KEY: "staging"}, [p])

    for g, p in (("developers", "abac-developer"), ("release-managers", "passrole-wildcard")):
        iam.create_group(GroupName=g)
        iam.attach_group_policy(GroupName=g, PolicyArn=arns[p])
    iam.put_group_policy(GroupName="release-managers", PolicyName="deploy",
                         PolicyDocument=json.dumps(policy(allow("D", "ecs:UpdateService"))))
    acct.plant("WRITE_UNSCOPED", f"arn:aws:iam::{acct.id}:group/release-managers", "inline group policy")
    for user, tags, group in (("jamie", {KEY: "staging"}, "developers"), ("robin", {KEY: "dev"}, "developers"),
                              ("sam", {}, "developers"), ("kit", {KEY: "prod"}, "release-managers"),
                              ("ci-deployer", {"environment": "prod"}, None)):
        iam.create_user(UserName=user, Path="/people/", Tags=iam_tags(tags))
        if group:
            iam.add_user_to_group(GroupName=group, UserName=user)
    acct.plant("PRINCIPAL_UNTAGGED", f"arn:aws:iam::{acct.id}:user/people/sam", "user without a tag")
    iam.put_user_policy(UserName="ci-deployer", PolicyName="deploy",
                        PolicyDocument=json.dumps(policy(allow("D", ["ecs:*", "iam:PassRole"]))))
    acct.plant("PASSROLE_WILDCARD", f"arn:aws:iam::{acct.id}:user/people/ci-deployer", "inline user policy")
    iam.attach_user_policy(UserName="kit", PolicyArn=arns["exec-wildcard"])
    iam.create_access_key(UserName="ci-deployer")


def seed_iam_clean(acct):
    iam = acct.iam
    arn = iam.create_policy(PolicyName="abac-developer", Path="/fleet/", PolicyDocument=json.dumps(
        good_abac(acct.id, acct.ctx.region)))["Policy"]["Arn"]
    for env in ENVIRONMENTS:
        iam.create_role(RoleName=f"developer-{env}", Path="/people/", Tags=iam_tags({KEY: env}),
                        AssumeRolePolicyDocument=json.dumps(trust_account(acct.id)))
        iam.attach_role_policy(RoleName=f"developer-{env}", PolicyArn=arn)
        for svc in SERVICES:
            iam.create_role(RoleName=f"{env}-{svc}-task", Path="/ecs/", Tags=iam_tags({KEY: env}),
                            AssumeRolePolicyDocument=json.dumps(trust_service("ecs-tasks.amazonaws.com")))
