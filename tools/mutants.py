"""Changes the domain's code bit by bit and runs its tests after each change (cargo-mutants).

    python3 tools/mutants.py links                      all of shared/domain/src/links
    python3 tools/mutants.py values/slug.rs             one file
    python3 tools/mutants.py links --shard 1/4 --minutes 30

A change that no test notices is a missed mutant: write a test that fails with it, or name it in .cargo/mutants.toml with the
reason why no behaviour depends on it. The results are in target/mutants/mutants.out; exit code 1 if there is a missed mutant or the time
ran out before the end.
"""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "shared" / "domain" / "src"
OUTPUT = ROOT / "target" / "mutants"
# Tests that run for many seconds and that only these folders need.
SLOW_TESTS = {"kill_test": "imports", "faults": "analytics"}
# How long cargo-mutants may take to stop and write its results, in seconds.
GRACE_SECONDS = 120


def main():
    parser = argparse.ArgumentParser(description="Finds changes of the domain's code that no test notices.")
    parser.add_argument("at", help="a folder or file below shared/domain/src")
    parser.add_argument("--shard", default="0/1", help="which part of the mutants, such as 1/4 (default: all)")
    parser.add_argument("--minutes", type=float, default=60, help="stop after so many minutes (default: 60)")
    options = parser.parse_args()
    place = SOURCES / options.at
    if not options.at or not place.exists():
        sys.exit(f"error: there is no {place.relative_to(ROOT)}: name a folder or a file below shared/domain/src with AT=")
    pattern = str(place.relative_to(ROOT)) + ("/**" if place.is_dir() else "")
    finished = run(command(pattern, options.at, options.shard), options.minutes)
    return report(finished)


def command(pattern, at, shard):
    cargo_mutants = ROOT / ".tools" / "cargo-mutants" / "bin" / "cargo-mutants"
    skipped = [name for name, folder in SLOW_TESTS.items() if not at.startswith(folder)]
    return [
        cargo_mutants, "mutants",
        "--package", "waypost-domain", "--features", "testing,openapi",
        "--file", pattern, "--shard", shard,
        "--output", OUTPUT, "--jobs", "1", "--timeout-multiplier", "4", "--minimum-test-timeout", "30",
        "--", "--lib", "--",
        *(part for name in skipped for part in ("--skip", name)),
    ]  # fmt: skip


def run(arguments, minutes):
    """Returns whether cargo-mutants came to its end within `minutes`."""
    # Fewer cases of each property: there are many runs.
    env = dict(os.environ) | {"PROPTEST_CASES": "64", "CARGO_PROFILE_TEST_DEBUG": "false"}
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen([str(part) for part in arguments], cwd=ROOT, env=env) as child:
        try:
            child.wait(timeout=minutes * 60)
            return True
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGINT)
            try:
                child.wait(timeout=GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
            return False


def report(finished):
    results = OUTPUT / "mutants.out"
    counts = {}
    for outcome in ("caught", "missed", "timeout", "unviable"):
        file = results / f"{outcome}.txt"
        counts[outcome] = len(file.read_text().splitlines()) if file.exists() else 0
    print(", ".join(f"{outcome}: {count}" for outcome, count in counts.items()))
    missed = results / "missed.txt"
    if missed.exists():
        print(missed.read_text(), end="")
    if not finished:
        print("the time ran out before the end: give it more MINUTES, or a SHARD", file=sys.stderr)
    return 0 if finished and counts["missed"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
