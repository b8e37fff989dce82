"""What a request asks of which service, and how that service refuses."""
import dataclasses
import json
import re
import urllib.parse

# Services whose requests are forms and whose answers are XML; the others speak JSON.
QUERY = {"iam", "sts", "elasticache", "ec2"}

# Operations that are told by their path, not by a header or a field.
PATHS = {
    "scheduler": [("/schedule-groups", "ListScheduleGroups"), ("/schedules/", "GetSchedule"),
                  ("/schedules", "ListSchedules"), ("/tags/", "ListTagsForResource")],
}

CODES = {
    "throttle": {"ec2": "RequestLimitExceeded", "iam": "Throttling", "sts": "Throttling",
                 "elasticache": "Throttling", "organizations": "TooManyRequestsException",
                 "": "ThrottlingException"},
    "denied": {"ec2": "UnauthorizedOperation", "iam": "AccessDenied", "sts": "AccessDenied",
               "elasticache": "AccessDenied", "": "AccessDeniedException"},
    "expired": {"ec2": "RequestExpired", "iam": "ExpiredToken", "sts": "ExpiredToken",
                "elasticache": "ExpiredToken", "": "ExpiredTokenException"},
}


@dataclasses.dataclass
class Call:
    """One request."""
    method: str
    path: str
    headers: dict
    body: bytes
    key: str = ""      # the access key
    service: str = ""  # as requests are signed for it
    region: str = ""
    op: str = ""
    form: dict = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, method, path, headers, body):
        call = cls(method, path, headers, body)
        signed = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request", headers.get("Authorization", ""))
        if signed:
            call.key, call.region, call.service = signed.groups()
        if "urlencoded" in headers.get("Content-Type", ""):
            call.form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
        target = headers.get("X-Amz-Target", "")
        call.op = target.rsplit(".", 1)[-1] or call.form.get("Action") or call.op_of_path()
        return call

    def op_of_path(self):
        path = urllib.parse.urlsplit(self.path).path
        for start, op in PATHS.get(self.service, []):
            if path.startswith(start):
                return op
        return f"{self.method} {path}"

    def params(self):
        """What a JSON request says."""
        return json.loads(self.body or b"{}")


def code(kind, service):
    """The error code by which a service says that."""
    codes = CODES[kind]
    return codes.get(service, codes[""])


def refusal(call, status, error, message):
    """Status, headers and body of an error in the protocol of the service."""
    if call.service == "ec2":
        body = (f"<Response><Errors><Error><Code>{error}</Code><Message>{message}</Message></Error></Errors>"
                "<RequestID>fault</RequestID></Response>")
        return status, {"Content-Type": "text/xml"}, body.encode()
    if call.service in QUERY:
        kind = "Sender" if status < 500 else "Receiver"
        body = (f"<ErrorResponse><Error><Type>{kind}</Type><Code>{error}</Code><Message>{message}</Message></Error>"
                "<RequestId>fault</RequestId></ErrorResponse>")
        return status, {"Content-Type": "text/xml"}, body.encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error}
    return status, headers, json.dumps({"__type": error, "message": message}).encode()
