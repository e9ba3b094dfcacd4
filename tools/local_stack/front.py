"""Stands before `cargo lambda watch` and bounds what reaches a function at once.

`cargo lambda watch` keeps up to 100 requests waiting for each function. One more stops it for good: it then holds the lock that a
function needs to take the next request. A request that a function had when it was restarted is never answered.

So this sends at most LIMIT requests to a function at a time and lets others wait here. It answers 503 with Retry-After to those
for which there is no room, and to those that get no answer in time. What was sent counts until it is answered, or until a
request that was sent later is: the queue is in order, so the earlier one has left it.

What is under /console goes to Vite, or comes from a build of the console; only its config.json comes from a function.
"""

import contextlib
import http.client
import select
import socket
import threading
import tomllib
from http.server import ThreadingHTTPServer

from . import console, paths
from .handler import HOP_BY_HOP, AnyMethod
from .ports import LOOPBACK

# Requests that a function may have or have waiting in `cargo lambda watch`.
LIMIT = 64
# How long a request may wait here, in seconds, and how long for its answer: a function may have to be compiled first.
WAIT_S = 30
ANSWER_S = 120
# Connections at a time; each is a thread.
CONNECTIONS = 1000
# A little more than API Gateway takes.
BODY_BYTES = 11 << 20
EVENTS = "/2015-03-31/functions/"


class Sent:
    """A request that may be in the queue of a function."""

    def __init__(self):
        self.abandoned = False
        self.connection = None


