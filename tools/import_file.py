"""`make import`: imports a file of links, shows the progress and the result.

Uses the public API only. The exit code is 0 if every row became a link, perhaps with warnings, and 1 if a row or the whole import failed.
Without --url and --key it uses the stack of `make dev`. Ctrl-C cancels the import.
"""

import argparse
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from local_stack import paths
from local_stack.failure import Failure, run_main
from local_stack.ports import port_from_environment

FINAL = ("succeeded", "succeeded_with_errors", "failed", "cancelled")
CHUNK = 256 * 1024
FIRST_ERRORS = 10


def main():
    arguments = parse()
    api = Api(*where(arguments))
    file = Path(arguments.file)
    try:
        size = file.stat().st_size
    except OSError as error:
        raise Failure(f"cannot read {file}: {error.strerror}") from error
    if size == 0:
        raise Failure(f"{file} is empty")
    asked = {"content_length": size, "filename": file.name[-255:]}
    if arguments.domain:
        asked["domain"] = arguments.domain
    if arguments.tags:
        asked["tags"] = [tag.strip() for tag in arguments.tags.split(",")]
    if arguments.on_conflict:
        asked["on_conflict"] = arguments.on_conflict
    if arguments.dry_run:
        asked["dry_run"] = True
    if arguments.strict:
        asked["strict"] = True
    if arguments.columns:
        asked["columns"] = parse_columns(arguments.columns)
    started = api.call("POST", "/v1/imports", asked)
    try:
        upload(file, size, started["upload"])
        done = watch(api, started["id"])
    except KeyboardInterrupt:
        print(f"\ncancelling {started['id']}", flush=True)
        print_summary(api.call("POST", f"/v1/imports/{started['id']}/cancel"))
        return 1
    print_summary(done)
    print_errors(api, done)
    return 0 if done["status"] == "succeeded" else 1


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--url", help="URL of the API, without /v1")
    parser.add_argument("--key", help="API key with the role editor; the variable WAYPOST_KEY keeps it out of the list of processes")
    parser.add_argument("--domain", help="domain of the rows that name none")
    parser.add_argument("--tags", help="tags for every link, separated by commas")
    parser.add_argument("--on-conflict", choices=["skip", "overwrite", "fail"])
    parser.add_argument("--dry-run", action="store_true", help="show what the import would do, write nothing")
    parser.add_argument("--strict", action="store_true", help="refuse rows whose links would lack something")
    parser.add_argument("--columns", help="what columns of the file hold, such as 'Short name=slug,Note=ignore'")
    return parser.parse_args()


def parse_columns(text):
    """Returns the option columns of a text such as `Short name=slug,Note=ignore`."""
    pairs = [pair.rpartition("=") for pair in text.split(",") if pair.strip()]
    if not all(name.strip() and column.strip() for name, _, column in pairs):
        raise Failure("columns must be like 'Short name=slug,Note=ignore'")
    return {name.strip(): column.strip() for name, _, column in pairs}


