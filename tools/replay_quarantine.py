"""`make replay-quarantine`: sends the records under quarantine/clicks/ of a deployed stack to its stream again.

For after the cause is gone: a version of aggregate-clicks that can read them, or data put right in the objects. A record that
still cannot be read comes back to the quarantine under its new number. Deletes what the stream took. It can be stopped and
run again; if it is stopped in the moment between records being taken and their objects being deleted, the next run
sends those (at most 500) again.
"""

import base64
import json

import boto3

import deployed_stack
from click_stream import batches, send
from local_stack.failure import Failure, run_main

PREFIX = "quarantine/clicks/"


def main():
    arguments = deployed_stack.parser(__doc__).parse_args()
    with deployed_stack.aws_failures_explained():
        bucket, stream = deployed_stack.outputs(arguments.stack, "DataBucket", "ClickStream")
        sent, left, unreadable = replay(boto3.client("s3"), boto3.client("kinesis"), bucket, stream)
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
    unreadable = []

    def records():
        for key in keys:
            data = data_of(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            if data is None:
                unreadable.append(key)
            else:
                yield key, data

    sent = left = 0
    for batch in batches(records(), size=lambda record: len(record[1])):
        refused = set(send(kinesis, stream, [data for _, data in batch]))
        for place, (key, _) in enumerate(batch):
            if place not in refused:
                s3.delete_object(Bucket=bucket, Key=key)
        sent += len(batch) - len(refused)
        left += len(refused)
    return sent, left, unreadable


def data_of(body):
    """The record's data; None for what is no object of the quarantine, or a record without data in base64."""
    try:
        return base64.b64decode(json.loads(body)["data"], validate=True) or None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


if __name__ == "__main__":
    run_main(main)
