"""``python -m simulator`` as a process: its first line, its end, and what survives it."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import time

import httpx

from simulator.tests.client import INCLUDED, ROOT, Amazon
from simulator.tests.fulfillment import envelope, message


@contextlib.contextmanager
def process(*arguments):
    """(process, Amazon) of a started simulator; killed at the end if it still runs."""
    command = [sys.executable, "-m", "simulator", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            url = re.fullmatch(r"Amazon \(simulated\) on (http://127\.0\.0\.1:\d+)\n", running.stdout.readline())[1]
            yield running, Amazon(url)
        finally:
            if running.poll() is None:
                running.kill()


def ends(running, number):
    running.send_signal(number)
    return running.wait(timeout=5)


def test_signals_end_it(tmp_path):
    for number in (signal.SIGTERM, signal.SIGINT):
        with process() as (running, amazon):
            amazon.get("/clock")
            assert ends(running, number) == 0


def test_a_slow_answer_does_not_hold_up_the_end(tmp_path):
    with process() as (running, amazon):
        seller = amazon.post("/sellers")
        amazon.post("/faults", operation="token", kind="timeout", seconds=60)
        amazon.http.timeout = 0.1
        with contextlib.suppress(Exception):
            amazon.fetch_token(seller)
        assert ends(running, signal.SIGTERM) == 0


def test_it_does_not_outlive_who_started_it():
    start = "from simulator.process import Amazon; print(Amazon.start().url, flush=True); input()"
    command = [sys.executable, "-c", start]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        amazon = Amazon(starter.stdout.readline().strip())
        amazon.get("/clock")
        starter.kill()
    deadline = time.monotonic() + 5
    with contextlib.suppress(httpx.TransportError):
        while time.monotonic() < deadline:
            amazon.get("/clock")
            time.sleep(0.02)
    assert time.monotonic() < deadline


def snapshot(amazon, seller):
    order_ids = [order["order_id"] for order in amazon.get("/orders")]
    paths = ("/sellers", "/orders", "/faults", "/requests", "/quota", "/clock")
    return [amazon.show(seller, order_id) for order_id in order_ids], [amazon.get(path) for path in paths]


def fill(amazon):
    amazon.freeze()
    seller = amazon.post("/sellers")
    amazon.post("/bulk", merchant_id=seller["merchant_id"], count=30)
    amazon.post("/faults", kind="429", operation="getOrder", after=100)
    amazon.post("/quota", operation="searchOrders", rate=0.5, burst=40)
    amazon.advance(minutes=3)
    return seller


def test_state_survives_an_orderly_end(tmp_path):
    state = str(tmp_path / "state.json")
    with process("--state", state, "--quota", "off") as (running, amazon):
        seller = fill(amazon)
        page = amazon.search(seller, maxResultsPerPage=10)
        before = snapshot(amazon, seller)
        token = amazon.token(seller)
        ends(running, signal.SIGTERM)
    with process("--state", state) as (running, amazon):
        amazon.tokens = {seller["refresh_token"]: token}
        rest = amazon.search(seller, maxResultsPerPage=100, paginationToken=page["pagination"]["nextToken"])
        assert len(rest["orders"]) == 20
        amazon.control("DELETE", "/requests")
        assert snapshot(amazon, seller)[0] == before[0]
        assert amazon.place(seller) not in [order["orderId"] for order in before[0]]


def test_feeds_and_parcels_survive(tmp_path):
    state = str(tmp_path / "state.json")
    with process("--state", state, "--quota", "off") as (running, amazon):
        amazon.freeze()
        seller = amazon.post("/sellers")
        first, second = amazon.place(seller), amazon.place(seller)
        amazon.post("/packages-delay", seconds=60)
        amazon.confirm(seller, first)
        feed_id = amazon.feed(seller, envelope(seller, message(1, second, date="2026-11-23T01:00:00Z")))
        ends(running, signal.SIGTERM)
    with process("--state", state, "--quota", "off") as (_running, amazon):
        assert "packages" not in amazon.show(seller, first)
        amazon.advance(minutes=1)
        assert "packages" in amazon.show(seller, first)
        feed, report = amazon.report(seller, feed_id)
        assert feed["processingStatus"] == "DONE" and "<MessagesSuccessful>1<" in report.text
        assert [e["via"] for i in (first, second) for e in amazon.get(f"/orders/{i}/confirmations")] == [
            "confirmShipment",
            "feed",
        ]


def test_transactions_survive(tmp_path):
    state = str(tmp_path / "state.json")
    path, query = "/finances/2024-06-19/transactions", {"postedAfter": "2026-11-01T00:00:00Z"}
    with process("--state", state, "--quota", "off") as (running, amazon):
        amazon.freeze()
        seller = amazon.post("/sellers")
        amazon.post("/settings", finance_page_size=1, finance_defer="DD7")
        order_id = amazon.place(seller, "jp_indivisible")
        amazon.act(order_id, "ship-one")
        amazon.post("/refund", order_id=order_id, amount=100)
        amazon.advance(minutes=5)
        before = amazon.get("/transactions")
        token = amazon.call(seller, path, **query).json()["payload"]["nextToken"]
        ends(running, signal.SIGTERM)
    with process("--state", state, "--quota", "off") as (_running, amazon):
        assert amazon.get("/transactions") == amazon.get(f"/transactions?order_id={order_id}") == before
        second = amazon.call(seller, path, nextToken=token, **query).json()["payload"]
        assert second == {"transactions": [before[1]["transaction"]]}
        amazon.act(order_id, "ship")
        assert amazon.post("/refund", order_id=order_id)["transaction"]["transactionType"] == "Refund"
        ids = [entry["transaction"]["transactionId"] for entry in amazon.get("/transactions")]
        assert len(ids) == len(set(ids)) == 4


def test_state_survives_a_kill(tmp_path):
    state = tmp_path / "state.json"
    with process("--state", str(state)) as (running, amazon):
        seller = fill(amazon)
        orders = amazon.get("/orders")
        written(state, orders[-1]["order_id"], amazon.get("/clock")["now"])
        running.kill()
    with process("--state", str(state)) as (running, amazon):
        assert amazon.get("/orders") == orders
        assert amazon.get("/sellers") == [seller]
        assert amazon.fetch_token(seller).status_code == 200


def test_a_state_file_without_stores_is_read(tmp_path):
    """As it was written before each API had its store."""
    state = tmp_path / "state.json"
    with process("--state", str(state), "--quota", "off") as (running, amazon):
        seller = fill(amazon)
        before = snapshot(amazon, seller)
        ends(running, signal.SIGTERM)
    data = json.loads(state.read_text(encoding="utf-8"))
    stores = data.pop("stores")
    log, sellers, login, orders = (stores.pop(name) for name in ("log", "sellers", "login", "orders"))
    data |= {**stores, "sellers": sellers["by_id"], **login, **orders}
    data |= {"requests": log["entries"], "request_count": log["count"], "schema_errors": log["schema_errors"]}
    data |= {"feeds": {}, "documents": {}}
    state.write_text(json.dumps(data), encoding="utf-8")
    with process("--state", str(state)) as (running, amazon):
        assert [amazon.get(path) for path in ("/sellers", "/orders", "/faults")] == before[1][:3]
        assert amazon.get("/requests")[: len(before[1][3])] == before[1][3]
        assert amazon.place(seller) not in [order["orderId"] for order in before[0]]


def written(state, *texts):
    """Wait until the file has these texts; it is written shortly after every change."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if state.exists() and all(text in state.read_text(encoding="utf-8") for text in texts):
            return
        time.sleep(0.02)
    raise AssertionError("the state was not written")


