"""`make rebuild-stats`: counts the archived clicks of a deployed stack again, in a table of their own.

Makes the table if there is none of that name, with the keys of the stack's own. Uses the AWS credentials and region of the
environment (AWS_PROFILE, AWS_REGION, ...). It can be stopped and run again: what is counted stays counted.
"""

import os
import subprocess

import boto3

import deployed_stack
from local_stack.failure import Failure, run_main

KEYS = [("pk", "HASH"), ("sk", "RANGE")]


def main():
    parser = deployed_stack.parser(__doc__)
    parser.add_argument("--table", required=True, help="name of the table to fill; made if there is none")
    arguments = parser.parse_args()
    with deployed_stack.aws_failures_explained():
        bucket, own_table = deployed_stack.outputs(arguments.stack, "DataBucket", "StatsTable")
        if arguments.table == own_table:
            raise Failure("that is the stack's own table, whose clicks are counted already: name another one")
        make_table(boto3.client("dynamodb"), arguments.table)
        environment = settings(boto3.Session(), bucket, arguments.table)
    command = os.environ.get("REBUILD_STATS", "cargo run --release --quiet -p rebuild-stats").split()
    if subprocess.run(command, env=os.environ | environment, check=False).returncode:
        raise Failure("not all clicks were counted; the lines above say why. Run it again to go on")


def make_table(dynamodb, name):
    try:
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in KEYS],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in KEYS],
        )
    except dynamodb.exceptions.ResourceInUseException:
        print(f"table {name} is there already; what it holds is not counted again")
    dynamodb.get_waiter("table_exists").wait(TableName=name)


def settings(session, bucket, table):
    """What the Rust side reads: it knows no profiles."""
    credentials = session.get_credentials()
    if credentials is None or session.region_name is None:
        raise Failure("there are no AWS credentials or no region: set AWS_PROFILE and AWS_REGION")
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
