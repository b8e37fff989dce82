"""Lists that never end: each page is the first, and there is always another."""
import dataclasses
import json
import re
import urllib.parse

from proxy.calls import QUERY

TOKEN = "again"
# What requests and answers call the token of the next page, by service; the others say `nextToken`.
FIELDS = {"iam": "Marker", "elasticache": "Marker", "events": "NextToken", "scheduler": "NextToken",
          "application-autoscaling": "NextToken", "organizations": "NextToken", "tagging": "PaginationToken"}


def field(call):
    return FIELDS.get(call.service, "nextToken")


def first_page(call):
    """The same request without a token."""
    if call.service in QUERY:
        form = {name: value for name, value in call.form.items() if name != field(call)}
        return dataclasses.replace(call, form=form, body=urllib.parse.urlencode(form).encode())
    if call.method == "GET":
        return dataclasses.replace(call, path=re.sub(r"[?&]NextToken=[^&]*", "", call.path))
    params = {name: value for name, value in call.params().items() if name != field(call)}
    return dataclasses.replace(call, body=json.dumps(params).encode())


def with_token(call, body):
    """The same answer with a token for the next page."""
    name = field(call)
    if call.service not in QUERY:
        return json.dumps({**json.loads(body), name: TOKEN}).encode()
    body = re.sub(rb"<(\w+:)?(Marker|IsTruncated)>[^<]*</[^>]*>", b"", body)
    token = f"<IsTruncated>true</IsTruncated><{name}>{TOKEN}</{name}>".encode()
    return re.sub(rb"(</\w+Result>)", token + rb"\1", body, count=1)
