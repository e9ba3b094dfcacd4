"""Puts the built console into the bucket of a stack, from where the function `console` serves it.

Writes index.html last, so that a browser never gets a page whose files are not there yet. Files of earlier builds stay for a week: an open
tab may still ask for them.
"""

import gzip
from datetime import UTC, datetime, timedelta

from local_stack.failure import Failure

PREFIX = "console/"
PAGE = "index.html"
# The types that functions/console/src/files.rs gives compressed.
COMPRESSED = {".html", ".js", ".css", ".json", ".svg", ".webmanifest", ".txt"}
# What functions/console serves at most.
MOST_BYTES = 4 << 20
KEPT = timedelta(days=7)


def publish(s3, bucket, folder, now=None):
    """Uploads all files of `folder`; returns their number. `s3` is a boto3 client."""
    if not (folder / PAGE).is_file():
        raise Failure(f"{folder} has no {PAGE}: build the console first")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    too_large = [path for path in files if path.stat().st_size > MOST_BYTES]
    if too_large:
        raise Failure(f"{too_large[0]} is too large: the console serves files of at most {MOST_BYTES} bytes")
    files.sort(key=lambda path: path == folder / PAGE)
    written = set()
    for path in files:
        key, content = PREFIX + path.relative_to(folder).as_posix(), path.read_bytes()
        if path.suffix in COMPRESSED:
            # Without the time, so that the same file has the same entity tag.
            written.add(_put(s3, bucket, f"{key}.gz", gzip.compress(content, mtime=0)))
        written.add(_put(s3, bucket, key, content))
    _remove_old(s3, bucket, written, (now or datetime.now(UTC)) - KEPT)
    return len(files)


def _put(s3, bucket, key, content):
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    return key


def _remove_old(s3, bucket, current, before):
    """Removes files of earlier builds that were written before this time."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX):
        for found in page.get("Contents", []):
            if found["Key"] not in current and found["LastModified"] < before:
                s3.delete_object(Bucket=bucket, Key=found["Key"])
