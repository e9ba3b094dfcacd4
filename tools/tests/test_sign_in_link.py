"""Tests the codes that sign people in to the console. `make test` runs these."""

import hashlib
import unittest
from datetime import UTC, datetime, timedelta

import sign_in_link
from local_stack import sign_in_code
from local_stack.failure import Failure


class Table:
    """Keeps what is put."""

    def __init__(self):
        self.puts = []

    def put_item(self, **arguments):
        self.puts.append(arguments)


class SignInCode(unittest.TestCase):
    def test_only_the_hash_of_a_code_is_stored_and_it_lasts_ten_minutes(self):
        table = Table()
        first, second = (sign_in_code.create_sign_in_code(table, "links", "acme", "viewer") for _ in range(2))
        self.assertNotEqual(first, second)
        self.assertRegex(first, r"^wpc_[A-Za-z0-9_-]{43}$")
        put = table.puts[0]
        item = put["Item"]
        self.assertEqual(item["pk"]["S"], "CODE#" + hashlib.sha256(first.encode()).hexdigest())
        self.assertNotIn(first, str(put))
        self.assertEqual((item["sk"]["S"], item["workspace"]["S"], item["role"]["S"]), ("CODE", "acme", "viewer"))
        left = datetime.fromisoformat(item["expires_at"]["S"]) - datetime.now(UTC)
        self.assertTrue(timedelta(minutes=9) < left <= timedelta(minutes=10), left)
        self.assertEqual(int(item["ttl"]["N"]), int(datetime.fromisoformat(item["expires_at"]["S"]).timestamp()))

    def test_code_is_in_the_fragment_of_the_link(self):
        for origin in ("https://links.example.com", "https://links.example.com/"):
            self.assertEqual(sign_in_code.sign_in_link(origin, "wpc_1"), "https://links.example.com/console/#code=wpc_1")

    def test_link_leads_to_an_origin_by_https(self):
        for url in ("", "https://links.example.com", "https://links.example.com:8443/", "http://localhost:9000"):
            sign_in_link.check_origin(url)
        for url in (
            "links.example.com",
            "http://links.example.com",
            "https://",
            "https://user@links.example.com",
            "https://links.example.com/console",
            "https://links.example.com/?x=",
            "https://links.example.com/#x",
            "javascript://localhost",
        ):
            with self.subTest(url), self.assertRaises(Failure):
                sign_in_link.check_origin(url)


if __name__ == "__main__":
    unittest.main()
