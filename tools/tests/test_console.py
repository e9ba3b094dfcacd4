"""Tests how the console comes into the bucket. `make test` runs these."""

import gzip
import tempfile
import unittest
from datetime import UTC, datetime, timedelta
from pathlib import Path

import console
from local_stack.failure import Failure

NOW = datetime(2026, 1, 20, tzinfo=UTC)


class Bucket:
    """Keeps objects in memory, in the order in which they were written."""

    def __init__(self):
        self.objects, self.times, self.failing = {}, {}, False

    def put_object(self, Bucket, Key, Body):
        if self.failing and Key.endswith(".js"):
            raise OSError("the connection broke")
        self.objects.pop(Key, None)
        self.objects[Key], self.times[Key] = Body, NOW

    def delete_object(self, Bucket, Key):
        del self.objects[Key]

    def get_paginator(self, _):
        return self

    def paginate(self, Bucket, Prefix):
        keys = [key for key in self.objects if key.startswith(Prefix)]
        yield {"Contents": [{"Key": key, "LastModified": self.times[key]} for key in keys]}
        yield {}


class Publish(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.bucket = Path(folder.name), Bucket()
        (self.folder / "assets").mkdir()
        for name, content in (("index.html", "page"), ("zebra.svg", "<svg/>"), ("assets/a-1.js", "script"), ("assets/logo.png", "png")):
            (self.folder / name).write_text(content)

    def publish(self):
        return console.publish(self.bucket, "data", self.folder, NOW)

    def test_page_is_written_last_and_texts_also_compressed(self):
        self.assertEqual(self.publish(), 4)
        keys = list(self.bucket.objects)
        self.assertEqual(keys[-2:], ["console/index.html.gz", "console/index.html"])
        self.assertEqual(self.bucket.objects["console/assets/a-1.js"], b"script")
        self.assertEqual(gzip.decompress(self.bucket.objects["console/assets/a-1.js.gz"]), b"script")
        self.assertIn("console/assets/logo.png", keys)
        self.assertNotIn("console/assets/logo.png.gz", keys)
        first = dict(self.bucket.objects)
        self.publish()
        self.assertEqual(first, self.bucket.objects)

    def test_failed_upload_leaves_the_page_before(self):
        self.bucket.put_object("data", "console/index.html", b"before")
        self.bucket.failing = True
        with self.assertRaises(OSError):
            self.publish()
        self.assertEqual(self.bucket.objects["console/index.html"], b"before")

    def test_files_of_earlier_builds_stay_for_a_week(self):
        for key, age in (("console/assets/old-0.js", 8), ("console/assets/new-0.js", 6), ("other/old.js", 30)):
            self.bucket.objects[key], self.bucket.times[key] = b"", NOW - timedelta(days=age)
        self.publish()
        self.assertNotIn("console/assets/old-0.js", self.bucket.objects)
        self.assertIn("console/assets/new-0.js", self.bucket.objects)
        self.assertIn("other/old.js", self.bucket.objects)

    def test_folder_without_a_page_is_refused(self):
        (self.folder / "index.html").unlink()
        with self.assertRaises(Failure):
            self.publish()
        self.assertEqual(self.bucket.objects, {})

    def test_large_file_is_refused_before_anything_is_written(self):
        (self.folder / "assets" / "map.json").write_bytes(bytes(console.MOST_BYTES + 1))
        with self.assertRaises(Failure):
            self.publish()
        self.assertEqual(self.bucket.objects, {})


if __name__ == "__main__":
    unittest.main()
