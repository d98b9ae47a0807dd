"""Tests of Amazon's wire. They need no Odoo, no network and no clock of their own."""

import logging
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE)]

from amazon_server import AmazonServer  # noqa: E402

from selling_partner import tokens  # noqa: E402
from selling_partner.client import Credentials, SellingPartner  # noqa: E402
from selling_partner.endpoints import Endpoint  # noqa: E402

settings.register_profile(
    "here", database=None, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("here")

SECRETS = ("Atzr|refresh-me", "top-secret", "Atza|access-0")


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    """No tokens of another test, no proxy, no settings of the machine."""
    tokens._entries.clear()
    for name in os.environ:
        if name.lower().endswith("_proxy") or name.startswith(("LWA_", "SP_API_", "AWS_")):
            monkeypatch.delenv(name)


@pytest.fixture
def amazon():
    with AmazonServer() as server:
        yield server


@pytest.fixture
def credentials():
    return Credentials("amzn1.application-oa2-client.1", "top-secret", "Atzr|refresh-me")


@pytest.fixture
def address(amazon):
    return Endpoint(amazon.url, f"{amazon.url}/auth/o2/token", "fe")


@pytest.fixture
def seller(address, credentials):
    with SellingPartner(credentials, address) as partner:
        yield partner


@pytest.fixture
def logs(caplog):
    """Everything that anybody logs, at the most talkative level."""
    with caplog.at_level(logging.DEBUG):
        for name in ("sp_api", "sp_api.base.client", "sp_api.auth.access_token_client", "urllib3", "requests"):
            caplog.set_level(logging.DEBUG, logger=name)
        yield caplog