def where(arguments):
    """Returns the URL and the key: the given ones, or those of `make dev`."""
    key = arguments.key or os.environ.get("WAYPOST_KEY")
    if arguments.url:
        if not key:
            raise Failure("a URL needs a key: KEY=wp_…")
        return arguments.url.rstrip("/"), key
    file = paths.DEV / "admin-key"
    if not key:
        if not file.is_file():
            raise Failure(".dev/admin-key does not exist: start `make dev` first, or give URL=… KEY=…")
        key = file.read_text().strip()
    return f"http://localhost:{port_from_environment('WAYPOST_HTTP_PORT', 9000)}", key


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would send the API key to S3, which refuses a request with two kinds of credentials."""

    def redirect_request(self, *_):
        return None


class Api:
    """The API of a stack."""

    def __init__(self, url, key):
        self.url, self.key = url, key
        self.opener = urllib.request.build_opener(NoRedirect)

    def call(self, method, path, body=None):
        """Returns the JSON of the answer; the Failure says why the API refused."""
        answer = self.request(method, path, body)
        return json.loads(answer.read())

    def location(self, path):
        """Returns the URL to which the answer redirects."""
        return self.request("GET", path, None, redirect=True).headers["location"]

    def request(self, method, path, body, redirect=False):
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        for attempt in range(6):
            request = urllib.request.Request(self.url + path, data, headers, method=method)
            try:
                return self.opener.open(request, timeout=30)
            except urllib.error.HTTPError as error:
                if redirect and error.code == 303:
                    return error
                # Retry reads only: a second POST would start a second import, without a file.
                if error.code in (429, 502, 503, 504) and method == "GET" and attempt < 5:
                    time.sleep(2**attempt / 4)
                    continue
                raise Failure(f"{method} {path}: {explain(error)}") from error
            except OSError as error:
                hint = " (is `make dev` running?)" if "localhost" in self.url else ""
                raise Failure(f"{self.url} does not answer: {error}{hint}") from error


def explain(error):
    """Returns the error that an answer states."""
    try:
        problem = json.loads(error.read())
    except ValueError:
        return f"{error.code} {error.reason}"
    fields = "; ".join(f"{field['pointer']} {field['detail']}" for field in problem.get("errors") or [])
    return f"{error.code} {fields or problem.get('detail') or problem.get('title') or error.reason}"


def upload(file, size, request):
    """Uploads the file in chunks, with the request that the import gave."""
    bar = Bar("upload")
    try:
        with open(file, "rb") as source:
            status, text = send_signed(source, (0, size), request, lambda sent: bar.show_bytes(sent, size))
    except OSError as error:
        raise Failure(f"the upload broke off: {error}") from error
    finally:
        bar.end()
    if status != 200:
        raise Failure(f"the upload was refused: {status} {text[:300]}")


def send_signed(source, part, request, show):
    """Sends a part of the source, its offset and size, with a signed request; returns the status and the text of the answer.

    Calls `show` with the place in the source up to which it is sent. Raises OSError if the connection breaks.
    """
    offset, size = part
    url = urllib.parse.urlsplit(request["url"])
    connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = connect(url.hostname, url.port, timeout=60)
    try:
        connection.putrequest(request["method"], f"{url.path}?{url.query}", skip_accept_encoding=True)
        for name, value in request["headers"].items():
            # They include the length. The connection sends the host itself.
            if name.lower() != "host":
                connection.putheader(name, value)
        connection.endheaders()
        source.seek(offset)
        sent = 0
        while sent < size:
            chunk = source.read(min(CHUNK, size - sent))
            if not chunk:
                raise Failure("the file became shorter while it was sent")
            connection.send(chunk)
            sent += len(chunk)
            show(offset + sent)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def watch(api, import_id):
    """Shows the progress until the import is final and its report exists; returns the import."""
    bar = Bar("load")
    try:
        while True:
            found = api.call("GET", f"/v1/imports/{import_id}")
            done, total = found["bytes"]["done"], found["bytes"]["total"]
            rate, left = found["rows_per_second"], found["seconds_left"]
            text = f"{found['counts']['read']} rows"
            if rate:
                text += f", {rate:.0f} a second"
            if left is not None and found["status"] == "running":
                text += f", {duration(left)} left"
            bar.show(1 if found["status"] in FINAL else done / max(total, 1), text)
            if found["status"] in FINAL:
                return found
            time.sleep(0.5)
    finally:
        bar.end()


def print_summary(found):
    """Prints the result of the import in a few lines."""
    counts = found["counts"]
    print(f"{found['id']} {found['status'].replace('_', ' ')}" + (" (dry run)" if found["dry_run"] else ""))
    if found["error"]:
        print(f"  {found['error']}")
    print("  " + ", ".join(f"{counts[name]} {name}" for name in counts if name == "read" or counts[name]))
    for name, values in found["notes"].items():
        if values:
            print(f"  {name.replace('_', ' ')}: {', '.join(sorted(values))}")


def print_errors(api, found):
    """Prints the first lines of the report: rows that failed, and what links lack."""
    if not found["report"]:
        return
    url = api.location(f"{found['report']}?format=jsonl")
    with urllib.request.urlopen(url, timeout=60) as report:
        for _ in range(FIRST_ERRORS):
            text = report.readline()
            if not text:
                return
            line = json.loads(text)
            column = f"{line['column']} " if line["column"] else ""
            of_file = f" of {line['file']}" if line["file"] else ""
            print(f"  row {line['row']} (line {line['line']}{of_file}): {column}{line['value'][:60]!r} {line['cause']}")
        if report.readline():
            print(f"  … all of them: {found['report']}?format=csv")


class Bar:
    """A progress bar on a terminal; elsewhere a line every few seconds."""

    WIDTH = 30

    def __init__(self, name):
        self.name, self.terminal = name, sys.stderr.isatty()
        self.last, self.shown_at = "", 0.0

    def show(self, part, text):
        filled = int(min(max(part, 0), 1) * self.WIDTH)
        line = f"{self.name:6} [{'#' * filled}{'.' * (self.WIDTH - filled)}] {part:4.0%}  {text}"
        if self.terminal:
            if line != self.last:
                print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self.shown_at > 5:
            self.shown_at = time.monotonic()
            print(line, file=sys.stderr, flush=True)
        self.last = line

    def show_bytes(self, sent, size):
        self.show(sent / size, f"{megabytes(sent)} of {megabytes(size)} MB")

    def end(self):
        if self.terminal:
            print(file=sys.stderr)
        elif self.last:
            print(self.last, file=sys.stderr, flush=True)


def megabytes(count):
    return f"{count / 1e6:.1f}"


def duration(seconds):
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


if __name__ == "__main__":
    run_main(main)
