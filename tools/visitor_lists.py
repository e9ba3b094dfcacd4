"""`make update-lists`: rewrites the lists of other projects in shared/domain/data from the releases pinned below.
`make measure-visitors`: compares the classification of visitors with the labels of other projects.

To take a newer release, change its version and hash, run both commands, read the difference, and commit it. A changed hash of
the same version is an error: a release does not change.
"""

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "shared/domain/data"
FIXTURES = ROOT / ".tools/visitor-fixtures"
TEST_DATA = ROOT / "tests/data/visitors"

# Each release by name: how to fetch it, and its SHA-256.
RELEASES = {
    # Apache-2.0: patterns of browsers.
    "uap-core": (["npm", "pack", "--silent", "uap-core@0.18.0"], "28abde9e093be91293ac8ce7b8304557b73ef1ba48a7cf8429192c0fc720a677"),
    # MIT: patterns of crawlers with their kinds, and examples.
    "crawler-user-agents": (
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "crawler-user-agents==1.67.0"],
        "438880782e9689d953f850846bb7a425dd444de02be2b7c3e1bf2dd636b65d8c",
    ),
    # MIT: examples of crawlers and of devices.
    "crawlerdetect": (
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "crawlerdetect==0.4.2"],
        "2ecbc825ec9bbfe94d1878078fbc3d336ed4b247a00dd56691479554ca3cb2ef",
    ),
    # Matomo's device-detector is LGPL-3.0. Its labels are only measured against: no part of it is kept in this repository.
    "device-detector": (
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "device-detector==6.5.1"],
        "610ed34b173b96ee91aa38165084695bbf76f6a5bd76bbb4fd777f7af1ff4170",
    ),
}
# Every how many of the 165,000 devices of crawlerdetect are in the test.
EVERY_DEVICE = 50


def fetch(name):
    """Downloads a release, checks its hash, and returns the contents of its files by path."""
    command, expected = RELEASES[name]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        [path] = Path(folder).iterdir()
        content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise SystemExit(f"{name}: the hash is {found}, not {expected}")
    if path.suffix == ".whl":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def one(files, end):
    """Returns the text of the only file whose path ends with `end`."""
    [content] = [content for path, content in files.items() if path.endswith(end)]
    return content.decode("utf-8", errors="replace")


def is_line(text):
    """Tells whether a user agent fits into a line of a list."""
    return text.strip() == text != "" and not set(text) & set("\n\r\t")


def update():
    """Rewrites the lists, and the examples that the tests read."""
    families = yaml.safe_load(one(fetch("uap-core"), "package/regexes.yaml"))
    # Systems and devices are in our own lists. Patterns for devices cost as much as all others, and find makes and models.
    kept = {"user_agent_parsers": families["user_agent_parsers"]}
    (DATA / "uap-core.json").write_text(json.dumps(kept, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")

    crawlers = json.loads(one(fetch("crawler-user-agents"), "crawler-user-agents.json"))
    # The first tag is the main purpose of a bot.
    patterns = [f"{entry['tags'][0]}\t{entry['pattern']}\n" for entry in crawlers]
    if any(pattern.count("\n") != 1 or pattern.count("\t") != 1 for pattern in patterns):
        raise SystemExit("crawler-user-agents: a pattern does not fit into a line")
    (DATA / "crawler-user-agents.txt").write_text("".join(patterns), encoding="utf-8")

    detect = fetch("crawlerdetect")
    crawlers = [example for entry in crawlers for example in entry.get("instances", [])]
    devices = one(detect, "user_agent/devices.txt").splitlines()[::EVERY_DEVICE]
    for name, examples in [
        ("crawler-user-agents.txt", crawlers),
        ("crawlerdetect-crawlers.txt", one(detect, "user_agent/crawlers.txt").splitlines()),
        ("crawlerdetect-devices.txt", devices),
    ]:
        lines = sorted({example for example in examples if is_line(example)})
        (TEST_DATA / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def measure():
    """Writes Matomo's labels to files that the ignored test of the domain reads, and runs it."""
    FIXTURES.mkdir(parents=True, exist_ok=True)
    bots, people = [], []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path, content in sorted(fetch("device-detector").items()):
        if "/tests/fixtures/upstream/" not in path or not path.endswith(".yml"):
            continue
        for entry in yaml.load(content, loader):
            user_agent = entry["user_agent"]
            if "bot" in entry:
                bots.append(user_agent)
                continue
            client, device, system = (entry.get(key) or {} for key in ("client", "device", "os"))
            labels = (client.get("type"), device.get("type"), entry.get("os_family"), entry.get("browser_family"), client.get("name"))
            name = system.get("name") if isinstance(system, dict) else None
            people.append((user_agent, *labels, name, bool(entry.get("headers"))))
    (FIXTURES / "bots.txt").write_text("\n".join(sorted({bot for bot in bots if is_line(bot)})) + "\n", encoding="utf-8")
    rows = {"\t".join("" if field is None else str(field) for field in row) for row in people if is_line(row[0])}
    (FIXTURES / "people.tsv").write_text("\n".join(sorted(rows)) + "\n", encoding="utf-8")
    test = ["cargo", "test", "-p", "waypost-domain", "--test", "visitors", "--", "--ignored", "--nocapture"]
    subprocess.run(test, cwd=ROOT, check=True, env={**os.environ, "VISITOR_FIXTURES": str(FIXTURES)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["update", "measure"])
    {"update": update, "measure": measure}[parser.parse_args().command]()
