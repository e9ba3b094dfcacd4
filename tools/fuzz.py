"""`make fuzz`: runs the fuzz targets in fuzz/, each for a while; see docs/testing.md.

Needs only the system's Python and its standard library. A run stores the inputs it learns in fuzz/corpus/TARGET, which git
ignores; copy those worth keeping to fuzz/seeds/TARGET. It stores an input that breaks a target in fuzz/artifacts/TARGET.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FUZZ = ROOT / "fuzz"
CARGO_FUZZ = ROOT / ".tools" / "cargo-fuzz" / "bin" / "cargo-fuzz"
# libFuzzer needs compiler flags that only a nightly compiler takes.
NIGHTLY = "nightly-2026-05-20"
# Inputs that the project keeps elsewhere.
SEEDS = {
    "redirect_event": [ROOT / "events" / "redirect"],
    "rows_any": [ROOT / "tests" / "data" / "exports", ROOT / "tests" / "data" / "nasty"],
}


class Failure(Exception):
    """An error that the user can fix; its text says how."""


def main():
    targets = sorted(path.stem for path in (FUZZ / "fuzz_targets").glob("*.rs"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", choices=targets, help="the target to run; all of them without it")
    parser.add_argument("--seconds", type=int, default=60, help="time for each target; 0 means until it breaks")
    arguments = parser.parse_args()
    toolchain = require_toolchain()
    broken = [name for name in ([arguments.target] if arguments.target else targets) if not fuzz(name, arguments.seconds, toolchain)]
    if broken:
        raise Failure(f"{', '.join(broken)} broke: fuzz/artifacts has the input, `make fuzz TARGET=name` tries again")


def require_toolchain():
    """Returns the toolchain that FUZZ_TOOLCHAIN names, otherwise the pinned one."""
    toolchain = os.environ.get("FUZZ_TOOLCHAIN") or NIGHTLY
    if not shutil.which("rustup"):
        raise Failure("rustup is missing: install Rust from https://rustup.rs")
    found = subprocess.run(["rustup", "run", toolchain, "rustc", "--version"], capture_output=True, check=False)
    if found.returncode != 0:
        raise Failure(
            f"fuzzing needs a nightly compiler: run `rustup toolchain install --profile minimal {toolchain}`, or name another"
            " one in FUZZ_TOOLCHAIN"
        )
    return toolchain


def fuzz(target, seconds, toolchain):
    """Runs `target` for `seconds`; tells whether it held."""
    # libFuzzer writes new inputs to the first folder and only reads the others.
    folders = [FUZZ / "corpus" / target, FUZZ / "seeds" / target, *SEEDS.get(target, [])]
    folders[0].mkdir(parents=True, exist_ok=True)
    command = [CARGO_FUZZ, "run", "--fuzz-dir", FUZZ, target, *(folder for folder in folders if folder.is_dir())]
    command += ["--", f"-max_total_time={seconds}", "-max_len=8192", "-timeout=10", "-print_final_stats=1"]
    print(f"fuzzing {target} for {seconds} s", flush=True)
    # This variable overrides rust-toolchain.toml.
    environment = os.environ | {"RUSTUP_TOOLCHAIN": toolchain}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
