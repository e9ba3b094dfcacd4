"""`make replay-failed`: sends the clicks that aggregate-clicks gave up to the stream of a deployed stack again, as new records.

Lambda writes a batch that could not be counted in time to the bucket, under aws/lambda/{mapping}/{shard}/. Run this when what
kept the function from counting is mended. Deletes what the stream took; of a batch that it took in part, only the rest stays.
You can stop it and run it again: it then sends at most the records of one call (500) twice. docs/operations.md says what a
batch may have counted before it was given up.
"""

import base64
import json

import boto3

import deployed_stack
from click_stream import batches, send
from local_stack.failure import Failure, run_main

PREFIX = "aws/lambda/"


def main():
    arguments = deployed_stack.parser(__doc__).parse_args()
    with deployed_stack.aws_failures_explained():
        bucket, stream = deployed_stack.outputs(arguments.stack, "DataBucket", "ClickStream")
        sent, left, unreadable = replay(boto3.client("s3"), boto3.client("kinesis"), bucket, stream)
    print(f"sent {sent} records; the stream refused {left}; {len(unreadable)} objects are no batches of clicks")
    for key in unreadable:
        print(f"  kept: {key}")
    if left:
        raise Failure("the stream refused some records: run it again when the stream is less busy")


def replay(s3, kinesis, bucket, stream):
    """Returns how many records were sent, how many the stream refused, and the keys of objects that are not understood."""
    sent = left = 0
    unreadable = []
    # Read the whole list before sending: a batch that is given up again meanwhile waits for the next run. Lambda's names have
    # the time in them, so that the batches of a shard are sent in their order.
    keys = [
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
        for entry in page.get("Contents", [])
    ]
    for key in keys:
        batch = read_batch(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        if batch is None:
            unreadable.append(key)
            continue
        document, records = batch
        while True:
            # One call, then the bucket: a stop in between sends no more than this call again.
            now = next(batches(records, size=lambda record: len(record[1])), [])
            refused = send(kinesis, stream, [data for _, data in now])
            sent += len(now) - len(refused)
            rest = [now[place] for place in refused] + records[len(now) :]
            if len(rest) < len(records) or not rest:
                remember(s3, bucket, key, document, rest)
            if refused or not rest:
                left += len(rest)
                break
            records = rest
    return sent, left, unreadable


def remember(s3, bucket, key, document, records):
    """Keeps only `records` in the object; deletes it if there are none."""
    if not records:
        s3.delete_object(Bucket=bucket, Key=key)
        return
    document = document | {"payload": json.dumps({"Records": [record for record, _ in records]})}
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(document).encode(), ContentType="application/json")


def read_batch(body):
    """Returns the document, and its records as (record of the event, data); None if it is not a batch of a Kinesis stream.

    The format is that of "Retain discarded batch records for a Kinesis Data Streams event source" in the Lambda developer
    guide: metadata, and under `payload` the whole event as a text.
    """
    try:
        document = json.loads(body)
        document["KinesisBatchInfo"]["shardId"]
        payload = document["payload"]
        event = json.loads(payload) if isinstance(payload, str) else payload
        records = [(record, base64.b64decode(record["kinesis"]["data"], validate=True)) for record in event["Records"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    # The stream takes no record without data, and gives none.
    return (document, records) if all(data for _, data in records) else None


if __name__ == "__main__":
    run_main(main)
