"""Tests how `make block` reads files. `make test` runs these."""

import unittest

import block_targets


class Targets(unittest.TestCase):
    def test_hosts_files_and_lists_are_read(self):
        text = "\ufeff# a list\n127.0.0.1 localhost\n0.0.0.0 evil.example other.example # bad\n::1 ip6-localhost\n\nhttp://a.example/x#y\nb.example\nb.example\n"
        self.assertEqual(block_targets.targets(text), (["evil.example", "other.example", "http://a.example/x#y", "b.example"], []))

    def test_lines_without_a_target_are_counted(self):
        self.assertEqual(block_targets.targets("nonsense\nc.example\n! adblock\n"), (["c.example"], ["nonsense"]))


if __name__ == "__main__":
    unittest.main()
