"""Teaches Schemathesis what the document alone can't: values that make sense, and rules about several fields at once."""

import base64
import datetime
import json
import os
import re
import string
import urllib.parse

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import ServerError
from schemathesis.openapi.checks import RejectedPositiveData, UndefinedStatusCode, UnsupportedMethodResponse

PATH = st.text(string.ascii_letters + string.digits + "-._~/ äöü%", max_size=20)
HOST = st.from_regex(r"[a-z][a-z0-9]{0,9}\.(example|test)", fullmatch=True)

# Details of errors in a request whose fields are all right by themselves. The document states these rules in words only.
RULES = (
    "must be in the future",
    "must be within 100 years",
    "must be after ",
    "must be before the end of the range",
    "days before the end of the range",
    "is not a language of ISO 639",
    "is the name of another variant",
    "is the name of another template",
    "is not the name of one of utm_templates",
    "is not the name of a template of the workspace",
    "is only for the defaults of all domains",
    "is a domain that is there already",
    "must have at least one parameter",
    "and no other braces",
    "must be darker than background",
    "for this link, margin and ecc",
    "must be H with a logo",
    "has no effect without logo",
    "is not a cursor that a page gave",
    "is reserved",
    "the settings of its domain allow",
    "may only contain letters, digits",
    "at most 256 bytes in UTF-8",
    "must have 1 to 255 bytes in UTF-8",
    "must have at most 4 segments",
    "must have a name before and after each slash",
    "has a character that is neither of a script",
    "has a form of other characters",
    "has a mark, a joiner or a part of an emoji",
    "looks like a slug of ASCII",
    "is not a valid URL",
    "is not a host",
    "belongs to a list with other parameters",
    "relevance needs search",
    "is given more than once",
    "can be limited to addresses only",
    "is missing: say what to change",
    "must have links or filter",
    "must have a slug, perhaps with a domain, or an id",
    "needs the role editor: a viewer creates no links",
    "cannot stand beside ",
    "has two meanings",
    "is not an address such as",
    "is not the beginning of",
    "is not a host name",
    "is not a language range",
    "is not the id of a link",
    "is empty: leave it out",
    "must begin with http",
    "by Google Web Risk",
    "must be an https URL",
    "must be a dimension and a value",
    "must be the index of a rule",
    "must have at least one condition",
    "must not lead to one of this service's own domains",
    "must be https://files.invalid/ with the id of a file or collection behind it: fil_ or col_ and 32 hexadecimal digits",
    "is not a collection of the workspace",
    "needs a collection",
    "must end with the name",
    "must have no slash in a collection",
    "must have folders and a name of 1 to 255 bytes each",
    "must not have a folder or name of dots and white space alone",
    "must not have backslashes or control characters",
    "must not be a file",
    "is not in the bucket: there is no ",
    "must be names with slashes between them",
    "must have no control characters",
    "the last name of the object is too long",
    "must not contain a user name or password",
    "cannot be combined with group_by",
    "is counted by day",
    "must have exactly one of key, code and token",
    "is named twice",
    "is the tag's name already",
    "leaves out nothing: say ",
    "must change something",
    "can only be removed from many links at once",
    "is for domains of the stack",
    "must be an http or https URL to get UTM parameters",
    "all settings together are larger than",
    "is not a time zone of the IANA database",
    "is not a date such as",
    "is out of range: statistics reach",
    "links times days",
)
NOT_READY = "urn:problem-type:waypost:not-ready"
REUSED_KEY = "urn:problem-type:waypost:idempotency-key-reused"


def timestamp(moment):
    return moment.isoformat() + "Z"


def days_ago(days):
    return (datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=days)).isoformat()


def cursor(key):
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


# Targets lead anywhere but to the stack itself; links are on its domains only.
for name in ("target-url", "http-url"):
    schemathesis.openapi.format(name, st.builds("{}://{}/{}".format, st.sampled_from(["http", "https"]), HOST, PATH))
schemathesis.openapi.format("hostname", st.just("go.example.com"))
# The slugs that every domain allows.
schemathesis.openapi.format("slug", st.from_regex(r"[A-Za-z0-9_~-]{1,20}", fullmatch=True))
# A red square.
LOGO = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAAA1BMVEXMMzN0dFbYAAAAC0lEQVR42mNgQAUAABAAAaoZ+IIAAAAASUVORK5CYII="
schemathesis.openapi.format("image-data-url", st.just(f"data:image/png;base64,{LOGO}"))
# Keys expire in the future; statistics have days of the past.
WORKSPACE = re.compile("[a-z0-9][a-z0-9-]{0,62}")
FUTURE = st.datetimes(datetime.datetime(2040, 1, 1), datetime.datetime(2100, 1, 1))
schemathesis.openapi.format("date-time", FUTURE.map(timestamp))
schemathesis.openapi.format("date", st.integers(0, 29).map(days_ago))
# A made-up tag never matches.
schemathesis.openapi.format("entity-tags", st.just("*"))
# Cursors such as a page returns.
KEYS = st.text([chr(code) for code in range(0x21, 0x7F)], min_size=1, max_size=60)
schemathesis.openapi.format("cursor", KEYS.map(cursor))
schemathesis.openapi.format("file-path", st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}", fullmatch=True))


def in_order(value):
    """Returns the value with the end of each time span after its start."""
    if isinstance(value, list):
        return [in_order(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {name: in_order(item) for name, item in value.items()}
    for start, end in (("starts_at", "expires_at"), ("after", "before")):
        if isinstance(value.get(start), str) and isinstance(value.get(end), str) and value[start] > value[end]:
            value[start], value[end] = value[end], value[start]
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    """Never revokes the key of the requests themselves, nor closes their domain: all later requests would be refused."""
    if case.path_parameters and case.path_parameters.get("key_id") == os.environ["WAYPOST_KEY_ID"]:
        case.path_parameters["key_id"] = "key_" + 32 * "0"
    # Made-up keys sign nobody in.
    if case.path == "/v1/sessions" and isinstance(case.body, dict) and isinstance(case.body.get("key"), str):
        case.body["key"] = os.environ["WAYPOST_KEY"]
    workspaces = case.body.get("workspaces") if isinstance(case.body, dict) else None
    if isinstance(workspaces, list) and all(isinstance(name, str) and WORKSPACE.fullmatch(name) for name in workspaces):
        case.body["workspaces"] = None


@schemathesis.hook
def map_body(context, body):
    return in_order(body)


@schemathesis.hook
def map_query(context, query):
    if query and isinstance(query.get("from"), str) and isinstance(query.get("to"), str) and query["from"] > query["to"]:
        query = {**query, "from": query["to"], "to": query["from"]}
    return query


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops a failure if the API refused the request for a rule about several fields, or for a reused idempotency key."""
    # A path that ends like this names a tag with a slash in it, too.
    if isinstance(failure, UnsupportedMethodResponse) and case.path == "/v1/tags/{tag}/rename":
        return False
    # The router of the local AWS does not match a line end in a path.
    tag = urllib.parse.unquote(str((case.path_parameters or {}).get("tag", "")))
    if isinstance(failure, UndefinedStatusCode) and response.status_code == 405 and "\n" in tag:
        return False
    # The catalogue of a workspace is built at its first search, and may not be there at once. The document says so.
    if isinstance(failure, ServerError) and response.status_code == 503 and json.loads(response.content)["type"] == NOT_READY:
        return False
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    problem = json.loads(response.content)
    if problem["type"] == REUSED_KEY:
        return False
    return not all(any(rule in error["detail"] for rule in RULES) for error in problem["errors"])
