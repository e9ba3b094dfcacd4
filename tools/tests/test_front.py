"""Tests the proxy before `cargo lambda watch`, with a stand-in for the latter. `make test` runs these."""

import contextlib
import http.client
import socket
import socketserver
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from local_stack import console
from local_stack.front import Front, Gate, Router
from local_stack.ports import LOOPBACK, free_port


class Functions(ThreadingHTTPServer):
    """Answers as told, counts what it has at once, and answers nothing while `stopped`."""

    daemon_threads = True
    request_queue_size = 1000

    def __init__(self):
        self.lock, self.now, self.most, self.seen = threading.Lock(), 0, 0, []
        self.stopped = threading.Event()
        self.lose = set()
        super().__init__((LOOPBACK, 0), Answer)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *exception):
        self.shutdown()
        super().__exit__(*exception)

    def handle_error(self, request, client_address):
        """The proxy closed the connection of a lost request."""


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass

    def answer(self):
        functions, target = self.server, self.requestline.split(" ")[1]
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with functions.lock:
            functions.now += 1
            functions.most = max(functions.most, functions.now)
            functions.seen.append((self.command, target, self.headers.items(), body))
        while functions.stopped.is_set():
            time.sleep(0.01)
        if target in functions.lose:
            # A function that was restarted: the connection stays, the answer never comes.
            self.rfile.read(1)
            return
        time.sleep(0.005)
        content = b"" if self.command == "HEAD" else b"answer to " + target.encode()
        with functions.lock:
            functions.now -= 1
        self.send_response_only(200)
        for name, value in (
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
            ("X-Thing", "caf\xe9"),
            ("Content-Length", "33" if self.command == "HEAD" else str(len(content))),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


ROUTES = {"/v1/links": "links", "/v1/links/{slug}": "links", "/": "redirect", "/{*path}": "redirect", "/v1/links/{slug}/stats": "stats"}


@contextlib.contextmanager
def stack(**limits):
    port = free_port()
    with Functions() as functions, Front(port, functions.server_address[1], Router(ROUTES), **limits) as front:
        yield functions, front, port


def ask(port, target="/x", method="GET", body=None, headers=None):
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


class FrontTest(unittest.TestCase):
    def test_many_at_once_are_all_answered_and_few_reach_the_functions(self):
        with stack(limit=16) as (functions, _, port), ThreadPoolExecutor(400) as clients:
            answers = list(clients.map(lambda n: ask(port, f"/slug{n}"), range(400)))
            self.assertEqual([status for status, _, _ in answers], [200] * 400)
            self.assertEqual([body for _, _, body in answers], [f"answer to /slug{n}".encode() for n in range(400)])
            self.assertLessEqual(functions.most, 16)

    def test_what_has_no_room_is_refused_with_retry_after(self):
        with stack(limit=4, wait_s=0.2) as (functions, _, port), ThreadPoolExecutor(30) as clients:
            functions.stopped.set()
            waiting = [clients.submit(ask, port) for _ in range(30)]
            time.sleep(1)
            functions.stopped.clear()
            answers = [each.result() for each in waiting]
            refused = [headers["Retry-After"] for status, headers, _ in answers if status == 503]
            self.assertEqual((len(refused), set(refused), functions.most), (26, {"1"}, 4))
            self.assertEqual(ask(port)[0], 200)

    def test_connections_are_bounded(self):
        with stack(connections=3) as (functions, _, port), ThreadPoolExecutor(10) as clients:
            functions.stopped.set()
            held = [clients.submit(ask, port) for _ in range(3)]
            time.sleep(0.3)
            status, headers, _ = ask(port)
            functions.stopped.clear()
            self.assertEqual((status, headers["Retry-After"]), (503, "1"))
            self.assertEqual([each.result()[0] for each in held], [200] * 3)

    def test_code_that_does_not_compile_fills_no_queue_and_work_goes_on_when_it_does(self):
        with stack(limit=8, wait_s=0.1, answer_s=0.3) as (functions, _, port), ThreadPoolExecutor(50) as clients:
            functions.stopped.set()
            for _ in range(3):
                self.assertEqual({status for status, _, _ in clients.map(lambda _: ask(port), range(30))}, {503})
            # Those that nobody waits for any more still count: they are in the queue.
            self.assertEqual(len(functions.seen), 8)
            functions.stopped.clear()
            deadline = time.monotonic() + 10
            while ask(port)[0] != 200:
                self.assertLess(time.monotonic(), deadline)
            self.assertEqual({status for status, _, _ in clients.map(lambda _: ask(port), range(30))}, {200})

    def test_requests_that_a_restart_lost_make_room_when_a_later_one_is_answered(self):
        with stack(limit=3, wait_s=0.2, answer_s=0.2) as (functions, front, port):
            functions.lose = {"/lost"}
            for _ in range(4):
                self.assertEqual([ask(port, "/lost")[0], ask(port, "/lost")[0]], [503, 503])
                self.assertEqual(ask(port, "/found")[0], 200)
            deadline = time.monotonic() + 10
            while front.gate("redirect")._sent and time.monotonic() < deadline:
                time.sleep(0.01)
            self.assertEqual(front.gate("redirect")._sent, [])

    def test_functions_have_limits_of_their_own(self):
        with stack(limit=1, wait_s=0.1, answer_s=0.1) as (functions, _, port):
            functions.lose = {"/lost"}
            self.assertEqual(ask(port, "/lost")[0], 503)
            self.assertEqual(ask(port, "/v1/links")[0], 200)
            self.assertEqual(ask(port, "/also-redirect")[0], 503)

    def test_request_and_answer_pass_unchanged(self):
        with stack() as (functions, _, port):
            status, headers, body = ask(port, "//a//b?c=%20&d", "PATCH", b"\x00\xff", {"Host": "go.example.com", "X-A": "1"})
            self.assertEqual((status, body, headers.get_all("Set-Cookie")), (200, b"answer to //a//b?c=%20&d", ["a=1", "b=2"]))
            method, target, sent, content = functions.seen[0]
            self.assertEqual((method, target, content), ("PATCH", "//a//b?c=%20&d", b"\x00\xff"))
            self.assertEqual([value for name, value in sent if name in ("Host", "X-A", "Content-Length")], ["go.example.com", "1", "2"])
            status, headers, body = ask(port, "/x", "HEAD")
            self.assertEqual((status, headers["Content-Length"], body), (200, "33", b""))

    def test_chunks_are_joined_and_bad_lengths_refused(self):
        with stack() as (functions, _, port):
            self.assertEqual(ask(port, "/x", "POST", iter([b"ab", b"c"]))[0], 200)
            self.assertEqual(functions.seen[0][3], b"abc")
            for head in (b"Content-Length: x", b"Content-Length: 99999999", b"Transfer-Encoding: chunked"):
                with socket.create_connection((LOOPBACK, port)) as raw:
                    raw.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\nzz\r\n")
                    self.assertIn(raw.recv(100).split(b" ")[1], (b"400", b"413"), head)
            self.assertEqual(len(functions.seen), 1)

    def test_functions_that_are_away_are_503(self):
        port = free_port()
        with Front(port, free_port(), Router(ROUTES)):
            status, headers, _ = ask(port)
            self.assertEqual((status, headers["Retry-After"]), (503, "1"))


class Vite(socketserver.ThreadingTCPServer):
    """Answers requests with the first line that it got, and a web socket with what it receives."""

    daemon_threads = True

    def __init__(self):
        super().__init__((LOOPBACK, 0), ViteHandler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *exception):
        self.shutdown()
        super().__exit__(*exception)


class ViteHandler(socketserver.StreamRequestHandler):
    def handle(self):
        first = self.rfile.readline().strip()
        headers = {}
        while line := self.rfile.readline().strip():
            name, _, value = line.partition(b": ")
            headers[name.lower()] = value
        if headers.get(b"upgrade") == b"websocket":
            self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            while piece := self.request.recv(100):
                self.wfile.write(piece.upper())
            return
        content = first + b" " + self.rfile.read(int(headers.get(b"content-length", b"0")))
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-From: vite\r\nContent-Length: %d\r\n\r\n" % len(content) + content)


class ConsoleTest(unittest.TestCase):
    def test_paths_of_the_console_reach_vite_and_no_function(self):
        with Vite() as vite, stack(console_port=vite.server_address[1]) as (functions, _, port):
            for target in ("/console/", "/console/links?x=1", "/console/@vite/client"):
                status, headers, body = ask(port, target)
                self.assertEqual((status, headers["X-From"], body), (200, "vite", f"GET {target} HTTP/1.1 ".encode()))
            self.assertEqual(ask(port, "/console")[1]["Location"], "/console/")
            self.assertEqual(functions.seen, [])
            for target in ("/consoles", "/v1/console", "/x/console/", "/console/config.json", "/console/config.json?x=1"):
                self.assertEqual(ask(port, target)[2], f"answer to {target}".encode())

    def test_web_socket_of_vite_is_passed_on(self):
        with (
            Vite() as vite,
            stack(console_port=vite.server_address[1]) as (_, _, port),
            socket.create_connection((LOOPBACK, port)) as client,
        ):
            client.settimeout(10)
            client.sendall(b"GET /console/?token=x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                answer += client.recv(1000)
            self.assertTrue(answer.startswith(b"HTTP/1.1 101 "), answer)
            for message in (b"first", b"second"):
                client.sendall(message)
                self.assertEqual(client.recv(100), message.upper())

    def test_vite_that_is_away_is_503(self):
        with stack(console_port=free_port()) as (functions, _, port):
            self.assertEqual(ask(port, "/console/")[0], 503)
            self.assertEqual(functions.seen, [])

    def test_built_files_stay_within_their_folder(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "dist"
            (folder / "assets").mkdir(parents=True)
            (Path(name) / "secret.txt").write_text("secret")
            self.assertIsNone(console.built_file("/console/", folder))
            (folder / "index.html").write_text("page")
            (folder / "assets" / "a.js").write_text("script")
            for target, content, media_type in (
                ("/console", b"page", "text/html"),
                ("/console/?a=b", b"page", "text/html"),
                ("/console/links/x", b"page", "text/html"),
                ("/console/assets/a.js", b"script", "text/javascript"),
                ("/console/assets", b"page", "text/html"),
                ("/console/../secret.txt", b"page", "text/html"),
                ("/console//../secret.txt", b"page", "text/html"),
                ("/console/\0", b"page", "text/html"),
                (f"/console/{name}/secret.txt", b"page", "text/html"),
            ):
                self.assertEqual(console.built_file(target, folder), (content, media_type), target)


class RouterTest(unittest.TestCase):
    def test_path_has_the_function_of_the_workspaces_router(self):
        router = Router.of_workspace()
        for target, function in {
            "/": "redirect",
            "/docs?x=1": "redirect",
            "/a/b": "redirect",
            "/v1/links": "search",
            "/v1/links/docs": "links",
            "/v1/links/docs/stats?from=1": "stats",
            "/v1/imports/imp_1/report": "imports",
            "/healthz": "health",
            "/2015-03-31/functions/aggregate-clicks/invocations": "aggregate-clicks",
        }.items():
            self.assertEqual(router.function(target), function, target)
        self.assertEqual(router.function("/v1/links", "POST"), "links")
        self.assertEqual(router.function("/v1/links", "TRACE"), "")


class GateTest(unittest.TestCase):
    def test_unanswered_request_counts_as_long_as_someone_waits_for_it(self):
        gate = Gate(limit=2)
        first, second = gate.enter(0), gate.enter(0)
        self.assertIsNone(gate.enter(0))
        gate.answered(second)
        self.assertIsNotNone(gate.enter(0))
        self.assertIsNone(gate.enter(0), "the first is still worked on")
        gate.answered(first)
        self.assertIsNotNone(gate.enter(0))


if __name__ == "__main__":
    unittest.main()
