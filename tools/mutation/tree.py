"""A copy of the workspace in which every mutant of the domain is behind a switch."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = Path("shared", "domain")
HERE = Path(__file__).resolve().parent
# What a build of the domain does not need, or what a link to it would mix up.
LEFT_OUT = {"target", ".git", ".dev", ".aws-sam", "Cargo.lock", "shared"}
# A mutant may well add to the largest number; that is not for the compiler to refuse.
LINTS = '[lints.rust]\nwarnings = "allow"\narithmetic_overflow = "allow"\nunconditional_panic = "allow"\n'


class Tree:
    """The copy at `folder`. `mutants` are those of cargo-mutants, each with a number."""

    def __init__(self, folder, mutants):
        self.folder = folder
        self.mutants = mutants
        self.placed = {}
        copy_workspace(folder)
        for mutant in mutants:
            # Whatever the place, what the programs name is the file.
            self.placed.setdefault(mutant["file"], None)

    def write(self, dropped):
        """Writes the switches of all mutants but `dropped` into the files where something changed, and returns whether any did."""
        jobs = []
        for file in self.placed:
            mutants = [mutant for mutant in self.mutants if mutant["file"] == file and mutant["number"] not in dropped]
            numbers = {mutant["number"] for mutant in mutants}
            if self.placed[file] is None or numbers != self.placed[file]["numbers"]:
                fields = ("number", "genre", "span", "replacement")
                job = {"from": str(ROOT / file), "to": str(self.folder / file)}
                jobs.append(job | {"mutants": [{field: mutant[field] for field in fields} for mutant in mutants]})
                self.placed[file] = {"numbers": numbers}
        if not jobs:
            return False
        manifest = HERE / "switches" / "Cargo.toml"
        command = [
            "cargo",
            "run",
            "--quiet",
            "--locked",
            "--manifest-path",
            manifest,
            "--target-dir",
            ROOT / "target" / "mutants" / "switches",
        ]
        result = subprocess.run(command, input=json.dumps(jobs), stdout=subprocess.PIPE, text=True, check=True)
        for path, places in json.loads(result.stdout).items():
            file = str(Path(path).relative_to(self.folder))
            self.placed[file] |= places
        return True

    def without_place(self, reason):
        """Returns the numbers of the mutants that got no switch: `constant`, `unviable` or `lost`."""
        return {number for places in self.placed.values() for number in places[reason]}


def copy_workspace(folder):
    """Links everything but the domain's sources, which get switches. The dependencies are those that a plain build has compiled."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "shared").mkdir(parents=True)
    for entry in ROOT.iterdir():
        if entry.name not in LEFT_OUT:
            (folder / entry.name).symlink_to(entry)
    for entry in (ROOT / "shared").iterdir():
        if entry.name != DOMAIN.name:
            (folder / "shared" / entry.name).symlink_to(entry)
    # Cargo may write to it, as the domain no longer tests itself with its own features.
    shutil.copy(ROOT / "Cargo.lock", folder)
    shutil.copytree(ROOT / DOMAIN, folder / DOMAIN)
    manifest = folder / DOMAIN / "Cargo.toml"
    manifest.write_text(changed_manifest(manifest.read_text()))
    shutil.copy(HERE / "switch.rs", folder / DOMAIN / "src" / "mutant_switch.rs")
    with open(folder / DOMAIN / "src" / "lib.rs", "a") as library:
        library.write("\nmod mutant_switch;\n")


def changed_manifest(text):
    """Returns the domain's manifest without what would compile the crate a second time, and with lints that a mutant passes."""
    text = re.sub(r"^waypost-domain = .*\n", "", text, flags=re.MULTILINE)
    return text.replace("[lints]\nworkspace = true\n", LINTS)


def environment():
    """Returns the environment of the programs here: no information for a debugger, and no cases of properties kept from run to run."""
    return dict(os.environ) | {
        "CARGO_PROFILE_DEV_DEBUG": "line-tables-only",
        "CARGO_PROFILE_TEST_DEBUG": "false",
        # A mutant is compiled to be wrong; what it fails with is nothing to keep or to make short.
        "PROPTEST_CASES": "64",
        "PROPTEST_MAX_SHRINK_ITERS": "0",
        "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1",
    }
