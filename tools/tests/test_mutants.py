"""Tests which mutants `make mutants` drops, in which order it tries tests, and what it reports. Nothing here compiles anything."""

import contextlib
import io
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import mutants
from mutation import build, tree, trial

FILE = "shared/domain/src/links/create.rs"


def mutant(number, **fields):
    name = f"{FILE}:{number}:1: replace f -> bool with true"
    function = {"function_name": "f", "return_type": "-> bool"}
    return {"number": number, "file": FILE, "genre": "FnValue", "function": function, "name": name} | fields


def span(start, end, primary=True, file=FILE, **fields):
    return {"file_name": file, "byte_start": start, "byte_end": end, "is_primary": primary} | fields


def error(*spans, code=None):
    return {"spans": list(spans), "children": [], "rendered": "the message", "code": code and {"code": code}}


class Blame(unittest.TestCase):
    def setUp(self):
        iterator = {"function_name": "f", "return_type": "-> impl Iterator"}
        mutants_here = [mutant(1), mutant(2), mutant(3), mutant(4, function=iterator)]
        switches = {
            "arms": {"1": {"start": 10, "end": 20}, "2": {"start": 30, "end": 40}, "4": {"start": 200, "end": 210}},
            "sites": [[{"start": 0, "end": 100}, [1, 2]], [{"start": 50, "end": 60}, [3]]],
        }
        self.tree = mock.Mock(mutants=mutants_here, placed={FILE: switches})

    def assert_blamed(self, found, expected):
        self.assertEqual(build.blame([found], self.tree), expected)

    def test_mutant_with_an_error_in_its_own_code_does_not_compile(self):
        self.assert_blamed(error(span(12, 13)), {1: "unviable"})
        # The primary place decides.
        self.assert_blamed(error(span(12, 13), span(31, 32, primary=False)), {1: "unviable"})

    def test_error_beside_all_mutants_is_explained_by_a_secondary_place(self):
        self.assert_blamed(error(span(300, 301), span(31, 32, primary=False)), {2: "unviable"})

    def test_error_in_the_code_itself_is_the_fault_of_the_nearest_switch(self):
        self.assert_blamed(error(span(52, 53)), {3: "awkward"})
        self.assert_blamed(error(span(80, 81)), {1: "awkward", 2: "awkward"})

    def test_match_without_an_arm_does_not_compile(self):
        self.assert_blamed(error(span(52, 53), code="E0004"), {3: "unviable"})

    def test_error_in_a_macro_is_where_the_macro_is_used(self):
        inside = span(1, 2, file="/rustc/macros.rs", expansion={"span": span(12, 13)})
        self.assert_blamed(error(inside), {1: "unviable"})

    def test_error_elsewhere_is_nobody_s_fault(self):
        self.assert_blamed(error(span(12, 13, file="shared/domain/src/lib.rs")), {})

    def test_build_ends_with_the_message_if_nothing_is_to_blame(self):
        self.tree.without_place.return_value = set()
        with (
            mock.patch.object(build, "cargo", return_value=([error(span(300, 301))], None)),
            self.assertRaisesRegex(build.Failure, "the message"),
        ):
            build.build(self.tree)

    def test_build_goes_on_without_what_does_not_compile(self):
        # All values of a function that returns `impl Iterator`, the fourth, have one type.
        self.tree.without_place.side_effect = lambda reason: {2} if reason == "constant" else set()
        answers = [([error(span(12, 13))], None), ([], None), ([error(span(52, 53))], None), ([], None), ([], "program")]
        with mock.patch.object(build, "cargo", side_effect=answers), contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(build.build(self.tree), ("program", {1: "unviable", 2: "constant", 3: "awkward", 4: "awkward"}))
        self.assertEqual(self.tree.write.call_count, 3)


