"""A simulated Amazon on a free port."""

import contextlib
import os
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from simulator import schema  # noqa: E402
from simulator.server import make_server  # noqa: E402
from simulator.tests.client import Amazon  # noqa: E402
from simulator.world import World  # noqa: E402


@contextlib.contextmanager
def served():
    """The URL of a simulator without usage limits, in this process."""
    world = World(1, "off")
    running = make_server(world)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.port}"
    world.closing.set()
    running.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def server():
    with served() as url:
        yield url


@pytest.fixture
def amazon(server):
    """An empty Amazon at a frozen time, without usage limits."""
    client = Amazon(server)
    client.post("/reset", seed=1)
    client.freeze()
    yield client
    client.http.close()


@pytest.fixture
def seller(amazon):
    return amazon.post("/sellers")


@pytest.fixture(scope="session")
def models():
    """The folder with Amazon's models. Without it these checks are left out, but never on a build server."""
    folder = schema.models_folder()
    if folder is None and os.environ.get("CI"):
        pytest.fail("Amazon's models are missing: set SPAPI_MODELS")
    if folder is None:
        pytest.skip("Amazon's models are missing: set SPAPI_MODELS")
    return folder
