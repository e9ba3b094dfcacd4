"""What the servers that stand before others share."""

from http.server import BaseHTTPRequestHandler

# Headers of a connection, which are not passed on.
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"}


class AnyMethod(BaseHTTPRequestHandler):
    """Gives requests of any method to `handle_request`."""

    protocol_version = "HTTP/1.1"
    # Ends connections on which nothing comes, in seconds.
    timeout = 75

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.handle_request
        raise AttributeError(name)

    def log_message(self, *_):
        """The functions log."""

    def target(self):
        """Returns what the client asked for. Not `self.path`: it has one slash where the client sent several."""
        return self.requestline.split(" ")[1]
