"""`make replay-spill`: sends the clicks under spill/clicks/ of a deployed stack to its stream, and deletes what was taken.

Uses the AWS credentials and region of the environment (AWS_PROFILE, AWS_REGION, ...). It can be stopped and run again. If it
is stopped in the moment between a file's clicks being taken and the file being deleted, the next run sends the clicks of
that one file again, and they are counted twice: a file has the clicks of one delivery, most often one.
"""

import argparse
import json
import time

import boto3
import botocore.exceptions

from local_stack.failure import Failure, run_main

PREFIX = "spill/clicks/"
# PutRecords takes 500 records and 5 MB; a click has at most a few KB.
RECORDS_PER_CALL = 500
ATTEMPTS = 6


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
        files, clicks, left = replay(s3, kinesis, outputs["DataBucket"], outputs["ClickStream"])
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise Failure(f"{error} (check AWS_PROFILE, AWS_REGION and the stack's name)") from error
    print(f"{clicks} clicks of {files} files were sent; {left} files are left")
    if left:
        raise Failure("the stream did not take everything: run it again when it is less busy")


def replay(s3, kinesis, bucket, stream):
    """Returns how many files were sent whole and deleted, how many clicks were sent, and how many files are left."""
    files = clicks = left = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX):
        for entry in page.get("Contents", []):
            key = entry["Key"]
            lines = s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines(keepends=True)
            lines = [line for line in lines if line.strip()]
            refused = send(kinesis, stream, lines)
            clicks += len(lines) - len(refused)
            if refused:
                # What was taken must not be sent again by the next run.
                if len(refused) < len(lines):
                    s3.put_object(Bucket=bucket, Key=key, Body=b"".join(refused), ContentType="application/x-ndjson")
                left += 1
            else:
                s3.delete_object(Bucket=bucket, Key=key)
                files += 1
    return files, clicks, left


def send(kinesis, stream, lines):
    """Sends `lines`; returns those that the stream did not take."""
    refused = []
    for start in range(0, len(lines), RECORDS_PER_CALL):
        waiting = lines[start : start + RECORDS_PER_CALL]
        for attempt in range(ATTEMPTS):
            records = [{"Data": line.strip(), "PartitionKey": partition_key(line)} for line in waiting]
            results = kinesis.put_records(StreamName=stream, Records=records)["Records"]
            waiting = [line for line, result in zip(waiting, results, strict=True) if result.get("ErrorCode")]
            if not waiting:
                break
            if attempt + 1 < ATTEMPTS:
                time.sleep(0.2 * 2**attempt)
        refused += waiting
    return refused


def partition_key(line):
    """The link, as the redirect has it. A line that is no click goes to the stream too: its reader sets it aside."""
    try:
        click = json.loads(line)
        return f"{click['domain']}/{click['slug']}"[:256]
    except (ValueError, KeyError, TypeError):
        return "unreadable"


if __name__ == "__main__":
    run_main(main)
