"""An account of the double, and what is planted there."""
import json

import boto3
from botocore.config import Config

from seed.documents import trust_account

KEY = "Environment"
ASSUMED_ROLE = "FortemLintReadOnly"


class Account:
    """One account of the double, reached with its own credentials."""

    def __init__(self, ctx, account_id, name, creds):
        self.ctx, self.id, self.name = ctx, account_id, name
        self.session = boto3.Session(
            aws_access_key_id=creds[0], aws_secret_access_key=creds[1],
            aws_session_token=creds[2], region_name=ctx.region)
        self._clients = {}

    def __getattr__(self, service):
        if service.startswith("_"):
            raise AttributeError(service)
        if service not in self._clients:
            self._clients[service] = self.session.client(
                service, endpoint_url=self.ctx.endpoint, region_name=self.ctx.region,
                config=Config(retries={"max_attempts": 1}, max_pool_connections=32,
                              parameter_validation=True))
        return self._clients[service]

    def plant(self, code, resource, why):
        self.ctx.planted.append(
            {"code": code, "account": self.id, "resource": resource, "why": why})


class Context:
    def __init__(self, endpoint, region):
        self.endpoint, self.region = endpoint.rstrip("/"), region
        self.planted, self.accounts, self.secrets = [], [], []

    def management(self):
        sts = boto3.client("sts", endpoint_url=self.endpoint, region_name=self.region,
                           aws_access_key_id="testing", aws_secret_access_key="testing")
        account = Account(self, sts.get_caller_identity()["Account"], "management",
                          ("testing", "testing", None))
        self.accounts.append({"id": account.id, "name": "management", "key": ["testing", "testing", ""]})
        return account

    def member(self, management, account_id, name):
        arn = f"arn:aws:iam::{account_id}:role/{ASSUMED_ROLE}"
        c = management.sts.assume_role(RoleArn=arn, RoleSessionName="seed")["Credentials"]
        account = Account(self, account_id, name,
                          (c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"]))
        who = account.sts.get_caller_identity()["Account"]
        if who != account_id:
            raise SystemExit(f"assume_role did not lead into {account_id} but into {who}")
        # The role the linter assumes must exist there, as it would in a real account.
        account.iam.create_role(
            RoleName=ASSUMED_ROLE,
            AssumeRolePolicyDocument=json.dumps(trust_account(management.id)))
        self.accounts.append({"id": account_id, "name": name,
                              "key": [c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"]]})
        return account


def ecs_tags(tags):
    return [{"key": k, "value": v} for k, v in (tags or {}).items()]


def iam_tags(tags):
    return [{"Key": k, "Value": v} for k, v in (tags or {}).items()]