def test_quota_as_started(tmp_path):
    with process("--quota", "10") as (_running, amazon):
        amazon.freeze()
        seller = amazon.post("/sellers")
        answer = amazon.call(seller, "/orders/2026-01-01/orders", lastUpdatedAfter="2026-11-22T00:00:00Z")
        assert answer.headers["x-amzn-ratelimit-limit"] == "0.056"
        amazon.post("/quota", mode="off")
        amazon.post("/reset", seed=1)
        assert amazon.get("/quota")["factor"] == 10


def test_live_schema_checks(models):
    with process("--quota", "off", "--check-schemas", str(models)) as (_running, amazon):
        amazon.freeze()
        seller = amazon.post("/sellers")
        amazon.post("/bulk", merchant_id=seller["merchant_id"], count=20)
        amazon.advance(minutes=3)
        amazon.search(seller, includedData=INCLUDED)
        order_id = amazon.place(seller)
        amazon.confirm(seller, order_id)
        amazon.feed(seller, envelope(seller, message(1, order_id)))
        assert amazon.get("/schema-errors") == []
        amazon.search(seller, MarketplaceIds="A1VC38T7YXB528", status=400)
        [entry] = amazon.get("/schema-errors")
        assert "MarketplaceIds" in entry["error"]
        assert amazon.get("/requests")[-1]["schema_errors"] == [entry["error"]]
