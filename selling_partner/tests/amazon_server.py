"""A very small Amazon: answers what a test tells it to, remembers what it was asked. Real HTTP on the loopback."""

import json
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

LWA = "/auth/o2/token"
ORDERS = "/orders/2026-01-01/orders"


@dataclass
class Answer:
    status: int = 200
    body: bytes | str | dict | list = b""
    headers: dict = field(default_factory=dict)
    cut: int = 0  # announce so many bytes more than are sent
    hang_up: bool = False  # close the connection instead of answering
    wait: float = 0  # seconds of silence before the answer
    trickle: str = ""  # 'head' or 'body': comes byte by byte, for ever

    @property
    def content(self):
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass
class Request:
    method: str
    target: str
    headers: dict
    body: bytes

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def query(self):
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def form(self):
        return dict(parse_qsl(self.body.decode()))


class AmazonServer:
    def __init__(self):
        self.requests = []
        self.done = threading.Event()
        self._answers = defaultdict(deque)
        self._tokens = 0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *failure):
        self.done.set()
        self._http.shutdown()
        self._http.server_close()

    def says(self, path, *answers):
        """Answer requests to ``path`` in turn; the last answer is repeated."""
        self._answers[path] = deque(answers)

    def asked(self, path=None):
        """Requests to ``path``; all but those for tokens when None."""
        return [request for request in self.requests if (request.path == path if path else request.path != LWA)]

    def answer(self, request):
        self.requests.append(request)
        answers = self._answers[request.path]
        if answers:
            return answers.popleft() if len(answers) > 1 else answers[0]
        if request.path != LWA:
            return Answer(404, {"errors": [{"code": "NotFound", "message": "nothing here"}]})
        token = {"access_token": f"Atza|access-{self._tokens}", "token_type": "bearer", "expires_in": 3600}
        self._tokens += 1
        return Answer(body=token)

    def _handler(server):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two packets: the second shall not wait for the first to be acknowledged.
            disable_nagle_algorithm = True

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = server.answer(Request(self.command, self.path, headers, body))
                if answer.wait:
                    server.done.wait(answer.wait)
                if answer.hang_up:
                    self.close_connection = True
                    return
                if answer.trickle:
                    self.trickle(answer.trickle)
                    return
                self.reply(answer)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def reply(self, answer):
                self.send_response(answer.status)
                # An answer of Amazon's is known by its request ID.
                for name, value in (answer.headers or {"x-amzn-RequestId": "r-0"}).items():
                    self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("content-length", str(len(answer.content) + answer.cut))
                if answer.cut:
                    self.send_header("connection", "close")
                    self.close_connection = True
                self.end_headers()
                self.wfile.write(answer.content)

            def trickle(self, part):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
                if part == "body":
                    self.wfile.write(b"1\r\ncontent-length: 1000000\r\n\r\n")
                self.close_connection = True
                try:
                    while not server.done.wait(0.02):
                        self.wfile.write(b" ")
                except OSError:
                    return  # hung up on, as it should be

            def log_message(self, *args):
                pass

        return Handler
