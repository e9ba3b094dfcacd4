"""Ports on the loopback address."""

import os
import socket

from .failure import Failure

LOOPBACK = "127.0.0.1"


def free_port():
    """A port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def port_from_environment(variable, default):
    """The port that `variable` names, or `default`; a Failure if it is no port."""
    text = os.environ.get(variable) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Failure(f"{variable}={text} is not a port number")
    return int(text)


def unused_port_from_environment(variable, default):
    """The same; a Failure as well if something listens there."""
    port = port_from_environment(variable, default)
    with socket.socket() as probe:
        # A port that still waits out an old connection is free; one with a listener is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise Failure(f"port {port} is in use: stop what listens there, or choose another with {variable}=... make dev") from error
    return port
