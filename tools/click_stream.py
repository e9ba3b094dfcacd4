"""Sends records to the click stream, for the tools that replay them."""

import json
import time

# The limits of PutRecords, with room left for the bytes, which include the keys ("PutRecords", Kinesis API reference).
RECORDS_PER_CALL = 500
BYTES_PER_CALL = 4 << 20
ATTEMPTS = 6
# Number of characters after which the redirect cuts a partition key.
KEY_LENGTH = 250


def batches(records, size=len):
    """Cuts `records` into lists that fit into one call. A record too large for any call gets a list of its own."""
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
    """Sends `records`; returns the positions of those that the stream refused."""
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
    """Returns the link as the partition key, as the redirect does; of a visit to no link, the domain.

    Records that are neither go to the stream too: its reader puts them into the quarantine.
    """
    try:
        click = json.loads(record)
        key = click["domain"] if "miss" in click else f"{click['domain']}/{click['slug']}"
        key = key[:KEY_LENGTH] or "unreadable"
        # A JSON string can hold a lone surrogate, which a request cannot encode.
        key.encode()
        return key
    except (ValueError, KeyError, TypeError, RecursionError):
        return "unreadable"
