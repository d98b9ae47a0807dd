"""Tests with real processes, real commits and a simulated Amazon over HTTP. Each has a database of its own: a copy of a
prepared shop."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import database  # noqa: E402
import shops  # noqa: E402

from simulator.process import Amazon  # noqa: E402


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


@pytest.fixture(scope="session")
def odoo():
    """Have Odoo loaded once; every importer is a fork of it. What a run that was ended has left is dropped."""
    for left in database.like(database.name("processes_")):
        database.drop(left)
    with shops.copied(os.environ["TEMPLATE_DATABASE"], "loaded") as shop:
        shops.Importer.odoo = shops.Odoo(shop.name)
    yield
    shops.Importer.odoo.close()


@contextmanager
def prepared(simulator, count):
    """Give a database with a shop of `count` accounts, to be copied."""
    simulator.post("reset", seed=1)
    with shops.copied(os.environ["TEMPLATE_DATABASE"], f"prepared_{count}") as shop:
        with shops.importers(shop) as importer:
            importer.good("prepare", url=simulator.url, sellers=shops.sellers(simulator, count))
        shop.wait_until_alone()
        shop.close()
        yield shop.name


@pytest.fixture(scope="session")
def one_account(simulator, odoo):
    """The name of a prepared database with one account, its import started."""
    with prepared(simulator, 1) as name:
        yield name


@pytest.fixture(scope="session")
def two_accounts(simulator, odoo):
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
