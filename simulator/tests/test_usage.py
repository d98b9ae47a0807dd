"""Usage plans."""

import pytest

from simulator.tests.client import LONG_AGO, SEARCH

SELLERS = "/sellers/v1/marketplaceParticipations"


@pytest.fixture
def limited(amazon):
    amazon.post("/quota", mode="published")
    return amazon


def search(amazon, seller):
    return amazon.call(seller, SEARCH, lastUpdatedAfter=LONG_AGO)


def used_up(amazon, seller, path, **query):
    """Call until Amazon refuses; the number of calls that went through."""
    for number in range(100):
        answer = amazon.call(seller, path, **query)
        if answer.status_code == 429:
            assert answer.json() == {
                "errors": [
                    {
                        "code": "QuotaExceeded",
                        "message": "You exceeded your quota for the requested resource.",
                        "details": "",
                    }
                ]
            }
            assert answer.headers["x-amzn-requestid"] and "x-amzn-ratelimit-limit" not in answer.headers
            return number
    raise AssertionError("never refused")


@pytest.mark.parametrize(
    "path, burst, rate",
    [(SEARCH, 20, "0.0056"), (f"{SEARCH}/250-1-1", 30, "0.5"), (SELLERS, 15, "0.016")],
)
def test_published_plans(limited, seller, path, burst, rate):
    query = {"lastUpdatedAfter": LONG_AGO} if path == SEARCH else {}
    assert limited.call(seller, path, **query).headers["x-amzn-ratelimit-limit"] == rate
    assert used_up(limited, seller, path, **query) == burst - 1


def test_refill_follows_the_frozen_clock(limited, seller):
    assert used_up(limited, seller, SEARCH, lastUpdatedAfter=LONG_AGO) == 20
    limited.advance(seconds=178)
    assert search(limited, seller).status_code == 429
    limited.advance(seconds=1)
    assert search(limited, seller).status_code == 200
    assert search(limited, seller).status_code == 429


def test_refill_stops_at_the_burst(limited, seller):
    limited.advance(minutes=50)
    assert used_up(limited, seller, SEARCH, lastUpdatedAfter=LONG_AGO) == 20


def test_refused_parameters_count_too(limited, seller):
    for _ in range(20):
        assert limited.call(seller, SEARCH).status_code == 400
    assert limited.call(seller, SEARCH).status_code == 429


def test_every_seller_and_operation_has_its_own_plan(limited, seller):
    used_up(limited, seller, SEARCH, lastUpdatedAfter=LONG_AGO)
    assert limited.call(seller, SELLERS).status_code == 200
    assert search(limited, limited.post("/sellers")).status_code == 200


def test_faster_by_a_factor(limited, seller):
    limited.post("/quota", mode="published", factor=100)
    assert search(limited, seller).headers["x-amzn-ratelimit-limit"] == "0.56"
    used_up(limited, seller, SEARCH, lastUpdatedAfter=LONG_AGO)
    limited.advance(seconds=2)
    assert search(limited, seller).status_code == 200
    assert limited.post("/quota", mode="published")["factor"] == 1


def test_off(limited, seller):
    limited.post("/quota", mode="off")
    assert all(search(limited, seller).status_code == 200 for _ in range(40))


def test_dynamic_plan_of_one_seller(limited, seller):
    limited.post("/quota", seller=seller["merchant_id"], operation="searchOrders", rate=0.5, burst=3)
    assert search(limited, seller).headers["x-amzn-ratelimit-limit"] == "0.5"
    assert used_up(limited, seller, SEARCH, lastUpdatedAfter=LONG_AGO) == 2
    limited.advance(seconds=2)
    assert search(limited, seller).status_code == 200
    assert search(limited, limited.post("/sellers")).headers["x-amzn-ratelimit-limit"] == "0.0056"


def test_real_time_refills_when_the_clock_runs(limited, seller):
    limited.post("/clock", now=None)
    limited.post("/quota", operation="searchOrders", rate=100_000, burst=1)
    assert all(search(limited, seller).status_code == 200 for _ in range(3))
