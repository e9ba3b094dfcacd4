"""Tests the tools that replay records, with a stream and a bucket in memory. `make test` runs these."""

import base64
import json
import unittest
from io import BytesIO
from pathlib import Path
from unittest import mock

import click_stream
import replay_failed
import replay_quarantine
import replay_spill

# What Lambda writes for a batch that it gives up, in the shape that its developer guide documents.
FAILED = (Path(__file__).parent / "failed_batch.json").read_bytes()
FAILED_KEY = (
    f"{replay_failed.PREFIX}3f2c8a0e-1b7d-4a55-9d0e-6f1f3b1c2d4e/shardId-000000000001/2026/01/09/"
    "2026-01-09T00.38.06-9f7c1a2b-0000-4000-8000-5d6e7f8a9b0c"
)
CLICK = {"version": 1, "domain": "go.example.com", "slug": "docs"}


class Stream:
    """A stream that refuses the positions for which `refuses` is true, and the calls that AWS refuses."""

    def __init__(self, refuses=lambda place: False):
        self.refuses, self.taken, self.calls = refuses, [], 0

    def put_records(self, StreamName, Records):
        assert len(Records) <= 500
        assert sum(len(record["Data"]) + len(record["PartitionKey"].encode()) for record in Records) <= 5 << 20
        assert all(1 <= len(record["PartitionKey"]) <= 256 for record in Records)
        self.calls += 1
        results = []
        for place, record in enumerate(Records):
            if self.refuses(place):
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                self.taken.append(record["Data"])
                results.append({"SequenceNumber": str(len(self.taken))})
        return {"Records": results}


class Bucket:
    """A bucket with the part of the client that the tools use."""

    def __init__(self, objects):
        self.objects = dict(objects)

    def get_paginator(self, _operation):
        return self

    def paginate(self, Bucket, Prefix):
        # Two keys a page, so that there are several pages.
        keys = sorted(key for key in self.objects if key.startswith(Prefix))
        pages = [keys[start : start + 2] for start in range(0, len(keys), 2)]
        return [{"Contents": [{"Key": key} for key in page]} for page in pages] or [{}]

    def get_object(self, Bucket, Key):
        return {"Body": BytesIO(self.objects[Key])}

    def put_object(self, Bucket, Key, Body, ContentType):
        self.objects[Key] = Body

    def delete_object(self, Bucket, Key):
        del self.objects[Key]


def set_aside(*records):
    """Returns objects of the quarantine, each with one record as its data."""
    return {
        f"{replay_quarantine.PREFIX}shardId-000000000000/{number:056}.json": json.dumps(
            {"shard": "shardId-000000000000", "sequence": str(number), "reason": "?", "data": base64.b64encode(data).decode()}
        ).encode()
        for number, data in enumerate(records)
    }


