"""What runs in an account."""
import json

from seed.account import KEY, ecs_tags, iam_tags

ENVIRONMENTS = ["dev", "staging", "qa", "prod"]
SERVICES = ["orders-api", "billing-worker", "web"]


def subnets(acct):
    ids = sorted(s["SubnetId"] for s in acct.ec2.describe_subnets()["Subnets"])
    groups = sorted(g["GroupId"] for g in acct.ec2.describe_security_groups()["SecurityGroups"])
    return {"awsvpcConfiguration": {"subnets": ids[:1], "securityGroups": groups[:1],
                                    "assignPublicIp": "DISABLED"}}


def task_definition(acct, env, svc, tags, launch="FARGATE"):
    role = f"arn:aws:iam::{acct.id}:role/ecs/{env}-{svc}-task"
    kw = dict(
        family=f"{env}-{svc}", taskRoleArn=role,
        executionRoleArn=f"arn:aws:iam::{acct.id}:role/ecs/{env}-execution",
        networkMode="awsvpc" if launch == "FARGATE" else "bridge",
        requiresCompatibilities=[launch], cpu="256", memory="512",
        containerDefinitions=[{
            "name": svc, "image": f"{svc}:1.4.2", "essential": True, "cpu": 128, "memory": 256,
            "environment": [{"name": "APP_ENV", "value": env}],
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": f"/ecs/{env}/{svc}", "awslogs-region": acct.ctx.region,
                "awslogs-stream-prefix": "ecs"}}}])
    if tags:
        kw["tags"] = ecs_tags(tags)
    return acct.ecs.register_task_definition(**kw)["taskDefinition"]["taskDefinitionArn"]


def environment(acct, env, cluster_tags="own", service_tags=None, definition_tags=None, task_tags=None,
                log_tags=None, redis_tags="own", services=SERVICES, cluster=None):
    """One environment: cluster, services, task definitions, tasks, log groups, Redis, schedule.

    The *_tags arguments replace {Environment: env}: a dict, None for no tags, or, for the
    per-service ones, a dict of service name -> tags for the services that differ.
    """
    own = {KEY: env}
    name = cluster or f"fleet-{env}"
    tags = own if cluster_tags == "own" else cluster_tags
    net = subnets(acct)

    def pick(overrides, svc):
        return overrides[svc] if overrides and svc in overrides else {**own, "Service": svc}

    arn = acct.ecs.create_cluster(
        clusterName=name, tags=ecs_tags(tags), capacityProviders=["FARGATE", "FARGATE_SPOT"],
        settings=[{"name": "containerInsights", "value": "enabled" if env == "prod" else "disabled"}],
        configuration={"executeCommandConfiguration": {"logging": "DEFAULT"}})["cluster"]["clusterArn"]
    out = {"cluster": arn, "services": {}, "definitions": {}, "tasks": {}, "logs": {}}
    for svc in services:
        out["definitions"][svc] = d = task_definition(acct, env, svc, pick(definition_tags, svc))
        out["services"][svc] = acct.ecs.create_service(
            cluster=name, serviceName=svc, taskDefinition=d, desiredCount=2, launchType="FARGATE",
            networkConfiguration=net, propagateTags="SERVICE", enableExecuteCommand=svc != "web",
            tags=ecs_tags(pick(service_tags, svc)))["service"]["serviceArn"]
        out["tasks"][svc] = [t["taskArn"] for t in acct.ecs.run_task(
            cluster=name, taskDefinition=d, count=2, launchType="FARGATE", networkConfiguration=net,
            group=f"service:{svc}", startedBy="ecs-svc/seed", tags=ecs_tags(pick(task_tags, svc)))["tasks"]]
        group = f"/ecs/{env}/{svc}"
        acct.logs.create_log_group(logGroupName=group, tags=pick(log_tags, svc) or {})
        out["logs"][svc] = f"arn:aws:logs:{acct.ctx.region}:{acct.id}:log-group:{group}"
    scale(acct, name, services[0])
    rtags = own if redis_tags == "own" else redis_tags
    out["redis"] = acct.elasticache.create_replication_group(
        ReplicationGroupId=f"redis-{env}", ReplicationGroupDescription=f"cache of {env}",
        Engine="redis", CacheNodeType="cache.t4g.micro", NumCacheClusters=1,
        Tags=iam_tags(rtags))["ReplicationGroup"]["ARN"]
    acct.scheduler.create_schedule_group(Name=f"pause-{env}", Tags=iam_tags(own))
    acct.scheduler.create_schedule(
        Name=f"nightly-{env}", GroupName=f"pause-{env}", ScheduleExpression="cron(0 20 * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"}, State="ENABLED" if env != "prod" else "DISABLED",
        Target={"Arn": "arn:aws:scheduler:::aws-sdk:ecs:updateService",
                "RoleArn": f"arn:aws:iam::{acct.id}:role/ecs/{env}-execution"})
    return out


