"""`make share`: uploads a file and shares it by a link.

Uses the public API only, and sends the file straight to the bucket. If it is stopped, the same command goes on where it was: it keeps
the ids of unfinished uploads in ~/.local/state/waypost (or XDG_STATE_HOME). Without --url and --key it uses the stack of `make dev`.
"""

import argparse
import datetime
import hashlib
import json
import mimetypes
import os
import re
import time
import urllib.parse
from pathlib import Path

from import_file import Api, Bar, send_signed, where
from local_stack.failure import Failure, run_main

# Smaller files are sent again as a whole.
WHOLE = 8 * 1024 * 1024
TRIES = 6
# How long to wait for the inspection of a file, in seconds. A scan for malware takes its time.
INSPECTION = 15 * 60
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def main():
    arguments = parse()
    settings = link_settings(arguments)
    api = Api(*where(arguments))
    file = Path(arguments.file).absolute()
    try:
        found = file.stat()
    except OSError as error:
        raise Failure(f"cannot read {file}: {error.strerror}") from error
    if not file.is_file():
        raise Failure(f"{file} is not a file")
    if found.st_size == 0:
        raise Failure(f"{file} is empty")
    # Another content of the same name is another upload.
    unfinished = Unfinished(f"{api.url} {file} {found.st_size} {found.st_mtime_ns}")
    shared = unfinished.read(api) or announce(api, file, found.st_size)
    unfinished.write(shared["id"])
    if shared["status"] == "uploading":
        send(api, file, shared)
        shared = api.call("POST", f"/v1/files/{shared['id']}/completion")
    shared = inspected(api, shared)
    if shared["status"] == "blocked":
        unfinished.forget()
        raise Failure(f"the stack blocks the file {shared['id']}: {shared['blocked_reason']}")
    link = api.call("POST", "/v1/links", {"url": shared["target"], **settings})
    unfinished.forget()
    print(link["short_url"])
    return 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--url", help="URL of the API, without /v1")
    parser.add_argument("--key", help="API key with the role editor; the variable WAYPOST_KEY keeps it out of the list of processes")
    parser.add_argument("--slug", help="path of the link; generated if absent")
    parser.add_argument("--expires", help="how long the link works, such as 90m, 12h, 7d or 2w")
    parser.add_argument("--max", type=int, help="how often the file can be downloaded")
    parser.add_argument("--password", help="what visitors must enter; the variable WAYPOST_PASSWORD keeps it out of the list of processes")
    return parser.parse_args()


def link_settings(arguments):
    """Returns the fields of the link that the arguments ask for."""
    settings = {}
    if arguments.slug:
        settings["slug"] = arguments.slug
    if arguments.expires:
        end = datetime.datetime.now(datetime.UTC) + duration_of(arguments.expires)
        settings["expires_at"] = end.isoformat(timespec="seconds")
    if arguments.max is not None:
        if arguments.max < 1:
            raise Failure("MAX must be at least 1")
        settings["max_clicks"] = arguments.max
    password = arguments.password or os.environ.get("WAYPOST_PASSWORD")
    if password:
        settings["password"] = password
    return settings


def duration_of(text):
    """Reads a length of time such as 7d."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})([mhdw])", text.strip().lower())
    if not match:
        raise Failure("EXPIRES must be a number and m, h, d or w, such as 7d")
    return datetime.timedelta(seconds=int(match[1]) * UNITS[match[2]])


class Unfinished:
    """Remembers the id of an upload until its link exists."""

    def __init__(self, what):
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        self.file = Path(state) / "waypost" / f"{hashlib.sha256(what.encode()).hexdigest()}.json"

    def read(self, api):
        """Returns the file as the stack knows it, or None if there is none to go on with."""
        try:
            file_id = json.loads(self.file.read_text())["id"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        try:
            found = api.call("GET", f"/v1/files/{file_id}")
        except Failure as failure:
            # Deleted, or of another stack.
            if ": 404 " not in str(failure):
                raise
            return None
        # An upload as a whole is signed once, for some minutes: begin anew, and leave nothing that counts.
        if found["status"] == "uploading" and not found["parts"]:
            api.request("DELETE", f"/v1/files/{file_id}", None)
            return None
        return found

    def write(self, file_id):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps({"id": file_id}))

    def forget(self):
        self.file.unlink(missing_ok=True)


def announce(api, file, size):
    """Announces the file; returns it with its upload, if it is sent as a whole."""
    asked = {"name": file.name, "size": size}
    kind, encoding = mimetypes.guess_type(file.name)
    if kind and not encoding:
        asked["content_type"] = kind
    if size <= WHOLE:
        with open(file, "rb") as source:
            asked["sha256"] = hashlib.file_digest(source, "sha256").hexdigest()
    else:
        asked["in_parts"] = True
    return api.call("POST", "/v1/files", asked)


def send(api, file, shared):
    """Sends what the bucket lacks of the file."""
    size, bar = shared["size"], Bar("upload")

    def show(sent):
        bar.show_bytes(sent, size)

    try:
        with open(file, "rb") as source:
            if not shared["parts"]:
                put(source, 0, size, shared["upload"], show)
                return
            path = f"/v1/files/{shared['id']}/parts?limit=20"
            while path:
                page = api.call("GET", path)
                for part in page["items"]:
                    if part["upload"]:
                        put(source, part["offset"], part["size"], part["upload"], show)
                    show(part["offset"] + part["size"])
                cursor = page["next_cursor"]
                path = cursor and f"/v1/files/{shared['id']}/parts?limit=20&cursor={urllib.parse.quote(cursor)}"
    finally:
        bar.end()


def inspected(api, shared):
    """Waits until the file was inspected, and returns it."""
    end, pause = time.monotonic() + INSPECTION, 0.1
    while shared["status"] == "inspecting":
        if time.monotonic() > end:
            raise Failure("the file is still being inspected; the same command goes on where it was")
        time.sleep(pause)
        pause = min(pause * 2, 5)
        shared = api.call("GET", f"/v1/files/{shared['id']}")
    return shared


def put(source, offset, size, request, show):
    """Sends `size` bytes of the source with a signed request, and again if the connection breaks."""
    for attempt in range(TRIES):
        try:
            status, text = send_signed(source, (offset, size), request, show)
        except OSError as error:
            status, text = 0, str(error)
        # 412: an earlier attempt arrived, although its answer was lost.
        if status in (200, 412):
            return
        if attempt + 1 == TRIES or (400 <= status < 500 and status != 408):
            raise Failure(f"the upload was refused: {status or ''} {text[:300]}; the same command goes on where it was")
        time.sleep(2**attempt / 4)


if __name__ == "__main__":
    run_main(main)
