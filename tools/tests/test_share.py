"""Tests `make share` against a small API and bucket. `make test` runs these."""

import http.server
import json
import os
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

import share
from local_stack.failure import Failure

PART = 1000


class Stack(http.server.ThreadingHTTPServer):
    """An API of one file in three parts, and its bucket. `break_after` parts the bucket refuses all."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.parts, self.whole, self.file, self.links, self.deleted, self.break_after = {}, None, None, [], [], None
        # What the file is at each look once it is complete.
        self.states = ["inspecting", "inspecting", "ready"]

    def view(self, upload=None):
        size, in_parts = self.file["size"], self.file.get("in_parts")
        parts = {"count": -(-size // PART), "size": PART} if in_parts and self.file["status"] == "uploading" else None
        view = {"id": "fil_1", "target": "https://files.invalid/fil_1", "size": size, "status": self.file["status"]}
        view["blocked_reason"] = "it has malware" if self.file["status"] == "blocked" else None
        return view | {"parts": parts, "upload": upload}

    def signed(self, number, size):
        return {"method": "PUT", "url": f"{self.url}/bucket/{number}?x=1", "headers": {"content-length": str(size)}}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body=None):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers["content-length"] or 0))

    def do_POST(self):
        stack, body = self.server, self.body()
        if self.path == "/v1/files":
            stack.file = json.loads(body) | {"status": "uploading"}
            size = stack.file["size"]
            self.answer(201, stack.view(None if stack.file.get("in_parts") else stack.signed(0, size)))
        elif self.path == "/v1/files/fil_1/completion":
            stack.file["status"] = stack.states.pop(0)
            self.answer(200, stack.view())
        else:
            stack.links.append(json.loads(body))
            self.answer(201, {"short_url": "https://go.example.com/x"})

    def do_GET(self):
        stack = self.server
        if self.path == "/v1/files/fil_1":
            if stack.file and stack.file["status"] == "inspecting" and stack.states:
                stack.file["status"] = stack.states.pop(0)
            self.answer(200, stack.view()) if stack.file else self.answer(404, {"detail": "file not found"})
            return
        size, items = stack.file["size"], []
        for number in range(1, -(-size // PART) + 1):
            offset = (number - 1) * PART
            length = min(PART, size - offset)
            upload = None if number in stack.parts else stack.signed(number, length)
            items.append({"number": number, "offset": offset, "size": length, "upload": upload})
        self.answer(200, {"items": items, "next_cursor": None})

    def do_PUT(self):
        stack, body = self.server, self.body()
        if stack.break_after is not None and len(stack.parts) >= stack.break_after:
            self.answer(403, {})
            return
        number = int(self.path.split("/")[2].split("?")[0])
        if number:
            stack.parts[number] = body
        else:
            stack.whole = body
        self.answer(200)

    def do_DELETE(self):
        self.server.deleted.append(self.path)
        self.server.file = None
        self.answer(204)


class Share(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "a film.mp4"
        self.stack = Stack()
        threading.Thread(target=self.stack.serve_forever, daemon=True).start()
        self.addCleanup(self.stack.server_close)
        self.addCleanup(self.stack.shutdown)
        patch = mock.patch.dict(os.environ, {"XDG_STATE_HOME": folder.name, "WAYPOST_KEY": "wp_x"})
        patch.start()
        self.addCleanup(patch.stop)
        self.state = Path(folder.name) / "waypost"

    def share(self, *options):
        with mock.patch("sys.argv", ["share.py", str(self.file), "--url", self.stack.url, *options]), mock.patch("builtins.print"):
            return share.main()

    def test_small_file_goes_as_a_whole_with_its_checksum(self):
        self.file.write_bytes(b"hello")
        self.share("--expires", "7d", "--max", "3", "--password", "secret")
        self.assertEqual(self.stack.whole, b"hello")
        self.assertEqual(self.stack.file["sha256"], "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
        self.assertEqual(self.stack.file["content_type"], "video/mp4")
        link = self.stack.links[0]
        self.assertRegex(link.pop("expires_at"), r"^20\d\d-\d\d-\d\dT.*\+00:00$")
        self.assertEqual(link, {"url": "https://files.invalid/fil_1", "max_clicks": 3, "password": "secret"})
        self.assertEqual(list(self.state.iterdir()), [], "nothing is left to go on with")

    def test_upload_in_parts_goes_on_where_it_broke_off(self):
        content = bytes(index % 251 for index in range(2 * PART + 7))
        self.file.write_bytes(content)
        with mock.patch.object(share, "WHOLE", 10):
            self.stack.break_after = 1
            with self.assertRaisesRegex(Failure, "goes on where it was"):
                self.share()
            self.assertEqual((len(self.stack.parts), self.stack.links), (1, []))
            self.stack.break_after = None
            first, self.stack.parts[1] = self.stack.parts[1], b"sent once"
            self.share()
        self.assertEqual(self.stack.parts.pop(1), b"sent once")
        self.assertEqual(first + b"".join(self.stack.parts[number] for number in (2, 3)), content)
        self.assertEqual(len(self.stack.links), 1)

    def test_other_content_is_another_upload(self):
        self.file.write_bytes(b"x" * 2000)
        with mock.patch.object(share, "WHOLE", 10):
            self.stack.break_after = 1
            with self.assertRaises(Failure):
                self.share()
            self.stack.break_after, self.stack.parts = None, {}
            self.file.write_bytes(b"y" * 3000)
            self.share()
        self.assertEqual(b"".join(self.stack.parts[number] for number in (1, 2, 3)), b"y" * 3000)

    def test_whole_upload_that_broke_off_is_deleted_and_begun_anew(self):
        self.file.write_bytes(b"hello")
        self.stack.break_after = 0
        with self.assertRaises(Failure):
            self.share()
        self.stack.break_after = None
        self.share()
        self.assertEqual((self.stack.deleted, self.stack.whole), (["/v1/files/fil_1"], b"hello"))

    def test_link_waits_for_the_inspection(self):
        self.file.write_bytes(b"hello")
        with mock.patch.object(share, "INSPECTION", -1), self.assertRaisesRegex(Failure, "still being inspected"):
            self.share()
        self.assertEqual(self.stack.links, [])
        self.share()
        self.assertEqual((len(self.stack.links), self.stack.states), (1, []))

    def test_blocked_file_gets_no_link(self):
        self.file.write_bytes(b"hello")
        self.stack.states = ["inspecting", "blocked"]
        with self.assertRaisesRegex(Failure, "it has malware"):
            self.share()
        self.assertEqual(self.stack.links, [])
        self.assertEqual(list(self.state.iterdir()), [], "the same command uploads anew")

    def test_bad_options_are_named_before_anything_is_sent(self):
        self.file.write_bytes(b"hello")
        for options, words in [(("--expires", "soon"), "EXPIRES"), (("--expires", "0d"), "EXPIRES"), (("--max", "0"), "MAX")]:
            with self.assertRaisesRegex(Failure, words):
                self.share(*options)
        self.file.write_bytes(b"")
        with self.assertRaisesRegex(Failure, "is empty"):
            self.share()
        self.assertIsNone(self.stack.file)


if __name__ == "__main__":
    unittest.main()
