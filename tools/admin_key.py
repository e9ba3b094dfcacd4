"""`make admin-key`: makes the first admin key of a deployed stack and prints it, once.

Uses the AWS credentials and region of the environment (AWS_PROFILE, AWS_REGION, ...).
"""

import argparse
import re

import boto3
import botocore.exceptions

from local_stack.admin_key import create_admin_key
from local_stack.failure import Failure, run_main


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the CloudFormation stack")
    parser.add_argument("--workspace", default="default", help="who owns the links made with the key")
    arguments = parser.parse_args()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", arguments.workspace):
        raise Failure(f"{arguments.workspace!r} is no workspace: 1 to 63 of a-z, 0-9 and -, not starting with -")
    try:
        stacks = boto3.client("cloudformation").describe_stacks(StackName=arguments.stack)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
        if "LinksTable" not in outputs:
            raise Failure(f"stack {arguments.stack} has no output LinksTable: is it a Waypost stack?")
        secret = create_admin_key(boto3.client("dynamodb"), outputs["LinksTable"], arguments.workspace, "first admin key")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise Failure(f"{error} (check AWS_PROFILE, AWS_REGION and the stack's name)") from error
    print(secret)


if __name__ == "__main__":
    run_main(main)
