"""Checks the dependencies in Cargo.lock against the RustSec database of security advisories (cargo-deny).

The database changes by the day and lies behind the network. Where it cannot be reached, this skips the check and says so
loudly. Set ADVISORIES_REQUIRED to make that an error.
"""

import os
import subprocess
import sys

from local_stack import paths
from local_stack.failure import Failure, run_main

CARGO_DENY = paths.TOOLS / "cargo-deny" / "bin" / "cargo-deny"


def main():
    fetched = subprocess.run(
        [CARGO_DENY, "fetch", "db"], cwd=paths.ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if fetched.returncode != 0:
        return skip((fetched.stderr.strip().splitlines() or ["cargo-deny says nothing"])[-1])
    checked = subprocess.run([CARGO_DENY, "check", "advisories"], cwd=paths.ROOT, stdin=subprocess.DEVNULL, check=False)
    if checked.returncode != 0:
        raise Failure(
            "a dependency has an advisory: update it, or name it under [advisories] in deny.toml with the reason why it does no harm"
        )
    return 0


def skip(reason):
    """Says that nothing was checked, in CI as an annotation of the run too."""
    message = f"SECURITY ADVISORIES NOT CHECKED: the database cannot be reached ({reason})"
    if os.environ.get("ADVISORIES_REQUIRED"):
        raise Failure(message)
    if os.environ.get("GITHUB_ACTIONS"):
        print(f"::warning title=Advisories not checked::{message}", flush=True)
    line = "!" * min(len(message), 120)
    print(f"{line}\n{message}\n{line}", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    run_main(main)
