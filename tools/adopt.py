"""`make adopt`: makes a stack of the tables and the bucket that a deleted stack left behind.

Run it with the name of the deleted stack, then `make deploy` with the same name: it adds everything else. Nothing in tables and
bucket changes. Uses the AWS credentials and region of the environment (AWS_PROFILE, AWS_REGION, ...).
"""

import json

import boto3

import deployed_stack
import template as templates
from deploy import check_stack_name, stack_exists
from local_stack.failure import Failure, run_main

BUCKET = "DataBucket"
TABLES = ("LinksTable", "StatsTable")
CHANGE_SET = "adopt"


def main():
    parser = deployed_stack.parser(__doc__)
    for table in TABLES:
        parser.add_argument(f"--{table.lower()}", default="", help=f"name of the table, if {{stack}}-{table}-... is not the only one")
    arguments = parser.parse_args()
    with deployed_stack.aws_failures_explained():
        session = boto3.Session()
        check_stack_name(arguments.stack, session.region_name or "")
        named = {table: getattr(arguments, table.lower()) for table in TABLES}
        adopt(session, arguments.stack, named)
    print(f"the stack {arguments.stack} has the tables and the bucket; run `make deploy STACK={arguments.stack}` now")


def adopt(session, stack, named):
    """Creates the stack by an import of what was kept."""
    cloudformation = session.client("cloudformation")
    if stack_exists(cloudformation, stack):
        raise Failure(f"the stack {stack} exists: there is nothing to adopt")
    template = templates.only(templates.read(), [*TABLES, BUCKET])
    identifiers = tables(session.client("dynamodb"), stack, named, template) | {BUCKET: bucket(session, stack)}
    cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=CHANGE_SET,
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps(template),
        ResourcesToImport=[
            {
                "ResourceType": template["Resources"][name]["Type"],
                "LogicalResourceId": name,
                "ResourceIdentifier": {"BucketName" if name == BUCKET else "TableName": identifier},
            }
            for name, identifier in identifiers.items()
        ],
    )
    cloudformation.get_waiter("change_set_create_complete").wait(StackName=stack, ChangeSetName=CHANGE_SET)
    cloudformation.execute_change_set(StackName=stack, ChangeSetName=CHANGE_SET)
    cloudformation.get_waiter("stack_import_complete").wait(StackName=stack)


def tables(dynamodb, stack, named, template):
    """Finds the table of each logical id, and checks that it has the keys of the template's."""
    every = [name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]]
    found = {}
    for logical in TABLES:
        candidates = [named[logical]] if named[logical] else [name for name in every if name.startswith(f"{stack}-{logical}-")]
        if len(candidates) != 1:
            what = (
                f"are several tables {stack}-{logical}-...: {', '.join(candidates)}" if candidates else f"is no table {stack}-{logical}-..."
            )
            raise Failure(f"there {what}; name it: tools/adopt.py --stack {stack} --{logical.lower()} NAME")
        wanted = template["Resources"][logical]["Properties"]["KeySchema"]
        if dynamodb.describe_table(TableName=candidates[0])["Table"]["KeySchema"] != [dict(key) for key in wanted]:
            raise Failure(f"the table {candidates[0]} has other keys than a {logical} of Waypost")
        found[logical] = candidates[0]
    return found


def bucket(session, stack):
    """Returns the name of the bucket, which must exist."""
    account = session.client("sts").get_caller_identity()["Account"]
    name = f"{stack}-data-{account}-{session.region_name}"
    session.client("s3").head_bucket(Bucket=name)
    return name


if __name__ == "__main__":
    run_main(main)
