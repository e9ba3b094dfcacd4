"""`make block`: blocks the targets of a file for all links of a stack.

The file is a hosts file (`0.0.0.0 evil.example`), or has a host or URL a line; what follows `#` or `;` is a comment. Lines that
name no target are counted and the first of them shown. Without --url and --key it uses the stack of `make dev`.
"""

import argparse
import ipaddress
import sys
from pathlib import Path

from import_file import Api, where
from local_stack.failure import Failure, run_main

AT_A_TIME = 100
SHOWN = 10
# What hosts files map names to, and names that are in each of them.
NOWHERE = {
    "localhost",
    "localhost.localdomain",
    "local",
    "broadcasthost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
    "ip6-allnodes",
    "ip6-allrouters",
    "ip6-allhosts",
    "0.0.0.0",
    "127.0.0.1",
    "::1",
}


def main():
    arguments = parse()
    try:
        text = Path(arguments.file).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Failure(f"cannot read {arguments.file}: {error.strerror}") from error
    found, skipped = targets(text)
    for line in skipped[:SHOWN]:
        print(f"skipped: {line[:100]}", file=sys.stderr)
    if not found:
        raise Failure(f"{arguments.file} names no target")
    api = Api(*where(arguments))
    for start in range(0, len(found), AT_A_TIME):
        items = [{"target": target, "reason": arguments.reason} for target in found[start : start + AT_A_TIME]]
        api.call("POST", "/v1/blocked-targets", {"items": items})
    print(f"blocked {len(found)} targets, skipped {len(skipped)} lines")
    return 0


def targets(text):
    """Returns the targets that the lines of a text name, each once, and the lines that name none."""
    found, skipped = {}, []
    for line in text.lstrip("\ufeff").splitlines():
        words = line.split("#")[0].split(";")[0].split() if "://" not in line else line.split()[:1]
        if not words or words[0].startswith(("#", ";", "!")):
            continue
        names = words[1:] if len(words) > 1 and is_address(words[0]) else words
        for name in names:
            target = name.strip().rstrip(",")
            if target.lower() in NOWHERE:
                continue
            if "." in target and len(target) <= 500:
                found.setdefault(target)
            else:
                skipped.append(line)
    return list(found), skipped


def is_address(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--reason", default="malware", choices=["phishing", "malware", "spam", "fraud", "illegal", "other"])
    parser.add_argument("--url", help="URL of the API, without /v1")
    parser.add_argument("--key", help="API key of an operator; the variable WAYPOST_KEY keeps it out of the list of processes")
    return parser.parse_args()


if __name__ == "__main__":
    run_main(main)
