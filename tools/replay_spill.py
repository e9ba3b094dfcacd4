"""`make replay-spill`: sends the clicks under spill/clicks/ of a deployed stack to its stream and deletes those it took.

Uses the AWS credentials and region of the environment (AWS_PROFILE, AWS_REGION, ...). You can stop it and run it again. If it
stops after the stream took the clicks of a file and before it deleted the file, the next run sends the clicks of
that one file again, and they are counted twice. A file has the clicks of one delivery, most often one click.
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
    print(f"sent {clicks} clicks; deleted {files} files, {left} are left")
    if left:
        raise Failure("the stream refused some clicks: run it again when the stream is less busy")


def replay(s3, kinesis, bucket, stream):
    """Returns how many files were sent whole and deleted, how many clicks were sent and how many files are left."""
    files = clicks = left = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX):
        for entry in page.get("Contents", []):
            key = entry["Key"]
            lines = s3.get_object(Bucket=bucket, Key=key)["Body"].read().split(b"\n")
            lines = [line.strip() for line in lines if line.strip()]
            refused = [lines[place] for place in send(kinesis, stream, lines)]
            clicks += len(lines) - len(refused)
            if refused:
                # Keep only the refused clicks: the next run must not send the others again.
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
