"""A proxy in front of the double, on the loopback interface: realism and faults.

    python -m proxy --upstream http://127.0.0.1:PORT [--faults RULES] [--realistic]
    # endpoint=http://127.0.0.1:45999

--realistic corrects answers of the double that differ from the service's:
  * ECS List* calls and IAM GetAccountAuthorizationDetails come in pages (of at most --page-size elements)
  * IAM gives those managed policies of AWS that are in use, policies have names, documents are URL-encoded
  * ECS refuses batches that are too large
  * Organizations refuses member accounts (with --management-account)
  * calls that the double does not know are answered as by an account that has nothing of it

Rules are a JSON list, tried in order; the first that matches is used:
  {"op": "ListServices",   pattern for the operation            (default "*")
   "service": "ecs",       iam, ecs, organizations, sts, ...    (default "*")
   "region": "eu-west-1",  the Region that signed the request   (default "*")
   "account": "1234*",     the account of the access key        (default "*")
   "contains": "text",     what the body of the request has in it
   "skip": 2,              let this many matching calls through first
   "lasts": 30,            the same, for each access key
   "times": 3,             then act on this many                (default: for ever)
   "rate": 0.1,            or act on this share, by --seed
   "fault": "throttle" | "denied" | "expired" | "error" | "slow" | "truncate" | "reset" | "garbage" | "answer" | "hang" | "loop",
   "status": 500,          for an error
   "code": "X",            error code to answer with
   "body": "{}",           the "answer", whatever is asked (default: an object without fields)
   "delay": 2.0}           seconds, for "slow"; then the true answer follows
"loop" gives the first page, with the same token for the next one, whatever page is asked for.

--rps N throttles every operation to N calls a second (token bucket of N), as an account does.
--cache answers a repeated read from memory: the double works on one call at a time.

GET /_proxy/stats: calls and faults by operation, and the greatest number in flight, as JSON.
POST /_proxy/faults: replaces the rules with the JSON in the body.
"""
import argparse
import http.client
import http.server
import json
import re
import socket
import struct
import sys
import threading
import time
import urllib.parse

from lifeline import leave_with_parent
from proxy import loop
from proxy.calls import QUERY, Call, code, refusal
from proxy.faults import Faults
from proxy.realism import Realism

# What belongs to one connection, not to what is passed on.
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade"}
MESSAGES = {"throttle": "Rate exceeded", "denied": "User is not authorized to perform this",
            "expired": "The security token included in the request is expired", "error": "injected"}


class Proxy:
    """What all connections share."""

    def __init__(self, args):
        self.upstream = urllib.parse.urlsplit(args.upstream)
        self.faults = Faults(args.rps, args.seed)
        self.realism = Realism(args.management_account, args.page_size) if args.realistic else None
        self.cache = {} if args.cache else None
        self.accounts, self.local, self.lock = {}, threading.local(), threading.Lock()
        self.flying = self.most = 0

    def fly(self, change):
        with self.lock:
            self.flying += change
            self.most = max(self.most, self.flying)

    def stats(self):
        with self.faults.lock:
            return {"calls": self.faults.calls, "faults": self.faults.faults, "most_in_flight": self.most}

    def answer(self, call):
        """The true answer: status, headers and body."""
        instead = self.realism and self.realism.instead(call, lambda: self.account(call.key))
        if instead:
            return instead
        seen = (call.key, call.service, call.region, call.op, call.path, call.body)
        if self.cache is not None and seen in self.cache:
            return self.cache[seen]
        status, headers, out = self.ask(call)
        if self.realism and status == 200:
            out = self.realism.correct(call, out)
        if self.cache is not None and re.match("List|Describe|Get", call.op):
            self.cache[seen] = status, headers, out
        return status, headers, out

    def ask(self, call):
        for attempt in (0, 1):
            conn = getattr(self.local, "conn", None)
            if conn is None:
                conn = self.local.conn = http.client.HTTPConnection(
                    self.upstream.hostname, self.upstream.port, timeout=300)
            try:
                conn.request(call.method, call.path, body=call.body, headers=passed_on(call.headers))
                answer = conn.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            except (http.client.HTTPException, OSError):
                conn.close()
                self.local.conn = None
                if attempt:
                    raise

    def account(self, key):
        """Whose access key it is."""
        if key not in self.accounts:
            signed = f"AWS4-HMAC-SHA256 Credential={key}/20200101/us-east-1/sts/aws4_request, " \
                     "SignedHeaders=host, Signature=0"
            headers = {"Authorization": signed, "Content-Type": "application/x-www-form-urlencoded"}
            body = b"Action=GetCallerIdentity&Version=2011-06-15"
            found = re.search(rb"<Account>(\d+)</Account>", self.ask(Call("POST", "/", headers, body))[2])
            self.accounts[key] = found.group(1).decode() if found else ""
        return self.accounts[key]


def passed_on(headers):
    return {name: value for name, value in headers.items() if name.lower() not in HOP}


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""
    protocol_version = "HTTP/1.1"
    proxy = None

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_):
        pass

    def handle_call(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/_proxy/stats":
            kind = {"Content-Type": "application/json"}
            return self.send(200, kind, json.dumps(self.proxy.stats()).encode())
        if self.path == "/_proxy/faults":
            self.proxy.faults.replace(json.loads(body))
            return self.send(200, {}, b"")
        self.proxy.fly(1)
        try:
            headers = {name.title(): value for name, value in self.headers.items()}
            self.serve(Call.read(self.command, self.path, headers, body))
        finally:
            self.proxy.fly(-1)

    do_GET = do_POST = handle_call

    def serve(self, call):
        rule = self.proxy.faults.meet(call, lambda: self.proxy.account(call.key)) or {"fault": None}
        kind = rule["fault"]
        if kind in MESSAGES:
            status = 500 if kind == "error" else 403 if call.service in QUERY and kind != "throttle" else 400
            error = rule.get("code") or ("InternalFailure" if kind == "error" else code(kind, call.service))
            return self.send(*refusal(call, rule.get("status", status), error, MESSAGES[kind]))
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return self.connection.close()
        if kind == "hang":
            time.sleep(3600)
        if kind == "garbage":
            return self.send(200, {"Content-Type": "text/html"}, b"<html>captive portal</html>")
        if kind == "answer":
            return self.send(200, {"Content-Type": "application/x-amz-json-1.1"}, rule.get("body", "{}").encode())
        if kind == "slow":
            time.sleep(rule.get("delay", 1.0))
        if kind == "loop":
            status, headers, body = self.proxy.answer(loop.first_page(call))
            return self.send(status, headers, loop.with_token(call, body))
        status, headers, body = self.proxy.answer(call)
        self.send(status, headers, body, whole=kind != "truncate")

    def send(self, status, headers, body, whole=True):
        self.send_response(status)
        for name, value in passed_on(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if whole else body[:len(body) // 2])
        if not whole:
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)


class Server(http.server.ThreadingHTTPServer):
    """A thread for each connection."""
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    ap.add_argument("--upstream", required=True)
    ap.add_argument("--faults", default="[]", help="rules, as JSON")
    ap.add_argument("--realistic", action="store_true")
    ap.add_argument("--management-account", default="")
    ap.add_argument("--page-size", type=int, default=1000)
    ap.add_argument("--rps", type=float, default=0)
    ap.add_argument("--cache", action="store_true")
    ap.add_argument("--seed", type=int, default=1)
    args = ap.parse_args()
    proxy = Handler.proxy = Proxy(args)
    proxy.faults.replace(json.loads(args.faults))
    server = Server(("127.0.0.1", 0), Handler)
    leave_with_parent()
    print(f"endpoint=http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
