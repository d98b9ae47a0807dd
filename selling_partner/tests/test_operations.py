"""The table of operations, compared with Amazon's models."""

import re

import pytest
import schema

from selling_partner.operations import OPERATIONS, UsagePlan

#: Amazon publishes no models of these any more, or they are not at hand.
WITHOUT_MODEL = {"listFinancialEvents", "listFinancialEventsByOrderId", "submitInvoice"}
MODELS = (
    "feeds_2021-06-30",
    "finances_2024-06-19",
    "listingsItems_2021-08-01",
    "notifications",
    "ordersV0",
    "orders_2026-01-01",
    "reports_2021-06-30",
    "sellers",
    "tokens_2021-03-01",
    "vendorDirectFulfillmentInventoryV1",
    "vendorDirectFulfillmentOrdersV1",
    "vendorDirectFulfillmentOrders_2021-12-28",
    "vendorDirectFulfillmentShippingV1",
    "vendorDirectFulfillmentShipping_2021-12-28",
    "vendorDirectFulfillmentTransactionsV1",
    "vendorDirectFulfillmentTransactions_2021-12-28",
)
VERSIONS = ("v1", "2021-12-28")


def published():
    """Return (operation, its usage plan) by method and path."""
    found = {}
    for name in MODELS:
        for path, methods in schema.model(f"{name}.json")["paths"].items():
            for method, operation in methods.items():
                if "operationId" in operation:
                    plan = re.search(r"\|\s*([0-9.]+)\s*\|\s*([0-9.]+)\s*\|", operation["description"])
                    found[method.upper(), path] = operation["operationId"], UsagePlan(float(plan[1]), int(plan[2]))
    return found


def test_the_table_is_what_amazon_publishes():
    models = published()
    for name, (method, path, plan, _restricted) in OPERATIONS.items():
        if name in WITHOUT_MODEL:
            continue
        for version in VERSIONS if "{version}" in path else VERSIONS[:1]:
            operation, its_plan = models[method, path.replace("{version}", version)]
            assert operation in name.split("."), name
            if name != "createFeed.JSON_LISTINGS_FEED":  # has a quota of its own, which stands on its page only
                assert plan == its_plan, name


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_plan_refills(name):
    plan = OPERATIONS[name].plan
    assert plan.burst >= 1
    assert plan.interval == pytest.approx(1 / plan.rate)
