"""`make fuzz`: runs the fuzz targets of fuzz/, each for a while; see docs/testing.md.

Runs with the system's Python and nothing but the standard library. What a run learns stays in fuzz/corpus/TARGET, which git
ignores; what is worth keeping for everybody goes to fuzz/seeds/TARGET by hand. An input that breaks a target is left in
fuzz/artifacts/TARGET.
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
# libFuzzer needs flags of the compiler that only a nightly one takes.
NIGHTLY = "nightly-2026-05-20"
# Inputs that the project has for other purposes.
SEEDS = {
    "redirect_event": [ROOT / "events" / "redirect"],
    "rows_any": [ROOT / "tests" / "data" / "exports", ROOT / "tests" / "data" / "nasty"],
}


class Failure(Exception):
    """Something the user can act on."""


def main():
    targets = sorted(path.stem for path in (FUZZ / "fuzz_targets").glob("*.rs"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", choices=targets, help="all if absent")
    parser.add_argument("--seconds", type=int, default=60, help="for each target; 0 goes on until something breaks")
    arguments = parser.parse_args()
    toolchain = require_toolchain()
    broken = [name for name in ([arguments.target] if arguments.target else targets) if not fuzz(name, arguments.seconds, toolchain)]
    if broken:
        raise Failure(f"{', '.join(broken)} broke: the input is in fuzz/artifacts, `make fuzz TARGET=name` tries again")


def require_toolchain():
    """The compiler that FUZZ_TOOLCHAIN names, else the pinned one."""
    toolchain = os.environ.get("FUZZ_TOOLCHAIN") or NIGHTLY
    if not shutil.which("rustup"):
        raise Failure("rustup is missing: install Rust from https://rustup.rs")
    found = subprocess.run(["rustup", "run", toolchain, "rustc", "--version"], capture_output=True, check=False)
    if found.returncode != 0:
        raise Failure(
            f"fuzzing needs a nightly compiler: `rustup toolchain install --profile minimal {toolchain}`, or name another one"
            " in FUZZ_TOOLCHAIN"
        )
    return toolchain


def fuzz(target, seconds, toolchain):
    """Whether `target` held for `seconds`."""
    # libFuzzer adds what it learns to the first folder, and reads the others.
    folders = [FUZZ / "corpus" / target, FUZZ / "seeds" / target, *SEEDS.get(target, [])]
    folders[0].mkdir(parents=True, exist_ok=True)
    command = [CARGO_FUZZ, "run", "--fuzz-dir", FUZZ, target, *(folder for folder in folders if folder.is_dir())]
    command += ["--", f"-max_total_time={seconds}", "-max_len=8192", "-timeout=10", "-print_final_stats=1"]
    print(f"fuzzing {target} for {seconds} s", flush=True)
    # What is named here goes before rust-toolchain.toml.
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
