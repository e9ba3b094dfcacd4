"""`make replay-spill`: sends the clicks under spill/clicks/ of a deployed stack to its stream, and deletes what was taken.

Uses the AWS credentials and region of the environment (AWS_PROFILE, AWS_REGION, ...). It can be stopped and run again. If it
is stopped in the moment between a file's clicks being taken and the file being deleted, the next run sends the clicks of
that one file again, and they are counted twice: a file has the clicks of one delivery, most often one.
"""

import boto3

import deployed_stack
from click_stream import send
from local_stack.failure import Failure, run_main

PREFIX = "spill/clicks/"


def main():
    arguments = deployed_stack.parser(__doc__).parse_args()
    with deployed_stack.aws_failures_explained():
        bucket, stream = deployed_stack.outputs(arguments.stack, "DataBucket", "ClickStream")
        files, clicks, left = replay(boto3.client("s3"), boto3.client("kinesis"), bucket, stream)
    print(f"{clicks} clicks of {files} files were sent; {left} files are left")
    if left:
        raise Failure("the stream did not take everything: run it again when it is less busy")


def replay(s3, kinesis, bucket, stream):
    """Returns how many files were sent whole and deleted, how many clicks were sent, and how many files are left."""
    files = clicks = left = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX):
        for entry in page.get("Contents", []):
            key = entry["Key"]
            lines = s3.get_object(Bucket=bucket, Key=key)["Body"].read().split(b"\n")
            lines = [line.strip() for line in lines if line.strip()]
            refused = [lines[place] for place in send(kinesis, stream, lines)]
            clicks += len(lines) - len(refused)
            if refused:
                # What was taken must not be sent again by the next run.
                if len(refused) < len(lines):
                    s3.put_object(
                        Bucket=bucket, Key=key, Body=b"".join(line + b"\n" for line in refused), ContentType="application/x-ndjson"
                    )
                left += 1
            else:
                s3.delete_object(Bucket=bucket, Key=key)
                files += 1
    return files, clicks, left


if __name__ == "__main__":
    run_main(main)