@mock.patch.object(click_stream.time, "sleep", lambda _seconds: None)
class Replay(unittest.TestCase):
    def test_quarantined_records_are_sent_and_deleted_and_objects_without_data_stay(self):
        bad = {f"{replay_quarantine.PREFIX}unknown/sha256-0.json": b"[" * 100_000, f"{replay_quarantine.PREFIX}x.json": b'{"data": "?"}'}
        bucket, stream = Bucket(set_aside(b"a", b"b", b"c") | bad | {"clicks/other": b""}), Stream()
        self.assertEqual(replay_quarantine.replay(bucket, stream, "bucket", "stream"), (3, 0, sorted(bad)))
        self.assertEqual(stream.taken, [b"a", b"b", b"c"])
        self.assertEqual(bucket.objects.keys(), bad.keys() | {"clicks/other"})

    def test_only_taken_records_are_deleted_even_if_their_data_is_equal(self):
        bucket, stream = Bucket(set_aside(b"same", b"same", b"same")), Stream(refuses=lambda place: place > 0)
        with mock.patch.object(click_stream, "ATTEMPTS", 1):
            self.assertEqual(replay_quarantine.replay(bucket, stream, "bucket", "stream"), (1, 2, []))
        self.assertEqual((len(bucket.objects), len(stream.taken)), (2, 1))
        self.assertEqual(replay_quarantine.replay(bucket, stream, "bucket", "stream"), (2, 0, []))
        self.assertEqual(len(stream.taken), 3)

    def test_large_records_are_split_into_calls_within_the_limit(self):
        stream = Stream()
        replay_quarantine.replay(Bucket(set_aside(*[bytes(1_000_000)] * 9)), stream, "bucket", "stream")
        self.assertEqual((len(stream.taken), stream.calls), (9, 3))

    def test_any_record_gets_a_valid_partition_key(self):
        self.assertEqual(click_stream.partition_key(json.dumps(CLICK).encode()), "go.example.com/docs")
        miss = {"version": 1, "domain": "go.example.com", "miss": {"path": "/none"}}
        self.assertEqual(click_stream.partition_key(json.dumps(miss).encode()), "go.example.com")
        deep = b'{"domain":' * 100_000
        for data in (b"", b"\xff", b"[]", b"7", deep, b'{"domain":"\\ud800","slug":"a"}', b'{"domain":"a"}', b'{"domain":"","miss":1}'):
            self.assertEqual(click_stream.partition_key(data), "unreadable", data[:20])
        self.assertLessEqual(len(click_stream.partition_key(json.dumps(CLICK | {"slug": "s" * 999}).encode())), 256)

    def test_spill_keeps_the_refused_lines(self):
        lines = [json.dumps(CLICK | {"id": number}).encode() for number in range(4)]
        key = f"{replay_spill.PREFIX}file.jsonl"
        bucket = Bucket({key: b"\n".join(lines) + b"\n\n"})
        with mock.patch.object(click_stream, "ATTEMPTS", 1):
            self.assertEqual(replay_spill.replay(bucket, Stream(refuses=lambda place: place % 2), "bucket", "stream"), (0, 2, 1))
            self.assertEqual(bucket.objects[key], lines[1] + b"\n" + lines[3] + b"\n")
            self.assertEqual(replay_spill.replay(bucket, Stream(refuses=lambda place: True), "bucket", "stream"), (0, 0, 1))
        stream = Stream()
        self.assertEqual(replay_spill.replay(bucket, stream, "bucket", "stream"), (1, 2, 0))
        self.assertEqual((stream.taken, bucket.objects), ([lines[1], lines[3]], {}))

    def test_a_failed_batch_is_sent_whole_and_deleted(self):
        bucket, stream = Bucket({FAILED_KEY: FAILED, "clicks/other": b""}), Stream()
        self.assertEqual(replay_failed.replay(bucket, stream, "bucket", "stream"), (2, 0, []))
        self.assertEqual(stream.taken, [json.dumps(CLICK, separators=(",", ":")).encode(), b"\xffno click"])
        self.assertEqual(bucket.objects, {"clicks/other": b""})

    def test_a_failed_batch_keeps_what_the_stream_refused(self):
        bucket = Bucket({FAILED_KEY: FAILED})
        with mock.patch.object(click_stream, "ATTEMPTS", 1):
            self.assertEqual(replay_failed.replay(bucket, Stream(refuses=lambda place: True), "bucket", "stream"), (0, 2, []))
            self.assertEqual(bucket.objects, {FAILED_KEY: FAILED})
            self.assertEqual(replay_failed.replay(bucket, Stream(refuses=lambda place: place == 0), "bucket", "stream"), (1, 1, []))
        document = json.loads(bucket.objects[FAILED_KEY])
        self.assertEqual({**document, "payload": ""}, {**json.loads(FAILED), "payload": ""})
        stream = Stream()
        self.assertEqual(replay_failed.replay(bucket, stream, "bucket", "stream"), (1, 0, []))
        self.assertEqual((stream.taken, bucket.objects), ([json.dumps(CLICK, separators=(",", ":")).encode()], {}))

    def test_a_stop_repeats_at_most_one_call(self):
        record = json.loads(json.loads(FAILED)["payload"])["Records"][0]
        large = json.dumps(json.loads(FAILED) | {"payload": json.dumps({"Records": [record] * 1200})}).encode()
        bucket, stream = Bucket({FAILED_KEY: large}), Stream()
        with mock.patch.object(bucket, "put_object", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            replay_failed.replay(bucket, stream, "bucket", "stream")
        self.assertEqual(len(stream.taken), 500)
        self.assertEqual(replay_failed.replay(bucket, stream, "bucket", "stream"), (1200, 0, []))
        self.assertEqual((len(stream.taken), stream.calls, bucket.objects), (1700, 4, {}))

    def test_what_is_no_failed_batch_stays(self):
        document = json.loads(FAILED)
        pointer = {name: value for name, value in document.items() if name != "payload"}
        other = {name: value for name, value in document.items() if name != "KinesisBatchInfo"}
        for body in (b"", b"[]", b"{}", json.dumps(pointer).encode(), json.dumps(other).encode(), FAILED.replace(b"/25vIGNsaWNr", b"?")):
            bucket, stream = Bucket({FAILED_KEY: body}), Stream()
            self.assertEqual(replay_failed.replay(bucket, stream, "bucket", "stream"), (0, 0, [FAILED_KEY]), body[:40])
            self.assertEqual((bucket.objects, stream.calls), ({FAILED_KEY: body}, 0))


if __name__ == "__main__":
    unittest.main()
