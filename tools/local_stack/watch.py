"""Compiles the functions and runs them under `cargo lambda watch`."""

import os
import re
import socket

from . import paths
from .failure import Failure
from .ports import LOOPBACK
from .processes import Child

# Instances of each function. With two, a slow request does not delay the next one.
CONCURRENCY = 2


def binaries():
    """Returns the binaries that template.yaml names."""
    found = re.findall(r"BuildProperties: \{ Binary: ([a-z0-9-]+) \}", paths.TEMPLATE.read_text())
    if not found:
        raise Failure(f"{paths.TEMPLATE} has no `BuildProperties: {{ Binary: ... }}`")
    return found


def function_url(http_port, binary):
    """Returns the URL where `cargo lambda watch` takes a function's events other than HTTP requests."""
    return f"http://{LOOPBACK}:{http_port}/2015-03-31/functions/{binary}/invocations"


def compile_functions():
    """Builds all functions before `watch` would, which builds each on its first event, so that no event waits."""
    command = ["cargo", "build"]
    for binary in binaries():
        command += ["--bin", binary]
    return Child("cargo build", command, cwd=paths.ROOT)


def watch(http_port, env_file, env):
    """Runs the functions and restarts them after each saved file. Their output goes to the terminal."""
    env = env | {"PATH": f"{paths.CARGO_LAMBDA.parent}{os.pathsep}{env['PATH']}"}
    command = [
        paths.CARGO_LAMBDA, "lambda", "watch",
        "--invoke-address", LOOPBACK, "--invoke-port", http_port,
        "--env-file", env_file,
        "--concurrency", CONCURRENCY,
    ]  # fmt: skip
    child = Child("cargo lambda watch", command, env=env, cwd=paths.ROOT)
    try:
        child.wait_until(lambda: _accepts(http_port), timeout_s=60)
    except BaseException:
        child.stop()
        raise
    return child


def _accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
