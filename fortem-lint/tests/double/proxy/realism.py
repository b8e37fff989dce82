"""Corrects answers of the double that differ from the services' (API references of the services, 2026-09)."""
import base64
import html
import json
import re
import urllib.parse
import xml.etree.ElementTree as ET

from proxy.calls import refusal

IAM_NS = "https://iam.amazonaws.com/doc/2010-05-08/"
IAM_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
DOCUMENTS = ("PolicyDocument", "AssumeRolePolicyDocument", "Document")

# Lists of ECS that come in pages, and at most how many elements a page has.
ECS_PAGE = 100
ECS_LISTS = {"ListClusters": "clusterArns", "ListServices": "serviceArns", "ListTasks": "taskArns",
             "ListTaskDefinitions": "taskDefinitionArns", "ListTaskDefinitionFamilies": "families",
             "ListContainerInstances": "containerInstanceArns"}
# Of how many resources ECS tells at once.
ECS_BATCHES = {"DescribeServices": ("services", 10), "DescribeTasks": ("tasks", 100),
               "DescribeClusters": ("clusters", 100), "DescribeContainerInstances": ("containerInstances", 100)}

# Regions that `DescribeRegions` leaves out: those that are switched off, and those of other partitions.
NOT_ENABLED = re.compile(rb">(?:not-opted-in|(?:cn|us-gov)-[a-z0-9-]+)<")

# What the double cannot answer, and what an account answers that has none of it.
ANSWERS = {
    ("elasticache", "DescribeServerlessCaches"):
        "<DescribeServerlessCachesResponse><DescribeServerlessCachesResult><ServerlessCaches/>"
        "</DescribeServerlessCachesResult></DescribeServerlessCachesResponse>",
    ("elasticache", "DescribeUserGroups"):
        "<DescribeUserGroupsResponse><DescribeUserGroupsResult><UserGroups/>"
        "</DescribeUserGroupsResult></DescribeUserGroupsResponse>",
    ("application-autoscaling", "ListTagsForResource"): json.dumps({"Tags": {}}),
    ("ecs", "DescribeCapacityProviders"): json.dumps({"capacityProviders": [
        {"name": name, "status": "ACTIVE", "tags": []} for name in ("FARGATE", "FARGATE_SPOT")]}),
}


class Realism:
    """Corrections, with pages of at most `page_size` elements."""

    def __init__(self, management_account, page_size):
        self.management_account, self.page_size = management_account, page_size

    def instead(self, call, account):
        """An answer that the double is not asked for, or none."""
        if call.service == "ecs" and call.op in ECS_BATCHES:
            field, most = ECS_BATCHES[call.op]
            if len(call.params().get(field) or []) > most:
                message = f"{field} cannot have more than {most} elements."
                return refusal(call, 400, "InvalidParameterException", message)
        if call.op == "DescribeEffectivePolicy":
            return refusal(call, 400, "EffectivePolicyNotFoundException", "None is in effect.")
        if call.service == "organizations" and call.op != "DescribeOrganization" and \
                self.management_account and account() != self.management_account:
            message = "You don't have permissions to access this resource."
            return refusal(call, 400, "AccessDeniedException", message)
        text = ANSWERS.get((call.service, call.op))
        if text is None or (call.op == "DescribeCapacityProviders" and call.params().get("capacityProviders")):
            return None
        kind = "application/x-amz-json-1.1" if text.startswith("{") else "text/xml"
        return 200, {"Content-Type": kind}, text.encode()

    def correct(self, call, out):
        """The answer as the service gives it."""
        if call.service == "ecs" and call.op in ECS_LISTS:
            return self.ecs_page(call, json.loads(out))
        if call.op == "DescribeRegions":
            return re.sub(rb"<item>.*?</item>", lambda item: b"" if NOT_ENABLED.search(item[0]) else item[0], out)
        if call.service == "iam" and call.op == "GetAccountAuthorizationDetails":
            return self.authorization_details(call, ET.fromstring(out))
        if call.service == "iam":
            names = "|".join(DOCUMENTS).encode()
            return re.sub(rb"<(" + names + rb")>([^<]*)</", encoded_element, out)
        return out

    def page(self, items, token, size):
        start = int(base64.b64decode(token).decode()) if token else 0
        following = start + min(int(size), self.page_size)
        more = base64.b64encode(str(following).encode()).decode() if following < len(items) else None
        return items[start:following], more

    def ecs_page(self, call, answer):
        params, field = call.params(), ECS_LISTS[call.op]
        size = min(params.get("maxResults") or ECS_PAGE, ECS_PAGE)
        answer[field], token = self.page(answer.get(field, []), params.get("nextToken"), size)
        if token:
            answer["nextToken"] = token
        return json.dumps(answer).encode()

    def authorization_details(self, call, root):
        ET.register_namespace("", IAM_NS)
        result = next(one for one in root if local(one.tag).endswith("Result"))
        lists = [one for one in result if local(one.tag) in IAM_LISTS]
        everything = [(where, one) for where in lists for one in list(where) if is_given(one)]
        keep, token = self.page(everything, call.form.get("Marker"), call.form.get("MaxItems") or 100)
        for where in lists:
            where[:] = [one for of, one in keep if of is where]
        for where, one in keep:
            if local(where.tag) == "Policies" and one.find(named("PolicyName")) is None:
                ET.SubElement(one, named("PolicyName")).text = one.findtext(named("Arn")).rsplit("/", 1)[-1]
            for document in one.iter():
                if local(document.tag) in DOCUMENTS and document.text:
                    document.text = encoded(document.text)
        for one in list(result):
            if local(one.tag) in ("IsTruncated", "Marker"):
                result.remove(one)
        ET.SubElement(result, named("IsTruncated")).text = "true" if token else "false"
        if token:
            ET.SubElement(result, named("Marker")).text = token
        return ET.tostring(root)


def named(name):
    return f"{{{IAM_NS}}}{name}"


def local(tag):
    return tag.rsplit("}", 1)[-1]


def is_given(one):
    """Of AWS's own policies IAM gives only those in use."""
    uses = ("AttachmentCount", "PermissionsBoundaryUsageCount")
    used = any(int(one.findtext(named(name)) or 0) for name in uses)
    return used or not (one.findtext(named("Arn")) or "").startswith("arn:aws:iam::aws:policy/")


def encoded(text):
    """A policy document as IAM sends it."""
    return text if text.lstrip().startswith("%") else urllib.parse.quote(text, safe="-_.~")


def encoded_element(match):
    return b"<" + match.group(1) + b">" + encoded(html.unescape(match.group(2).decode())).encode() + b"</"
