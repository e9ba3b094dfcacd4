"""Compiles the copy, without the mutants that do not compile."""

import json
import subprocess
from pathlib import Path

from mutation.tree import ROOT, environment

PACKAGE = ["--package", "waypost-domain", "--features", "testing,openapi", "--lib"]
# The compiler names the errors of types first and those of borrowing only when there are no others; a few rounds are enough.
MOST_ROUNDS = 25


class Failure(Exception):
    """An error that the user can fix; its text says how."""


def build(tree):
    """Returns the program with the tests and a dictionary: why each mutant that it does not have is missing."""
    # Every value that such a function returns has the same type.
    missing = {mutant["number"]: "awkward" for mutant in tree.mutants if returns_opaque(mutant)}
    tree.write(missing)
    for reason in ("constant", "unviable", "lost"):
        missing |= {number: reason for number in tree.without_place(reason)}
    for _ in range(MOST_ROUNDS):
        errors, _ = cargo(tree, ["check", "--profile", "test", *PACKAGE])
        if not errors:
            errors, program = cargo(tree, ["test", "--no-run", *PACKAGE])
        if not errors:
            return program, missing
        blamed = blame(errors, tree)
        if not blamed.keys() - missing.keys():
            raise Failure("the code with switches does not compile, and no mutant is to blame:\n" + errors[0]["rendered"])
        missing |= blamed
        print(f"{len(blamed)} mutants do not compile; once more without them", flush=True)
        tree.write(missing)
    raise Failure(f"the code with switches does not compile after {MOST_ROUNDS} rounds:\n" + errors[0]["rendered"])


def cargo(tree, arguments):
    """Runs cargo in the copy; returns the compiler's errors and the path of the program with the tests."""
    command = ["cargo", *arguments, "--message-format", "json", "--target-dir", str(ROOT / "target")]
    with subprocess.Popen(command, cwd=tree.folder, env=environment(), stdout=subprocess.PIPE, text=True) as child:
        messages = [json.loads(line) for line in child.stdout if line.startswith("{")]
    errors = [
        message["message"]
        for message in messages
        if message["reason"] == "compiler-message" and message["message"]["level"] == "error" and message["message"]["spans"]
    ]
    if child.returncode != 0 and not errors:
        raise Failure(f"`cargo {arguments[0]}` failed in {tree.folder}")
    programs = [message["executable"] for message in messages if message["reason"] == "compiler-artifact" and message.get("executable")]
    return errors, programs[-1] if programs else None


def blame(errors, tree):
    """Returns the mutants that errors are about: `unviable` if its own code is wrong, `awkward` if a switch stands in the way."""
    blamed = {}
    for error in errors:
        for which in (True, False):
            found = places(error, which, tree)
            arms = {number for place in found for number in arms_at(*place)}
            sites = {number for place in found for number in innermost(*place)}
            for number in arms or sites:
                blamed.setdefault(number, "unviable" if arms or misses_an_arm(error) else "awkward")
            if arms or sites:
                break
    return blamed


def misses_an_arm(error):
    """Tells whether a `match` does not handle all values, as without an arm that a mutant deletes."""
    return (error["code"] or {}).get("code") == "E0004"


def returns_opaque(mutant):
    return mutant["genre"] == "FnValue" and "impl " in mutant["function"]["return_type"]


def places(error, primary, tree):
    """Returns the primary or the other places that an error names, as the file's switches and bytes."""
    found = []
    for message in (error, *error["children"]):
        for span in (span for span in message["spans"] if span["is_primary"] == primary):
            place = used_at(span)
            switches = tree.placed.get(str(Path(place["file_name"])))
            if switches:
                found.append((switches, place["byte_start"], place["byte_end"]))
    return found


def used_at(span):
    """Returns the place where a macro is used, for code that it wrote."""
    return used_at(span["expansion"]["span"]) if span.get("expansion") else span


def arms_at(switches, start, end):
    return [int(number) for number, arm in switches["arms"].items() if arm["start"] <= start and end <= arm["end"]]


def innermost(switches, start, end):
    around = [
        (span["end"] - span["start"], numbers) for span, numbers in switches["sites"] if span["start"] <= start and end <= span["end"]
    ]
    return min(around)[1] if around else []
