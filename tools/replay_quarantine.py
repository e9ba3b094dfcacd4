"""`make replay-quarantine`: sends the records under quarantine/clicks/ of a deployed stack to its stream again.

For after the cause is gone: a version of aggregate-clicks that can read them, or data put right in the objects. A record that
still cannot be read comes back to the quarantine under its new number. Deletes what the stream took. It can be stopped and
run again; if it is stopped in the moment between records being taken and their objects being deleted, the next run
sends those (at most 500) again.
"""

import argparse
import base64
import binascii
import json

import boto3
import botocore.exceptions

from local_stack.failure import Failure, run_main
from replay_spill import RECORDS_PER_CALL, send

PREFIX = "quarantine/clicks/"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the CloudFormation stack")
    arguments = parser.parse_args()
    try:
        stacks = boto3.client("cloudformation").describe_stacks(StackName=arguments.stack)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
        missing = {"DataBucket", "ClickStream"} - outputs.keys()
        if missing:
            raise Failure(f"stack {arguments.stack} has no output {', '.join(sorted(missing))}: is it a Waypost stack?")
        s3, kinesis = boto3.client("s3"), boto3.client("kinesis")
        sent, left, unreadable = replay(s3, kinesis, outputs["DataBucket"], outputs["ClickStream"])
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise Failure(f"{error} (check AWS_PROFILE, AWS_REGION and the stack's name)") from error
    print(f"{sent} records were sent; {left} were not taken; {len(unreadable)} are not as the stream delivers records")
    for key in unreadable:
        print(f"  left as it is: {key}")
    if left:
        raise Failure("the stream did not take everything: run it again when it is less busy")


def replay(s3, kinesis, bucket, stream):
    """Returns how many records were sent and deleted, how many the stream did not take, and the keys of those without data."""
    # The list is read before anything is sent: what comes back to the quarantine is not sent a second time.
    keys = [
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
        for entry in page.get("Contents", [])
    ]
    sent = left = 0
    unreadable = []
    for start in range(0, len(keys), RECORDS_PER_CALL):
        waiting = {}
        for key in keys[start : start + RECORDS_PER_CALL]:
            data = data_of(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            if data is None:
                unreadable.append(key)
            else:
                waiting[key] = data
        refused = send(kinesis, stream, list(waiting.values()))
        for key, data in waiting.items():
            if data in refused:
                left += 1
            else:
                s3.delete_object(Bucket=bucket, Key=key)
                sent += 1
    return sent, left, unreadable


def data_of(body):
    """The record's data; None for what is no object of the quarantine, or a record without data in base64."""
    try:
        return base64.b64decode(json.loads(body)["data"], validate=True) or None
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None


if __name__ == "__main__":
    run_main(main)
