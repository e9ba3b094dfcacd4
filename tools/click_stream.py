"""Sends records to the click stream again, for the tools that replay them."""

import json
import time

# The most that PutRecords takes, the keys included, and some room ("PutRecords", Kinesis API reference).
RECORDS_PER_CALL = 500
BYTES_PER_CALL = 4 << 20
ATTEMPTS = 6
# As much of a link as the redirect puts into a key.
KEY_LENGTH = 250


def batches(records, size=len):
    """Cuts `records` into lists that one call takes. What is too large alone stays alone, for the stream to judge."""
    batch, total = [], 0
    for record in records:
        if batch and (len(batch) == RECORDS_PER_CALL or total + size(record) > BYTES_PER_CALL):
            yield batch
            batch, total = [], 0
        batch.append(record)
        total += size(record)
    if batch:
        yield batch


def send(kinesis, stream, records):
    """Sends `records`; returns the places in the list of those that the stream did not take."""
    refused = []
    for batch in batches(enumerate(records), size=lambda numbered: len(numbered[1]) + KEY_LENGTH):
        refused += _send_batch(kinesis, stream, batch)
    return refused


def _send_batch(kinesis, stream, waiting):
    for attempt in range(ATTEMPTS):
        if attempt > 0:
            time.sleep(0.1 * 2**attempt)
        entries = [{"Data": record, "PartitionKey": partition_key(record)} for _, record in waiting]
        results = kinesis.put_records(StreamName=stream, Records=entries)["Records"]
        waiting = [numbered for numbered, result in zip(waiting, results, strict=True) if result.get("ErrorCode")]
        if not waiting:
            break
    return [place for place, _ in waiting]


def partition_key(record):
    """The link, as the redirect has it. A record that is no click goes to the stream too: its reader sets it aside."""
    try:
        click = json.loads(record)
        key = f"{click['domain']}/{click['slug']}"[:KEY_LENGTH]
        # JSON can hold half a character, a request cannot.
        key.encode()
        return key
    except (ValueError, KeyError, TypeError, RecursionError):
        return "unreadable"