class Gate:
    """Counts what a function has. Everything that waits for room waits in turn."""

    def __init__(self, limit=LIMIT):
        self._limit = limit
        self._sent = []
        self._changed = threading.Condition()

    def enter(self, wait_s):
        """Waits for room; returns None if there is none in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._sent) < self._limit, wait_s):
                return None
            sent = Sent()
            self._sent.append(sent)
            return sent

    def answered(self, sent):
        """Makes room: for this request, and for earlier ones that nobody waits for any more."""
        with self._changed:
            if sent not in self._sent:
                return
            place = self._sent.index(sent)
            lost = [earlier for earlier in self._sent[:place] if earlier.abandoned]
            self._sent = [other for other in self._sent if other is not sent and other not in lost]
            for earlier in lost:
                # Ends the thread that still reads.
                with contextlib.suppress(OSError):
                    earlier.connection.shutdown(socket.SHUT_RDWR)
            self._changed.notify_all()


class Router:
    """Finds the function of a request, as `cargo lambda watch` does by its table in Cargo.toml."""

    def __init__(self, routes):
        self._routes = [(route.strip("/").split("/"), function) for route, function in routes.items()]

    @classmethod
    def of_workspace(cls):
        manifest = tomllib.loads((paths.ROOT / "Cargo.toml").read_text())
        return cls(manifest["workspace"]["metadata"]["lambda"]["watch"]["router"])

    def function(self, target, method="GET"):
        path = target.split("?")[0]
        if path.startswith(EVENTS):
            return path.removeprefix(EVENTS).split("/")[0]
        parts = path.strip("/").split("/")
        matching = [(literals, function) for route, function in self._routes if (literals := _literals(route, parts)) is not None]
        if not matching:
            return ""
        function = max(matching, key=lambda match: match[0])[1]
        if isinstance(function, str):
            return function
        return next((own["function"] for own in function if own["method"] == method), "")


def _literals(route, parts):
    """Returns how many parts of the route are literal, or None if the path is another."""
    literals = 0
    for place, wanted in enumerate(route):
        if wanted.startswith("{*"):
            return literals
        if place >= len(parts):
            return None
        if not wanted.startswith("{"):
            if wanted != parts[place]:
                return None
            literals += 1
    return literals if len(route) == len(parts) else None


class Front(ThreadingHTTPServer):
    """Listens on `port` and sends requests on to `upstream_port`. Use it in a `with` block."""

    daemon_threads = True
    allow_reuse_address = True
    # Waits in the kernel while a thread starts.
    request_queue_size = CONNECTIONS

    def __init__(
        self, port, upstream_port, router, limit=LIMIT, wait_s=WAIT_S, answer_s=ANSWER_S, connections=CONNECTIONS, console_port=None
    ):
        self.upstream_port, self.router, self.console_port = upstream_port, router, console_port
        self.wait_s, self.answer_s = wait_s, answer_s
        self._limit, self._gates, self._lock = limit, {}, threading.Lock()
        self._free = threading.BoundedSemaphore(connections)
        super().__init__((LOOPBACK, port), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __exit__(self, *exception):
        self.shutdown()
        super().__exit__(*exception)

    def gate(self, function):
        with self._lock:
            return self._gates.setdefault(function, Gate(self._limit))

    def process_request(self, request, client_address):
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        with contextlib.suppress(OSError):
            request.sendall(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.shutdown_request(request)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request, client_address):
        """Says nothing: the client went away."""


class Handler(AnyMethod):
    """Forwards requests of any method."""

    def handle_request(self):
        body = self._body()
        if body is None:
            return
        target = self.target()
        if console.is_at(target):
            self._give_console(target, body)
            return
        gate = self.server.gate(self.server.router.function(target, self.command))
        sent = gate.enter(self.server.wait_s)
        if sent is None:
            self._refuse(503, "too many requests wait for this function")
            return
        try:
            with socket.create_connection((LOOPBACK, self.server.upstream_port)) as upstream:
                sent.connection = upstream
                upstream.sendall(self._request(target, body))
                self._answer(upstream, sent, waits=target.startswith(EVENTS))
        except (OSError, http.client.HTTPException) as error:
            if not sent.abandoned:
                self._refuse(503, f"the functions cannot be reached: {error}")
        finally:
            gate.answered(sent)

    def _give_console(self, target, body):
        if self.server.console_port is None:
            self._give_built(target)
        elif target.split("?")[0] == console.PATH:
            # Vite answers below its base only.
            self._send(302, b"", [("Location", f"{console.PATH}/")])
        else:
            self._ask_vite(target, body)

    def _give_built(self, target):
        found = console.built_file(target)
        if found is None:
            self._refuse(404, "the console is not built: `npm run build` in console/ does it")
            return
        content, media_type = found
        self._send(200, content, [("Content-Type", media_type), ("Cache-Control", "no-cache")])

    def _ask_vite(self, target, body):
        try:
            with socket.create_connection((LOOPBACK, self.server.console_port)) as upstream:
                if self.headers.get("Upgrade"):
                    self.close_connection = True
                    lines = [f"{self.command} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
                    upstream.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
                    console.relay(self.connection, upstream)
                    return
                upstream.sendall(self._request(target, body))
                self._answer(upstream, Sent(), waits=True)
        except (OSError, http.client.HTTPException) as error:
            self._refuse(503, f"the console cannot be reached, see .dev/console.log: {error}")

    def _send(self, status, content, headers):
        self.send_response_only(status)
        for name, value in [*headers, ("Content-Length", str(len(content)))]:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self):
        """Reads the body; None if it was refused."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal():
            return self._refuse(400, "Content-Length is not a number")
        if int(length) > BODY_BYTES:
            return self._refuse(413, "the body is too large")
        return self.rfile.read(int(length))

    def _chunks(self):
        body = b""
        while True:
            size = self.rfile.readline(100).split(b";")[0].strip()
            try:
                length = int(size, 16)
            except ValueError:
                return self._refuse(400, "a chunk has no length")
            if length < 0 or len(body) + length > BODY_BYTES:
                return self._refuse(413, "the body is too large")
            body += self.rfile.read(length)
            if length == 0:
                while self.rfile.readline(65536).strip():
                    pass
                return body
            self.rfile.readline(100)

    def _request(self, target, body):
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP | {"content-length"}]
        headers += [("Connection", "close")]
        if body or self.headers.get("Content-Length"):
            headers += [("Content-Length", str(len(body)))]
        lines = [f"{self.command} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def _answer(self, upstream, sent, waits):
        """Passes the answer on. An event `waits` for its end, like an import; its sender has a limit of its own."""
        if not select.select([upstream], [], [], None if waits else self.server.answer_s)[0]:
            self._refuse(503, "the function does not answer: does it compile?")
            sent.abandoned = True
            # The function may still get the request. Take its answer, or it takes the missing reader for an error of its own.
            select.select([upstream], [], [])
        answer = http.client.HTTPResponse(upstream, method=self.command)
        answer.begin()
        content = answer.read()
        if sent.abandoned:
            return
        self.send_response_only(answer.status, answer.reason)
        length = answer.headers.get("Content-Length") if self.command == "HEAD" else str(len(content))
        for name, value in answer.headers.items():
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        if length is not None and answer.status not in (204, 304):
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)

    def _refuse(self, status, reason):
        """Answers for the function, and closes the connection: the rest of the request may be unread."""
        content = f"{reason}\n".encode()
        self.close_connection = True
        self.send_response_only(status)
        if status == 503:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()