class Order(unittest.TestCase):
    def setUp(self):
        self.tests = trial.Tests("program", Path("/tree"))
        self.tests.seconds = {"links::create::tests::a": 1.0, "links::list::tests::b": 0.1, "tags::c": 0.2, "links::create::slow": 9.0}
        self.tests.reached = {1: list(self.tests.seconds)}

    def test_nearest_tests_come_first_and_slow_ones_last(self):
        expected = ["links::create::tests::a", "links::list::tests::b", "tags::c", "links::create::slow"]
        self.assertEqual(self.tests.order(mutant(1)), expected)

    def test_module_file_stands_for_its_folder(self):
        self.assertEqual(trial.module_of("shared/domain/src/redirect/follow/mod.rs"), ["redirect", "follow"])

    def test_batches_have_every_test_once(self):
        names = [str(number) for number in range(100)]
        for count in (0, 1, 4, 5, 20, 21, 84, 85, 100):
            made = trial.batches(names[:count])
            self.assertEqual([name for batch in made for name in batch], names[:count])
            self.assertNotIn([], made)

    def test_first_batch_that_fails_decides(self):
        for outcomes, expected in (
            (["failed"], "caught"),
            (["timeout"], "timeout"),
            (["passed", "failed"], "caught"),
            (["passed", "passed"], "missed"),
        ):
            self.tests.run = mock.Mock(side_effect=outcomes)
            with mock.patch.object(trial, "BATCHES", (2,)):
                self.assertEqual(self.tests.outcome(mutant(1)), expected)
            self.assertEqual(self.tests.run.call_count, len(outcomes))

    def test_mutant_that_no_test_reaches_is_not_run(self):
        self.tests.run = mock.Mock()
        self.assertEqual(self.tests.outcome(mutant(2)), "unreached")
        self.tests.run.assert_not_called()

    def test_program_that_does_not_end_is_stopped(self):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "program")
            program.write_text('#!/bin/sh\ncase "$*" in *ends*) exit 0;; *fails*) exit 101;; esac\nexec sleep 60\n')
            program.chmod(0o755)
            tests = trial.Tests(str(program), Path(folder))
            tests.folder = folder
            self.assertEqual(tests.run(["ends"], {}, 30), "passed")
            self.assertEqual(tests.run(["fails"], {}, 30), "failed")
            self.assertEqual(tests.run(["never"], {}, 0.05), "timeout")


class Copy(unittest.TestCase):
    def test_manifest_is_changed_as_far_as_the_copy_needs(self):
        text = (tree.ROOT / tree.DOMAIN / "Cargo.toml").read_text()
        changed = tree.changed_manifest(text)
        self.assertNotIn("\nwaypost-domain =", changed)
        self.assertNotIn("workspace = true\n\n[lints]", changed)
        self.assertIn('[lints.rust]\nwarnings = "allow"', changed)

    def test_copy_has_links_to_all_but_the_domain(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "tree")
            tree.copy_workspace(copy)
            self.assertTrue((copy / "Cargo.toml").is_symlink())
            self.assertTrue((copy / "shared" / "api").is_symlink())
            self.assertFalse((copy / "Cargo.lock").is_symlink())
            self.assertFalse((copy / FILE).is_symlink())
            self.assertFalse((copy / "target").exists())
            self.assertIn("mod mutant_switch;", (copy / "shared/domain/src/lib.rs").read_text())
            self.assertIn("fn on(", (copy / "shared/domain/src/mutant_switch.rs").read_text())


class Report(unittest.TestCase):
    def report(self, outcomes):
        output, errors = io.StringIO(), io.StringIO()
        with (
            tempfile.TemporaryDirectory() as folder,
            mock.patch.object(mutants, "OUTPUT", Path(folder)),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
        ):
            code = mutants.report([mutant(1), mutant(2)], outcomes, ["links", "clicks"])
            files = {path.stem: len(path.read_text().splitlines()) for path in Path(folder).iterdir()}
        return code, output.getvalue(), errors.getvalue(), files

    def test_all_caught_is_success(self):
        code, output, errors, files = self.report({1: "caught", 2: "timeout"})
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("links:\n      1 caught\n      1 caught, as they never end\nclicks:\n", output)
        self.assertEqual((files["caught"], files["timeout"], files["missed"]), (1, 1, 0))

    def test_missed_mutant_is_named_at_once_and_fails(self):
        for outcome in ("missed", "unreached"):
            code, _, _, files = self.report({1: "caught", 2: outcome})
            self.assertEqual((code, files[outcome]), (1, 1))
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            for number, outcome in enumerate(mutants.OUTCOMES):
                mutants.tell(mutant(number), outcome)
        self.assertEqual(output.getvalue().count("MISSED "), 2)

    def test_mutants_are_tried_until_the_time_is_over(self):
        tests, told = mock.Mock(), []
        tests.outcome.return_value = "caught"
        for left, tried in ((60, {1: "caught", 2: "caught"}), (-1, {})):
            deadline = time.monotonic() + left
            outcomes = trial.try_all(tests, [mutant(1), mutant(2)], deadline, lambda mutant, outcome: told.append(outcome))
            self.assertEqual(outcomes, tried)
        self.assertEqual(told, ["caught", "caught"])

    def test_mutant_that_was_not_tried_fails(self):
        code, _, errors, files = self.report({1: "caught"})
        self.assertEqual((code, files["left"]), (1, 1))
        self.assertIn("the time ran out", errors)

    def test_unknown_folder_is_an_error(self):
        for at in ("", "nowhere", "links/nothing.rs"):
            with self.assertRaisesRegex(build.Failure, "name folders or files"):
                mutants.pattern(at)
        self.assertEqual(mutants.pattern("links"), "shared/domain/src/links/**")
        self.assertEqual(mutants.pattern("values/slug.rs"), "shared/domain/src/values/slug.rs")


if __name__ == "__main__":
    unittest.main()
