"""Tests the origin that the browser tests give a deployed API. `make test` runs these."""

import http.client
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local_stack.gateway import Gateway
from local_stack.ports import LOOPBACK


class Api(BaseHTTPRequestHandler):
    """Tells what it was asked."""

    protocol_version = "HTTP/1.1"

    def _tell(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        told = f"{self.requestline.split(' ')[1]} {self.headers['Host']} {self.headers.get('Cookie')} {body.decode()}".encode()
        status = 204 if self.path.endswith("nothing") else 201
        self.send_response_only(status)
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        if status != 204:
            self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        if status != 204:
            self.wfile.write(told)

    do_GET = do_PATCH = _tell

    def log_message(self, *_):
        pass


class Passes(unittest.TestCase):
    def setUp(self):
        self.api = ThreadingHTTPServer((LOOPBACK, 0), Api)
        self.addCleanup(self.api.server_close)
        self.addCleanup(self.api.shutdown)
        threading.Thread(target=self.api.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://{LOOPBACK}:{self.api.server_address[1]}/_aws/execute-api/x/$default"

    def test_requests_reach_the_api_below_its_path_and_nothing_else_changes(self):
        with Gateway(0, self.url) as gateway:
            host = gateway.origin.removeprefix("http://")
            client = http.client.HTTPConnection(host)
            self.addCleanup(client.close)
            for method, target, body, status, told in (
                ("GET", "/console/?a=b", b"", 201, f"/_aws/execute-api/x/$default/console/?a=b {host} c=1 "),
                ("PATCH", "/v1/links/a%252Fb", b"{}", 201, f"/_aws/execute-api/x/$default/v1/links/a%252Fb {host} c=1 {{}}"),
                ("GET", "//twice", b"", 201, f"/_aws/execute-api/x/$default//twice {host} c=1 "),
                ("GET", "/nothing", b"", 204, ""),
            ):
                # One connection for all, as a browser has it.
                client.request(method, target, body, {"Cookie": "c=1"})
                answer = client.getresponse()
                self.assertEqual((answer.status, answer.read().decode()), (status, told))
                self.assertEqual(answer.headers.get_all("Set-Cookie"), ["a=1", "b=2"])

    def test_api_that_is_away_is_an_answer(self):
        with Gateway(0, "http://127.0.0.1:9/_aws") as gateway:
            client = http.client.HTTPConnection(gateway.origin.removeprefix("http://"))
            self.addCleanup(client.close)
            client.request("GET", "/")
            self.assertEqual(client.getresponse().status, 502)


if __name__ == "__main__":
    unittest.main()
