"""`make lock-tools`: pins again what tools/requirements/*.in ask for, with everything that these need.

Edit an .in file, run this, look at the difference, commit both.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent / "requirements"


def lock(wanted):
    """Writes the .txt beside `wanted`: what a fresh environment holds after installing it."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check"]
        # Some versions of Python put an old one into every environment.
        subprocess.run([*pip, "uninstall", "--quiet", "--yes", "setuptools"], check=True)
        subprocess.run([*pip, "install", "--quiet", "-r", str(wanted)], check=True)
        frozen = subprocess.run([*pip, "freeze", "--all", "--exclude", "pip"], check=True, capture_output=True, text=True).stdout
    head = f"# Every package of {wanted.name} and what they need, pinned. Written by `make lock-tools`.\n"
    wanted.with_suffix(".txt").write_text(head + frozen)


if __name__ == "__main__":
    for path in sorted(REQUIREMENTS.glob("*.in")):
        print(f"pinning {path.name}", flush=True)
        lock(path)
