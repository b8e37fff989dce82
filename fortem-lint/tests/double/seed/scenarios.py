"""What is in the double."""
import json

from seed.account import KEY, ecs_tags, iam_tags
from seed.documents import allow, good_abac, policy, trust_service
from seed.ecs import ENVIRONMENTS, defective_environments, ec2_cluster, environment
from seed.iam import seed_iam, seed_iam_clean
from seed.organization import organization


def scenario_empty(ctx, args):
    ctx.management()


def scenario_clean(ctx, args):
    acct = ctx.management()
    seed_iam_clean(acct)
    for env in ENVIRONMENTS:
        environment(acct, env)


def scenario_single(ctx, args):
    acct = ctx.management()
    seed_iam(acct)
    defective_environments(acct)
    ec2_cluster(acct)
    acct.ecs.put_account_setting(name="taskLongArnFormat", value="enabled")


def scenario_fleet(ctx, args):
    management = ctx.management()
    ids = organization(management)
    a = ctx.member(management, ids["platform-nonprod"], "platform-nonprod")
    seed_iam_clean(a)
    for env in ("dev", "staging", "qa"):
        environment(a, env)
    a = ctx.member(management, ids["platform-prod"], "platform-prod")
    seed_iam_clean(a)
    environment(a, "prod")
    a = ctx.member(management, ids["shared-legacy"], "shared-legacy")
    seed_iam(a)
    defective_environments(a)
    ec2_cluster(a)
    a = ctx.member(management, ids["sandbox"], "sandbox")
    out = environment(a, "dev", cluster="playground", cluster_tags=None, services=["web"],
                      service_tags={"web": None})
    a.plant("UNTAGGED", out["cluster"], "cluster")
    a.plant("UNTAGGED", out["services"]["web"], "service")


def scenario_scale(ctx, args):
    acct = ctx.management()
    ecs, iam = acct.ecs, acct.iam
    # A bridge-mode definition run with a Fargate launch type is not something AWS accepts; the double
    # does (where the definition does not ask for FARGATE), and it spares a network interface per task.
    defs = {e: ecs.register_task_definition(
        family=f"scale-{e}", cpu="256", memory="512",
        networkMode="bridge", tags=ecs_tags({KEY: e}),
        taskRoleArn=f"arn:aws:iam::{acct.id}:role/ecs/{e}-task",
        containerDefinitions=[{"name": "app", "image": "app:1", "memory": 256}])
        ["taskDefinition"]["taskDefinitionArn"] for e in ENVIRONMENTS}

    def one_cluster(i):
        env = ENVIRONMENTS[i % 4]
        name = f"c{i:04d}-{env}"  # fixed width: the double matches cluster names by substring
        tags = {} if i % 17 == 0 else {KEY: env}
        arn = ecs.create_cluster(clusterName=name, tags=ecs_tags(tags))["cluster"]["clusterArn"]
        if not tags:
            acct.plant("UNTAGGED", arn, "cluster")
        for j in range(args.services):
            svc = f"svc-{j:03d}"
            stags = {} if (i * args.services + j) % 101 == 0 else {KEY: env}
            sarn = ecs.create_service(cluster=name, serviceName=svc, taskDefinition=defs[env],
                                      desiredCount=args.tasks, launchType="FARGATE",
                                      tags=ecs_tags(stags))["service"]["serviceArn"]
            if not stags:
                acct.plant("UNTAGGED", sarn, "service")
            left = args.tasks
            while left > 0:
                ecs.run_task(cluster=name, taskDefinition=defs[env], count=min(10, left),
                             launchType="FARGATE", group=f"service:{svc}", startedBy="ecs-svc/seed",
                             tags=ecs_tags({KEY: env}))
                left -= 10

    shared = iam.create_policy(PolicyName="abac-developer", PolicyDocument=json.dumps(
        good_abac(acct.id, ctx.region)))["Policy"]["Arn"]

    def one_role(i):
        env = ENVIRONMENTS[i % 4]
        name = f"{env}-role-{i:05d}"
        tags = {} if i % 53 == 0 else {KEY: env}
        arn = iam.create_role(RoleName=name, Path="/ecs/", Tags=iam_tags(tags), AssumeRolePolicyDocument=json.dumps(
            trust_service("ecs-tasks.amazonaws.com")))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(
            policy(allow("S3", "s3:GetObject", f"arn:aws:s3:::{name}/*"))))
        if i % 10 == 0:
            iam.attach_role_policy(RoleName=name, PolicyArn=shared)
            if not tags:
                acct.plant("PRINCIPAL_UNTAGGED", arn, "holds the ABAC policy without an Environment tag")

    for i in range(args.clusters):
        one_cluster(i)
    for i in range(args.roles):
        one_role(i)


