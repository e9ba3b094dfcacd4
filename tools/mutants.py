"""Changes the domain's code bit by bit and runs its tests after each change; see docs/testing.md.

    python3 tools/mutants.py links                      all of shared/domain/src/links
    python3 tools/mutants.py values/slug.rs clicks      a file and a folder
    python3 tools/mutants.py links --shard 1/4 --minutes 30

cargo-mutants names the changes, the mutants. One build has all of them, each behind a switch; each then meets the tests that come past it.
A mutant that no test notices is missed: write a test that fails with it, or name it in .cargo/mutants.toml with the
reason why no behaviour depends on it. The results are in target/mutants; exit code 1 if there is a missed mutant or the time
ran out before the end.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter

from mutation.build import Failure, build
from mutation.tree import DOMAIN, ROOT, Tree
from mutation.trial import Tests, try_all

SOURCES = ROOT / DOMAIN / "src"
OUTPUT = ROOT / "target" / "mutants"
# What the report calls an outcome, and which of them want a look.
OUTCOMES = {
    "caught": "caught",
    "timeout": "caught, as they never end",
    "missed": "MISSED",
    "unreached": "MISSED, as no test comes past them",
    "unviable": "do not compile",
    "constant": "not made, in code that the compiler runs",
    "awkward": "not made, as a switch would not compile there",
    "lost": "not made, in a macro",
    "left": "not tried, as the time ran out",
}
MISSED = ("missed", "unreached")


def main():
    parser = argparse.ArgumentParser(description="Finds changes of the domain's code that no test notices.")
    parser.add_argument("at", nargs="+", help="folders or files below shared/domain/src")
    parser.add_argument("--shard", default="0/1", help="which part of the mutants, such as 1/4 (default: all)")
    parser.add_argument("--minutes", type=float, default=60, help="try no more mutants after so many minutes (default: 60)")
    options = parser.parse_args()
    deadline = time.monotonic() + options.minutes * 60
    mutants = listed([pattern(at) for at in options.at], options.shard)
    print(f"{len(mutants)} mutants; compiling", flush=True)
    tree = Tree(OUTPUT / "tree", mutants)
    program, outcomes = build(tree)
    print("looking which tests reach which mutants", flush=True)
    tests = Tests(program, tree.folder)
    tests.record()
    made = [mutant for mutant in mutants if mutant["number"] not in outcomes]
    print(f"trying {len(made)} mutants", flush=True)
    outcomes |= try_all(tests, made, deadline, tell)
    return report(mutants, outcomes, options.at)


def pattern(at):
    """Returns what cargo-mutants calls a folder or file below shared/domain/src."""
    place = SOURCES / at
    if not at or not place.exists():
        raise Failure(f"there is no {place.relative_to(ROOT)}: name folders or files below shared/domain/src with AT=")
    return str(place.relative_to(ROOT)) + ("/**" if place.is_dir() else "")


def listed(patterns, shard):
    """Returns the mutants that cargo-mutants finds, numbered from 1 on."""
    program = ROOT / ".tools" / "cargo-mutants" / "bin" / "cargo-mutants"
    command = [program, "mutants", "--list", "--json", "--package", "waypost-domain", "--shard", shard]
    for file in patterns:
        command += ["--file", file]
    found = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return [mutant | {"number": number} for number, mutant in enumerate(json.loads(found.stdout), start=1)]


def tell(mutant, outcome):
    if outcome in MISSED:
        print(f"MISSED {mutant['name']}", flush=True)


def report(mutants, outcomes, places):
    """Writes a file for each outcome, prints the counts, and returns the exit code."""
    names = {outcome: [] for outcome in OUTCOMES}
    for mutant in mutants:
        names[outcomes.get(mutant["number"], "left")].append(mutant["name"])
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for outcome, lines in names.items():
        (OUTPUT / f"{outcome}.txt").write_text("".join(f"{line}\n" for line in lines))
    for place in places:
        print(f"{place}:")
        inside = [mutant for mutant in mutants if f"/{mutant['file']}".startswith(f"/{DOMAIN}/src/{place}")]
        counts = Counter(outcomes.get(mutant["number"], "left") for mutant in inside)
        for outcome, words in OUTCOMES.items():
            if counts[outcome]:
                print(f"  {counts[outcome]:5} {words}")
    if names["left"]:
        print("the time ran out before the end: give it more MINUTES, or a SHARD", file=sys.stderr)
    return 1 if names["left"] or any(names[outcome] for outcome in MISSED) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