def scale(acct, cluster, service):
    client = acct.session.client("application-autoscaling", endpoint_url=acct.ctx.endpoint)
    client.register_scalable_target(
        ServiceNamespace="ecs", ResourceId=f"service/{cluster}/{service}",
        ScalableDimension="ecs:service:DesiredCount", MinCapacity=1, MaxCapacity=4)


def ec2_cluster(acct, name="shared-hosts", env="staging"):
    """Two differently privileged tasks on one container instance."""
    ecs, ec2 = acct.ecs, acct.ec2
    arn = ecs.create_cluster(clusterName=name, tags=ecs_tags({KEY: env}))["cluster"]["clusterArn"]
    inst = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1,
                             InstanceType="t3.large")["Instances"][0]["InstanceId"]
    doc = {"accountId": acct.id, "instanceId": inst, "region": acct.ctx.region,
           "instanceType": "t3.large", "version": "2010-08-31"}
    ecs.register_container_instance(cluster=name, instanceIdentityDocument=json.dumps(doc))
    for svc in ("agent", "batch"):
        d = task_definition(acct, env, svc, {KEY: env}, launch="EC2")
        ecs.create_service(cluster=name, serviceName=svc, taskDefinition=d, desiredCount=1,
                           launchType="EC2", tags=ecs_tags({KEY: env}))
        ecs.run_task(cluster=name, taskDefinition=d, count=1, launchType="EC2",
                     group=f"service:{svc}", startedBy="ecs-svc/seed", tags=ecs_tags({KEY: env}))
    acct.plant("EC2_LAUNCH_TYPE", arn, "tasks share a host: credentials can be taken across tasks")


def defective_environments(acct):
    """dev clean; staging, qa and prod each with their own defects."""
    environment(acct, "dev")
    s = environment(acct, "staging", service_tags={"web": {KEY: "Staging"}},
                    definition_tags={"billing-worker": None}, log_tags={"web": None})
    acct.plant("TAG_VALUE_DRIFT", s["services"]["web"], "Staging is not staging")
    acct.plant("UNTAGGED", s["definitions"]["billing-worker"], "task definition")
    acct.plant("UNTAGGED", s["logs"]["web"], "log group")
    q = environment(acct, "qa", cluster_tags=None, task_tags={"orders-api": None}, redis_tags=None)
    acct.plant("UNTAGGED", q["cluster"], "cluster")
    for t in q["tasks"]["orders-api"]:
        acct.plant("UNTAGGED", t, "task")
    acct.plant("UNTAGGED", q["redis"], "replication group")
    p = environment(acct, "prod", cluster_tags={KEY: "production"},
                    service_tags={"orders-api": {KEY: "Prod"}, "billing-worker": {KEY: "staging"},
                                  "web": {"environment": "prod"}},
                    log_tags={"web": {KEY: "prod "}})
    acct.plant("TAG_VALUE_DRIFT", p["cluster"], "production is not prod")
    acct.plant("TAG_VALUE_DRIFT", p["services"]["orders-api"], "Prod is not prod")
    acct.plant("TAG_DISAGREES", p["services"]["billing-worker"],
               "tagged staging inside the prod cluster: staging developers can operate it")
    acct.plant("TAG_KEY_DRIFT", p["services"]["web"], "key environment: neither Allow nor Deny matches")
    acct.plant("TAG_VALUE_DRIFT", p["logs"]["web"], "trailing space")
