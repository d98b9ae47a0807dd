"""Tests with real processes, real commits and a simulated Amazon over HTTP. Each has a database of its own: a copy of a
prepared shop."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import database
import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import shops  # noqa: E402

from simulator.process import Amazon  # noqa: E402

# Processes die here, PostgreSQL never does: nothing is proved by waiting for the disk at each commit.
os.environ["PGOPTIONS"] = "-c synchronous_commit=off"


@pytest.fixture(scope="session")
def simulator():
    """A simulated Amazon without usage limits."""
    running = Amazon.start("--quota", "off")
    yield running
    running.stop()


@pytest.fixture
def amazon(simulator):
    """An Amazon without orders, troubles or requests, on which the sellers of the prepared shops are known."""
    simulator.post("reset", seed=1)
    yield simulator
    simulator.post("reset", seed=1)


@contextmanager
def prepared(simulator, count):
    """Give a database with a shop of `count` accounts, to be copied."""
    name = database.name(f"processes_prepared_{count}")
    simulator.post("reset", seed=1)
    database.copy(os.environ["TEMPLATE_DATABASE"], name)
    try:
        subprocess.run(
            [sys.executable, str(HERE / "prepare.py"), name],
            check=True,
            text=True,
            input=json.dumps({"url": simulator.url, "sellers": shops.sellers(simulator, count)}),
        )
        yield name
    finally:
        database.drop(name)


@pytest.fixture(scope="session")
def one_account(simulator):
    """The name of a prepared database with one account, its import started."""
    with prepared(simulator, 1) as name:
        yield name


@pytest.fixture(scope="session")
def two_accounts(simulator):
    """The name of a prepared database with two accounts, their imports started."""
    with prepared(simulator, 2) as name:
        yield name


@pytest.fixture
def seller(amazon, one_account):
    """The seller of the one account, as Amazon knows it."""
    amazon.post("reset", seed=1)
    [registered] = shops.sellers(amazon, 1)
    return registered


@pytest.fixture
def both_sellers(amazon, two_accounts):
    """The sellers of the two accounts, as Amazon knows them."""
    amazon.post("reset", seed=1)
    return shops.sellers(amazon, 2)


@pytest.fixture
def shop(one_account, request):
    """A shop with one account in a database of its own."""
    with shops.copied(one_account, "shop") as copy:
        yield copy


@pytest.fixture
def importer(shop):
    """A process that imports into the shop."""
    with shops.importers(shop) as process:
        yield process
