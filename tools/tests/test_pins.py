"""Tests that nothing that CI runs can change without a commit here, and that a skipped check is loud. `make test` runs these."""

import contextlib
import io
import re
import unittest
from pathlib import Path
from unittest import mock

import advisories
import lock
from local_stack.failure import Failure
from local_stack.paths import ROOT


def packages(text):
    """Returns the lines of a requirements file, each with what belongs to it."""
    joined = text.replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]


class Pins(unittest.TestCase):
    def test_every_python_package_is_pinned_by_hash(self):
        for wanted in lock.REQUIREMENTS.glob("*.in"):
            locked = packages(wanted.with_suffix(".txt").read_text())
            for line in locked:
                self.assertRegex(line, r"^[A-Za-z0-9._-]+==\S+( ; .+?)?( +--hash=sha256:[0-9a-f]{64})+$", wanted.name)
            names = {re.split(r"[=<>; ]", line)[0].lower() for line in locked}
            for line in packages(wanted.read_text()):
                self.assertIn(re.split(r"[=<>; ]", line)[0].lower(), names, wanted.name)

    def test_every_action_is_pinned_by_commit(self):
        workflows = list((ROOT / ".github" / "workflows").glob("*.y*ml"))
        self.assertTrue(workflows)
        for path in workflows:
            for line in path.read_text().splitlines():
                if "uses:" in line:
                    self.assertRegex(line, r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", path.name)

    def test_pip_refuses_what_has_no_hash(self):
        self.assertIn('"--require-hashes"', Path(ROOT / "tools" / "install.py").read_text())


class Advisories(unittest.TestCase):
    def run_main(self, codes, **environment):
        run = mock.patch.object(advisories.subprocess, "run", side_effect=[mock.Mock(returncode=code, stderr="no route") for code in codes])
        out, errors = io.StringIO(), io.StringIO()
        settings = mock.patch.dict(advisories.os.environ, environment)
        with run, settings, contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            for name in {"GITHUB_ACTIONS", "ADVISORIES_REQUIRED"} - environment.keys():
                advisories.os.environ.pop(name, None)
            return advisories.main(), out.getvalue(), errors.getvalue()

    def test_database_out_of_reach_is_skipped_loudly(self):
        code, _, errors = self.run_main([1])
        self.assertEqual(code, 0)
        self.assertIn("SECURITY ADVISORIES NOT CHECKED: the database cannot be reached (no route)", errors)
        _, out, _ = self.run_main([1], GITHUB_ACTIONS="true")
        self.assertIn("::warning title=", out)
        with self.assertRaisesRegex(Failure, "NOT CHECKED"):
            self.run_main([1], ADVISORIES_REQUIRED="1")

    def test_advisory_fails(self):
        self.assertEqual(self.run_main([0, 0]), (0, "", ""))
        with self.assertRaisesRegex(Failure, "has an advisory"):
            self.run_main([0, 1])


if __name__ == "__main__":
    unittest.main()
