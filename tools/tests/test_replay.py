"""Tests the tools that replay records, with a stream and a bucket in memory. `make test` runs these."""

import base64
import json
import unittest
from io import BytesIO
from unittest import mock

import click_stream
import replay_quarantine
import replay_spill

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
        deep = b'{"domain":' * 100_000
        for data in (b"", b"\xff", b"[]", b"7", deep, b'{"domain":"\\ud800","slug":"a"}', b'{"domain":"a"}'):
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


if __name__ == "__main__":
    unittest.main()
