"""Puts a file of links into the bucket of `make dev`, from where load-import takes it.

.tools/sam/bin/python tools/upload.py links.csv [workspace]
"""

import sys
from pathlib import Path

import boto3
import botocore.exceptions

from local_stack import paths
from local_stack.failure import Failure, run_main


def main():
    if not 2 <= len(sys.argv) <= 3:
        raise Failure("usage: .tools/sam/bin/python tools/upload.py FILE [WORKSPACE]")
    file = Path(sys.argv[1])
    workspace = sys.argv[2] if len(sys.argv) == 3 else "default"
    key = f"imports/{workspace}/{file.name}"
    settings = read_settings()
    s3 = boto3.client(
        "s3",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )
    try:
        s3.upload_file(str(file), settings["DATA_BUCKET"], key)
    except OSError as error:
        raise Failure(f"{file} can't be read: {error.strerror}") from error
    except botocore.exceptions.BotoCoreError as error:
        raise Failure(f"{error} (is `make dev` running?)") from error
    print(f"s3://{settings['DATA_BUCKET']}/{key}")


def read_settings():
    """What `make dev` left in .dev/env."""
    env_file = paths.DEV / "env"
    if not env_file.is_file():
        raise Failure("there is no .dev/env: start `make dev` first")
    return dict(line.split("=", 1) for line in env_file.read_text().splitlines())


if __name__ == "__main__":
    run_main(main)
