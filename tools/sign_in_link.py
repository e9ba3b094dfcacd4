"""`make sign-in-link`: makes a link that signs its holder in to the console of a deployed stack, once and within ten minutes.

Uses the AWS credentials and region of the environment (AWS_PROFILE, AWS_REGION, ...).
"""

import re
import urllib.parse

import boto3

import deployed_stack
from local_stack.failure import Failure, run_main
from local_stack.sign_in_code import create_sign_in_code, sign_in_link


def main():
    parser = deployed_stack.parser(__doc__)
    parser.add_argument("--workspace", default="default", help="workspace of the session")
    parser.add_argument("--role", default="admin", choices=["viewer", "editor", "admin"], help="role of the session")
    parser.add_argument("--url", default="", help="where the console is, if not at the stack's ApiUrl: https://links.example.com")
    arguments = parser.parse_args()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", arguments.workspace):
        raise Failure(f"{arguments.workspace!r} is not a workspace name: use 1 to 63 of a-z, 0-9 and -, not starting with -")
    check_origin(arguments.url)
    with deployed_stack.aws_failures_explained():
        table, url = deployed_stack.outputs(arguments.stack, "LinksTable", "ApiUrl")
        secret = create_sign_in_code(boto3.client("dynamodb"), table, arguments.workspace, arguments.role)
    print(sign_in_link(arguments.url or url, secret))


def check_origin(url):
    """Checks that a link to `url` does not send the code elsewhere, or in clear text."""
    if not url:
        return
    parts = urllib.parse.urlsplit(url)
    is_local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise Failure(f"{url!r} is not an https URL")
    if not parts.hostname or parts.username or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise Failure(f"{url!r} is not an origin such as https://links.example.com")


if __name__ == "__main__":
    run_main(main)