def scenario_secrets(ctx, args):
    acct = ctx.management()
    env, cluster = {KEY: "staging"}, "vault"
    acct.ecs.create_cluster(clusterName=cluster, tags=ecs_tags(env))

    def secret(name):
        ctx.secrets.append(f"hunter2-{name}-Zq7Rk9Vx3mT5")
        return ctx.secrets[-1]

    definition = acct.ecs.register_task_definition(
        family="staging-keeper", networkMode="bridge", cpu="256", memory="512", tags=ecs_tags(env),
        containerDefinitions=[{
            "name": "keeper", "image": "keeper:1", "memory": 256,
            "command": ["serve", f"--token={secret('command')}"],
            "entryPoint": ["sh", "-c", f"TOKEN={secret('entry-point')} keeper"],
            "healthCheck": {"command": ["CMD-SHELL", f"curl -H 'X-Key: {secret('health-check')}' localhost"]},
            "environment": [{"name": "DB_PASSWORD", "value": secret("environment")},
                            {"name": "GREETING", "value": secret("inconspicuous")}],
            "dockerLabels": {"build": secret("label")},
            "logConfiguration": {"logDriver": "splunk", "options": {
                "splunk-token": secret("log-option"), "splunk-url": "https://logs.example.com"}}}],
    )["taskDefinition"]["taskDefinitionArn"]
    acct.ecs.run_task(
        cluster=cluster, taskDefinition=definition, count=1, tags=ecs_tags(env), launchType="FARGATE",
        overrides={"containerOverrides": [{
            "name": "keeper", "command": ["serve", secret("override-command")],
            "environment": [{"name": "DB_PASSWORD", "value": secret("override")}]}]})
    override = {"containerOverrides": [{"name": "keeper", "environment": [
        {"name": "DB_PASSWORD", "value": secret("target")}]}]}
    parameters = {"TaskDefinitionArn": definition, "TaskCount": 1}
    arn = f"arn:aws:ecs:{ctx.region}:{acct.id}:cluster/{cluster}"
    role = f"arn:aws:iam::{acct.id}:role/ecs/starter"
    acct.events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)", Tags=iam_tags(env))
    acct.events.put_targets(Rule="nightly", Targets=[{
        "Id": "1", "Arn": arn, "RoleArn": role, "EcsParameters": parameters, "Input": json.dumps(override)}])
    acct.scheduler.create_schedule(
        Name="nightly", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": role, "EcsParameters": parameters,
                "Input": json.dumps(override).replace(ctx.secrets[-1], secret("schedule"))})


def scenario_others(ctx, args):
    acct = ctx.management()
    provider = acct.ecs.create_capacity_provider(name="hosts", tags=ecs_tags({KEY: "dev"}), autoScalingGroupProvider={
        "autoScalingGroupArn": f"arn:aws:autoscaling:{ctx.region}:{acct.id}:autoScalingGroup:1:autoScalingGroupName/hosts",
    })["capacityProvider"]["name"]
    acct.ecs.create_cluster(clusterName="fleet-dev", tags=ecs_tags({KEY: "dev"}), capacityProviders=[provider])
    secret = acct.secretsmanager.create_secret(Name="dev/token", SecretString="none", Tags=iam_tags({KEY: "dev"}))["ARN"]
    definition = acct.ecs.register_task_definition(
        family="dev-web", networkMode="bridge", cpu="256", memory="512", containerDefinitions=[{
            "name": "web", "image": "web:1", "memory": 256, "secrets": [{"name": "TOKEN", "valueFrom": secret}]}])
    acct.ecs.create_service(cluster="fleet-dev", serviceName="web", desiredCount=0, launchType="EC2",
                            taskDefinition=definition["taskDefinition"]["taskDefinitionArn"])
    acct.ecr.create_repository(repositoryName="web")
    acct.s3.create_bucket(Bucket="trails", CreateBucketConfiguration={"LocationConstraint": ctx.region})
    acct.cloudtrail.create_trail(Name="all", S3BucketName="trails", IsMultiRegionTrail=True)


ALL = {"empty": scenario_empty, "clean": scenario_clean, "single": scenario_single,
       "fleet": scenario_fleet, "scale": scenario_scale, "secrets": scenario_secrets,
       "others": scenario_others}
