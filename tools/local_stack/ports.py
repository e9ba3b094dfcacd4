"""Ports on the loopback address."""

import os
import socket

from .failure import Failure

LOOPBACK = "127.0.0.1"


def free_port():
    """Returns a port on which nothing listens right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def port_from_environment(variable, default):
    """Returns the port that `variable` names, or `default`; a Failure if it is not a port number."""
    text = os.environ.get(variable) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Failure(f"{variable}={text} is not a port number")
    return int(text)


def unused_port_from_environment(variable, default):
    """Returns the same port; a Failure too if something listens there."""
    port = port_from_environment(variable, default)
    with socket.socket() as probe:
        # With this option a port on which only an old connection lingers counts as free; a port with a listener does not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise Failure(f"port {port} is in use: stop what listens there, or choose another with {variable}=... make dev") from error
    return port
