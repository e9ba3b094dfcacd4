"""`make lock-tools`: pins the packages of tools/requirements/*.in again, with all their dependencies.

Edit an .in file, run this, read the difference, commit both.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent / "requirements"


def lock(wanted):
    """Installs `wanted` into a fresh environment and writes its packages to the .txt beside `wanted`."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check"]
        # Some versions of Python put an old setuptools into every environment.
        subprocess.run([*pip, "uninstall", "--quiet", "--yes", "setuptools"], check=True)
        subprocess.run([*pip, "install", "--quiet", "-r", str(wanted)], check=True)
        frozen = subprocess.run([*pip, "freeze", "--all", "--exclude", "pip"], check=True, capture_output=True, text=True).stdout
    head = f"# The packages of {wanted.name} with all their dependencies, pinned. `make lock-tools` writes this file.\n"
    wanted.with_suffix(".txt").write_text(head + frozen)


if __name__ == "__main__":
    for path in sorted(REQUIREMENTS.glob("*.in")):
        print(f"pinning {path.name}", flush=True)
        lock(path)
