"""Starting the simulator as a process of its own, and its control API: for tests, benchmarks and ``bin/run``."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from uuid import uuid4

CHECKOUT = Path(__file__).resolve().parents[1]


class Amazon:
    """A running simulator.

    :param str url: where it listens, e.g. ``http://127.0.0.1:8777``.
    """

    def __init__(self, url, process=None):
        self.url = url
        self.process = process

    @classmethod
    def start(cls, *arguments, port=0, **options):
        """Start a simulator and wait until it listens; it does not outlive this process, however that ends.

        :param arguments: more arguments for ``python -m simulator``.
        :param int port: 0 for a free one.
        :return: the running :class:`Amazon`.
        :raise RuntimeError: when it ends instead of listening.
        """
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator", "--attached", "--port", str(port), *arguments],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            **options,
        )
        line = process.stdout.readline()
        if " on http" not in line:
            process.kill()
            raise RuntimeError("the simulator did not start")
        return cls(line.split(" on ")[1].strip(), process)

    def stop(self):
        """End the simulator started here."""
        if self.process:
            self.process.terminate()
            # One that remembers very much takes a while to forget it.
            self.process.wait(60)
            self.process.stdin.close()
            self.process.stdout.close()

    def control(self, method, path, **body):
        """Call the control API.

        :param str method: HTTP method.
        :param str path: below ``/control/``.
        :return: the answer, parsed.
        """
        request = urllib.request.Request(
            f"{self.url}/control/{path}",
            method=method,
            data=json.dumps(body).encode() if method != "GET" else None,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")

    def post(self, path, **body):
        """POST to the control API."""
        return self.control("POST", path, **body)

    def get(self, path):
        """GET from the control API."""
        return self.control("GET", path)

    def seller(self, **values):
        """Register a seller with its application; return its credentials."""
        # A later simulator may get the same port and make the same sellers; access tokens are kept for a whole process.
        client_id = f"amzn1.application-oa2-client.{uuid4().hex}"
        return self.post(
            "sellers", **{"region": "fe", "marketplaces": ["A1VC38T7YXB528"], "client_id": client_id, **values}
        )

    def place(self, seller, kind="jp_standard", count=1, **values):
        """Place orders; return their ids."""
        return self.post("orders", merchant_id=seller["merchant_id"], kind=kind, count=count, **values)["order_ids"]
