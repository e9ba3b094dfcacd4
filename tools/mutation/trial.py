"""Tries each mutant with the tests that reach it."""

import itertools
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutation.build import Failure
from mutation.tree import DOMAIN, environment

# Processes at a time.
JOBS = 2
# How many tests a mutant meets at once: most are caught by one of the first few, which then saves the others.
BATCHES = (4, 16, 64)
# A mutant that never ends is caught. Seconds that a batch may take beside five times what it takes without a mutant.
PATIENCE = 10
# Kibibytes: a mutant that never ends may take memory all the time.
MEMORY = 6_000_000


class Tests:
    """The program with the tests, how long each takes, and which mutants each reaches."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder / DOMAIN
        self.seconds = {}
        self.reached = {}

    def record(self):
        """Runs each test on its own, without a mutant."""
        listed = subprocess.run([self.program, "--list", "--format", "terse"], stdout=subprocess.PIPE, text=True, check=True)
        names = [line.removesuffix(": test") for line in listed.stdout.splitlines() if line.endswith(": test")]
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(JOBS) as pool:
            passed = list(pool.map(lambda name: self.record_one(name, Path(folder, name.replace(":", "-"))), names))
        failed = [name for name, ok in zip(names, passed, strict=True) if not ok]
        if failed:
            raise Failure(f"{len(failed)} tests fail without a mutant: {', '.join(failed[:10])}")

    def record_one(self, name, file):
        start = time.monotonic()
        passed = self.run([name], {"WAYPOST_MUTANTS_REACHED": str(file)}, None) == "passed"
        self.seconds[name] = time.monotonic() - start
        for line in file.read_text().split() if file.exists() else ():
            self.reached.setdefault(int(line), []).append(name)
        return passed

    def run(self, names, variables, limit):
        """Runs the tests of these names in one process and returns `passed`, `failed` or `timeout`."""
        command = ["sh", "-c", f'ulimit -v {MEMORY} 2>/dev/null; exec "$0" "$@"', self.program, "--exact", "--test-threads", "1", *names]
        try:
            result = subprocess.run(
                command,
                cwd=self.folder,
                env=environment() | variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "timeout"
        return "passed" if result.returncode == 0 else "failed"

    def outcome(self, mutant):
        """Returns `caught`, `timeout`, `missed` or `unreached`."""
        number = mutant["number"]
        if number not in self.reached:
            return "unreached"
        for names in batches(self.order(mutant)):
            limit = PATIENCE + 5 * sum(self.seconds[name] for name in names)
            result = self.run(names, {"WAYPOST_MUTANT": str(number)}, limit)
            if result != "passed":
                return "timeout" if result == "timeout" else "caught"
        return "missed"

    def order(self, mutant):
        """Returns the tests that reach a mutant: those of the nearest file first, and the slowest last."""
        module = module_of(mutant["file"])
        nearness = {name: in_common(module, name.split("::")) for name in self.reached[mutant["number"]]}
        return sorted(nearness, key=lambda name: (self.seconds[name] > 2, -nearness[name], self.seconds[name]))


def module_of(file):
    """Returns the path of a file's module, as it begins the names of its tests."""
    parts = Path(file).relative_to(DOMAIN / "src").with_suffix("").parts
    return [part for part in parts if part != "mod"]


def in_common(left, right):
    """Returns how many of their first parts two paths share."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


def batches(names):
    """Returns the names in batches, small ones first."""
    made = []
    for size in BATCHES:
        made.append(names[:size])
        names = names[size:]
    return [batch for batch in (*made, names) if batch]


def try_all(tests, mutants, deadline, tell):
    """Returns the outcome of each mutant by its number, and tells it as it comes; the time may run out before the last."""
    outcomes = {}

    def attempt(mutant):
        if time.monotonic() < deadline:
            outcomes[mutant["number"]] = tests.outcome(mutant)
            tell(mutant, outcomes[mutant["number"]])

    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(attempt, mutants))
    return outcomes
