"""Tests what `make import` does before it asks the API. `make test` runs these."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import import_file
from local_stack.failure import Failure


class ImportFile(unittest.TestCase):
    def test_empty_file_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "links.csv"
            file.touch()
            arguments = ["import_file.py", str(file), "--url", "http://localhost:1", "--key", "wp_x"]
            with mock.patch("sys.argv", arguments), self.assertRaisesRegex(Failure, "links.csv is empty"):
                import_file.main()

    def test_columns_are_pairs(self):
        self.assertEqual(import_file.parse_columns("Short name=slug, a=b=ignore,"), {"Short name": "slug", "a=b": "ignore"})
        for text in ["slug", "=slug", "name="]:
            with self.assertRaises(Failure, msg=text):
                import_file.parse_columns(text)


if __name__ == "__main__":
    unittest.main()
