"""Gives the console in `make dev`: Vite with its live reload if the packages of console/ are there, else the files of a build."""

import contextlib
import mimetypes
import os
import select
import shutil
import socket

from . import paths
from .ports import LOOPBACK, free_port
from .processes import Child

PATH = "/console"
PAGE = "index.html"
# What the function `console` answers from its settings, not from a file.
CONFIG = f"{PATH}/config.json"
START_S = 60


def is_at(target):
    """Tells whether a request's target is a page or file of the console."""
    path = target.split("?")[0]
    return path == PATH or (path.startswith(f"{PATH}/") and path != CONFIG)


@contextlib.contextmanager
def running():
    """Runs Vite and gives its process and port; gives None and None if it cannot run here."""
    node = _node()
    vite = paths.CONSOLE / "node_modules" / "vite" / "bin" / "vite.js"
    if node is None or not vite.is_file():
        yield None, None
        return
    port = free_port()
    command = [node, vite, "--host", LOOPBACK, "--port", port, "--strictPort"]
    env = os.environ | {"WAYPOST_CONSOLE_PORT": str(port)}
    with Child("vite", command, log=paths.DEV / "console.log", env=env, cwd=paths.CONSOLE) as child:
        child.wait_until(lambda: _accepts(port), START_S)
        yield child, port


def _node():
    own = paths.TOOLS / "node" / "bin" / "node"
    return own if own.is_file() else shutil.which("node")


def _accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def built_file(target, folder=paths.CONSOLE_BUILT):
    """Returns the bytes and the media type of the file that a target asks for; the page for all others; None without a build."""
    name = target.split("?")[0].removeprefix(PATH).strip("/")
    root, page = folder.resolve(), folder / PAGE
    # resolve() refuses a NUL.
    wanted = (folder / name).resolve() if "\0" not in name else page
    found = wanted if wanted.is_relative_to(root) and wanted.is_file() else page
    if not found.is_file():
        return None
    return found.read_bytes(), mimetypes.guess_type(found.name)[0] or "application/octet-stream"


def relay(client, upstream):
    """Passes bytes on in both directions until one side ends: a web socket."""
    while True:
        for source in select.select([client, upstream], [], [])[0]:
            piece = source.recv(65536)
            if not piece:
                return
            (upstream if source is client else client).sendall(piece)
