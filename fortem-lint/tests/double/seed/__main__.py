"""Seeds a local AWS with accounts that a linter can audit.

    python -m seed --endpoint http://127.0.0.1:PORT --scenario fleet

Scenarios
  empty    nothing but what the double makes by itself
  clean    one account, four environments, everything tagged and scoped
  single   one account, no organization: four environments, an EC2-backed cluster, tag drift, policies of every kind
  fleet    an organization: root, two units, management and four member accounts, SCPs and a tag policy;
           each member account is seeded through sts:AssumeRole, with its own defects
  scale    one large account (see --clusters, --services, --tasks, --roles)
  secrets  credentials wherever a person may leave one
  others   one of each kind of resource that the scenarios above lack

The last thing on standard output is one JSON document, the manifest: the accounts and the defects planted ("planted":
code, account, resource, why), each declared where it is made.

The double is emptied first, and its generator of ids set: the same scenario gives the same ids (times differ). Only
loopback endpoints are accepted and the credentials are dummies, so no real account can be reached.
"""
import argparse
import ipaddress
import json
import os
import urllib.parse
import urllib.request

for name in list(os.environ):  # no profile, session or endpoint of the caller's
    if name.startswith("AWS_"):
        del os.environ[name]

from seed import scenarios  # noqa: E402
from seed.account import KEY, Context  # noqa: E402
from seed.ecs import ENVIRONMENTS  # noqa: E402

SEED = 20260630


def loopback(endpoint):
    try:
        return ipaddress.ip_address(urllib.parse.urlsplit(endpoint).hostname or "").is_loopback
    except ValueError:
        return False


def post(url, body=None):
    headers = {"Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else b""
    urllib.request.urlopen(urllib.request.Request(url, data, headers, method="POST"), timeout=60).close()


def prepare(endpoint):
    post(f"{endpoint}/moto-api/reset")
    post(f"{endpoint}/moto-api/seed?a={SEED}")
    # By itself the double moves a task one step towards STOPPED at every DescribeTasks.
    post(f"{endpoint}/moto-api/state-manager/set-transition",
         {"model_name": "ecs::task", "transition": {"progression": "manual", "times": 10 ** 9}})


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    ap.add_argument("--endpoint", required=True, help="http://127.0.0.1:PORT of the double")
    ap.add_argument("--scenario", choices=sorted(scenarios.ALL), default="single")
    ap.add_argument("--region", default="eu-west-1")
    ap.add_argument("--clusters", type=int, default=200)
    ap.add_argument("--services", type=int, default=15, help="per cluster")
    ap.add_argument("--tasks", type=int, default=5, help="per service")
    ap.add_argument("--roles", type=int, default=2000)
    args = ap.parse_args()
    if not loopback(args.endpoint):
        ap.error("only a loopback endpoint is accepted")
    ctx = Context(args.endpoint, args.region)
    prepare(ctx.endpoint)
    scenarios.ALL[args.scenario](ctx, args)
    planted = sorted(ctx.planted, key=lambda one: (one["account"], one["code"], one["resource"]))
    print(json.dumps({"scenario": args.scenario, "region": args.region, "environments": ENVIRONMENTS, "tag_key": KEY,
                      "accounts": ctx.accounts, "secrets": ctx.secrets, "planted": planted}, indent=1))


if __name__ == "__main__":
    main()
