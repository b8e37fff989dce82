"""Which call meets which fault."""
import collections
import fnmatch
import random
import threading
import time


class Faults:
    """Rules, the calls that were made, and the rate of an account."""

    def __init__(self, rps, seed):
        self.lock, self.rng, self.rps = threading.Lock(), random.Random(seed), rps
        self.rules, self.buckets = [], {}
        self.calls, self.faults = collections.Counter(), collections.Counter()

    def replace(self, rules):
        with self.lock:
            self.rules = [dict(rule, seen=collections.Counter(), done=0) for rule in rules]

    def meet(self, call, account):
        """The rule that this call meets, or none. `account` tells whose access key it is, if that is asked."""
        name = f"{call.service}:{call.op}"
        whose = account() if any("account" in rule for rule in self.rules) else ""
        with self.lock:
            self.calls[name] += 1
            if self.rps and not self.spend(call.op):
                rule = {"fault": "throttle"}
            else:
                rule = next((rule for rule in self.rules if self.acts(rule, call, whose)), None)
            if rule:
                self.faults[f"{name}:{rule['fault']}"] += 1
            return rule

    def spend(self, op):
        """Takes a token of the operation's bucket, if one is left."""
        now = time.monotonic()
        tokens, last = self.buckets.get(op, (self.rps, now))
        tokens = min(self.rps, tokens + (now - last) * self.rps)
        self.buckets[op] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1

    def acts(self, rule, call, account):
        fields = {"op": call.op, "service": call.service, "region": call.region, "account": account}
        if not all(fnmatch.fnmatchcase(value, rule.get(name, "*")) for name, value in fields.items()):
            return False
        if rule.get("contains", "").encode() not in call.body:
            return False
        # Credentials last for so many calls each; other rules count all calls together.
        counted = call.key if "lasts" in rule else ""
        rule["seen"][counted] += 1
        if rule["seen"][counted] <= rule.get("lasts", rule.get("skip", 0)):
            return False
        if rule["done"] >= rule.get("times", float("inf")) or self.rng.random() >= rule.get("rate", 1):
            return False
        rule["done"] += 1
        return True
