"""Serves a local AWS on a free port of the loopback interface, until its standard input is closed.

    python -m server
    # endpoint=http://127.0.0.1:45123

Whoever started it holds the other end of its standard input, so that it never outlives them.
"""
import json
import logging
import os

for name in list(os.environ):  # nothing of the caller's own set-up reaches the server
    if name.startswith(("AWS_", "MOTO_")):
        del os.environ[name]
os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION="eu-west-1",
                  MOTO_EC2_LOAD_DEFAULT_AMIS="false", MOTO_IAM_LOAD_MANAGED_POLICIES="true")

import moto.iam.models as iam  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

from lifeline import leave_with_parent  # noqa: E402

# Of the 1,600 policies that AWS manages, those that the scenarios attach, and one that nobody has: an answer with all of
# them takes a second.
MANAGED = {"AdministratorAccess", "AmazonECS_FullAccess", "AmazonECSTaskExecutionRolePolicy", "ReadOnlyAccess"}


def main():
    policies = json.loads(iam.aws_managed_policies_data)
    iam.aws_managed_policies_data = json.dumps({name: policies[name] for name in MANAGED})
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    leave_with_parent()
    print(f"endpoint=http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
