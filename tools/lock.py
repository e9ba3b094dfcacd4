"""`make lock-tools`: pins the packages of tools/requirements/*.in again, with all their dependencies and the hashes of their files.

Keeps the versions that still fit. Edit an .in file, run this, read the difference, commit both.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent / "requirements"
# Resolves for every platform at once, so that one lock serves Linux and macOS.
UV = "uv==0.13.9"
OLDEST_PYTHON = "3.11"


def lock(uv, wanted):
    """Writes the packages of `wanted` to the .txt beside it."""
    locked = wanted.with_suffix(".txt")
    command = [uv, "pip", "compile", "--quiet", "--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--output-file", str(locked), str(wanted)]
    subprocess.run(command, check=True)
    head = f"# The packages of {wanted.name} with all their dependencies, pinned by hash. `make lock-tools` writes this file.\n"
    locked.write_text(head + locked.read_text())


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", UV], check=True)
        for path in sorted(REQUIREMENTS.glob("*.in")):
            print(f"pinning {path.name}", flush=True)
            lock(f"{folder}/bin/uv", path)


if __name__ == "__main__":
    main()
