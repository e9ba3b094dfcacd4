"""`make rebuild-stats`: counts the archived clicks of a deployed stack again, in another table.

Creates the table if it does not exist, with the same keys as the stack's own. Uses the AWS credentials and region of the
environment (AWS_PROFILE, AWS_REGION, ...). You can stop it and run it again: it counts no click twice.
"""

import os
import subprocess

import boto3

import deployed_stack
from local_stack.failure import Failure, run_main

KEYS = [("pk", "HASH"), ("sk", "RANGE")]


def main():
    parser = deployed_stack.parser(__doc__)
    parser.add_argument("--table", required=True, help="name of the table to fill; created if it does not exist")
    arguments = parser.parse_args()
    with deployed_stack.aws_failures_explained():
        bucket, own_table = deployed_stack.outputs(arguments.stack, "DataBucket", "StatsTable")
        if arguments.table == own_table:
            raise Failure("--table names the stack's own table, which has these clicks already: name another one")
        make_table(boto3.client("dynamodb"), arguments.table)
        environment = settings(boto3.Session(), bucket, arguments.table)
    command = os.environ.get("REBUILD_STATS", "cargo run --release --quiet -p rebuild-stats").split()
    if subprocess.run(command, env=os.environ | environment, check=False).returncode:
        raise Failure("not all clicks were counted, see the lines above; run it again to continue")


def make_table(dynamodb, name):
    try:
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in KEYS],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in KEYS],
        )
    except dynamodb.exceptions.ResourceInUseException:
        print(f"table {name} exists; clicks that it has are not counted again")
    dynamodb.get_waiter("table_exists").wait(TableName=name)


def settings(session, bucket, table):
    """Returns the settings of the Rust program, which cannot read AWS profiles."""
    credentials = session.get_credentials()
    if credentials is None or session.region_name is None:
        raise Failure("AWS credentials or the region are missing: set AWS_PROFILE and AWS_REGION")
    frozen = credentials.get_frozen_credentials()
    found = {
        "AWS_ACCESS_KEY_ID": frozen.access_key,
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
        "AWS_REGION": session.region_name,
        "DATA_BUCKET": bucket,
        "STATS_TABLE": table,
        "RUST_LOG": os.environ.get("RUST_LOG", "warn"),
    }
    return found | ({"AWS_SESSION_TOKEN": frozen.token} if frozen.token else {})


if __name__ == "__main__":
    run_main(main)
