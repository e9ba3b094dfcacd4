"""`make admin-key`: makes the first admin key of a deployed stack and prints it once.

Uses the AWS credentials and region of the environment (AWS_PROFILE, AWS_REGION, ...).
"""

import re

import boto3

import deployed_stack
from local_stack.admin_key import create_admin_key
from local_stack.failure import Failure, run_main


def main():
    parser = deployed_stack.parser(__doc__)
    parser.add_argument("--workspace", default="default", help="workspace that owns the links made with the key")
    arguments = parser.parse_args()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", arguments.workspace):
        raise Failure(f"{arguments.workspace!r} is not a workspace name: use 1 to 63 of a-z, 0-9 and -, not starting with -")
    with deployed_stack.aws_failures_explained():
        (table,) = deployed_stack.outputs(arguments.stack, "LinksTable")
        secret = create_admin_key(boto3.client("dynamodb"), table, arguments.workspace, "first admin key")
    print(secret)


if __name__ == "__main__":
    run_main(main)
