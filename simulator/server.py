"""The HTTP server: one port for Login with Amazon, the SP-API, the control API and the web pages."""

import socket
import struct
import sys
import traceback

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Request, Response

from . import apis, consent, control, data_reports, documents, feeds, gateway, page, settlements, vendor_transactions  # noqa: F401 (apis registers the operations)

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class App:
    """The WSGI application of one world."""

    def __init__(self, world):
        self.world = world

    def __call__(self, environ, start_response):
        request = Request(environ)
        request.get_data(cache=True, parse_form_data=False)  # read before locking: a slow sender holds up nobody
        try:
            with self.world.lock:
                result = self.answer(request)
                self.world.changed.set()
        except Exception:
            traceback.print_exc(file=sys.stderr)
            result = Response("The simulator has a bug, see its error output.\n", 500)
        if isinstance(result, Response):
            return result(environ, start_response)
        return self.send(result, environ, start_response)

    def answer(self, request):
        """A Response of a page or of the control API, or an Answer of Amazon."""
        path = request.path
        feeds.advance(self.world)
        settlements.advance(self.world)
        data_reports.advance(self.world)
        vendor_transactions.advance(self.world)
        self.world.listings.advance()
        if path.startswith(documents.PATH):
            return documents.answer(self.world, request)
        if path.startswith("/control/"):
            return control.answer(self.world, request)
        if path == "/auth/o2/token" and request.method == "POST":
            return gateway.answer_token(self.world, request)
        if path == "/apps/authorize/consent":
            return consent.answer(self.world, request)
        if path == "/favicon.ico":
            return Response(status=204)
        if path == "/" or path.startswith(("/orders-v3/", "/page/")):
            return page.answer(self.world, request)
        return gateway.answer_call(self.world, request)

    def send(self, answer, environ, start_response):
        """Send an Answer the way it says."""
        if answer.delay:
            self.world.sleep(answer.delay)
        response = Response(answer.body, answer.status or 504, answer.headers, content_type=answer.content_type)
        if answer.wire == "whole":
            return response(environ, start_response)
        connection = environ["werkzeug.socket"]
        if answer.wire == "half":
            lines = [f"HTTP/1.1 {response.status}", *(f"{key}: {value}" for key, value in response.headers), "", ""]
            connection.sendall("\r\n".join(lines).encode() + answer.body[: len(answer.body) // 2])
        else:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        connection.shutdown(socket.SHUT_RD)
        raise ConnectionAbortedError("cut on purpose")


class Handler(WSGIRequestHandler):
    disable_nagle_algorithm = True

    def log(self, type, message, *args):  # noqa: A002 (werkzeug's name)
        """The request log is the world's; standard error is for bugs."""


class Server(ThreadedWSGIServer):
    daemon_threads = True
    request_queue_size = 256


def make_server(world, host="127.0.0.1", port=0):
    """A server that listens already; ``serve_forever()`` answers."""
    return Server(host, port, App(world), Handler)
