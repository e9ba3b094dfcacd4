"""Gives a deployed HTTP API an origin of its own on the loopback address, as a custom domain does on AWS.

The local AWS has the API below a path, or at a host name that not every resolver knows; a browser needs an origin. This only puts
the path in front of each request: routes, CORS and functions are those of the stack.
"""

import contextlib
import http.client
import threading
from http.server import ThreadingHTTPServer
from urllib.parse import urlsplit

from .handler import HOP_BY_HOP, AnyMethod
from .ports import LOOPBACK

# The length is that of the body as it is here.
NOT_PASSED_ON = HOP_BY_HOP | {"content-length"}
# A function may take 30 s.
ANSWER_S = 60


class Gateway(ThreadingHTTPServer):
    """Listens on `port` and passes requests on to the API at `url`. Use it in a `with` block."""

    daemon_threads = True

    def __init__(self, port, url):
        parts = urlsplit(url)
        self.upstream, self.path = (parts.hostname, parts.port), parts.path
        super().__init__((LOOPBACK, port), Handler)
        self.origin = f"http://{LOOPBACK}:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *exception):
        self.shutdown()
        super().__exit__(*exception)

    def handle_error(self, request, client_address):
        """Says nothing: the client went away."""


class Handler(AnyMethod):
    """Passes on requests of any method."""

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        target = self.server.path + self.target()
        upstream = http.client.HTTPConnection(*self.server.upstream, timeout=ANSWER_S)
        try:
            upstream.putrequest(self.command, target, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in NOT_PASSED_ON:
                    upstream.putheader(name, value)
            upstream.putheader("Content-Length", str(len(body)))
            upstream.endheaders(body)
            answer = upstream.getresponse()
            self._answer(answer.status, answer.getheaders(), answer.read())
        except (OSError, http.client.HTTPException) as error:
            with contextlib.suppress(OSError):
                self._answer(502, [("Content-Type", "text/plain")], str(error).encode())
        finally:
            upstream.close()

    def _answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in NOT_PASSED_ON:
                self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
