"""A simulated Amazon on a free port."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator import schema  # noqa: E402
from simulator.tests.client import Amazon, served  # noqa: E402


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
