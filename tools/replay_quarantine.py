"""`make replay-quarantine`: sends the records under quarantine/clicks/ of a deployed stack to its stream again.

Run it when aggregate-clicks can read the records: after you deploy a version that can, or correct the data in the objects.
A record that it still cannot read returns to the quarantine under its new sequence number. Deletes the records that the
stream took. You can stop it and run it again; if it stops after the stream took records and before it deleted their
objects, the next run sends those records (at most 500) again.
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
    print(f"sent {sent} records; the stream refused {left}; {len(unreadable)} objects hold no record")
    for key in unreadable:
        print(f"  kept: {key}")
    if left:
        raise Failure("the stream refused some records: run it again when the stream is less busy")


def replay(s3, kinesis, bucket, stream):
    """Returns how many records were sent and deleted, how many the stream refused, and the keys of objects without data."""
    # Read the whole list before sending: a record that returns to the quarantine must not be sent a second time.
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
    """Returns the record's data; None if the object is not one of the quarantine or has no data in base64."""
    try:
        return base64.b64decode(json.loads(body)["data"], validate=True) or None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


if __name__ == "__main__":
    run_main(main)
