"""A simulated Amazon on a free port, a small client of it, and names the tests share."""

import contextlib
import threading
from pathlib import Path

import httpx

from simulator.server import make_server
from simulator.world import World

ROOT = Path(__file__).resolve().parents[2]

NOW = "2026-11-23T01:00:00.000Z"
LONG_AGO = "2026-11-01T00:00:00Z"
SEARCH = "/orders/2026-01-01/orders"
CONFIRM = "/orders/v0/orders/{}/shipmentConfirmation"
FEEDS = "/feeds/2021-06-30/feeds"
DOCUMENTS = "/feeds/2021-06-30/documents"
XML = "text/xml; charset=UTF-8"
XML_FEED = "POST_ORDER_FULFILLMENT_DATA"
FLAT_FEED = "POST_FLAT_FILE_FULFILLMENT_DATA"
INCLUDED = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS"
JP = "A1VC38T7YXB528"
US = "ATVPDKIKX0DER"
EVERYWHERE = [
    JP,
    US,
    "A39IBJ37TRP1C6",
    "A19VAU5U5O7RUS",
    "A2Q3Y263D00KWC",
    "A1PA6795UKMFR9",
    "A13V1IB3VIYZZH",
    "A1F83G8C2ARO7P",
    "A33AVAJ2PDY3EV",
    "A21TJRUUN4KGV",
]


class Amazon:
    """A client of the simulator: the control API, tokens and SP-API calls."""

    def __init__(self, url):
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=10, verify=False)  # plain HTTP: loading certificates takes time
        self.tokens = {}

    def control(self, method, path, json=None, status=200):
        answer = self.http.request(method, f"/control{path}", json=json)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path, **values):
        return self.control("POST", path, values)

    def get(self, path):
        return self.control("GET", path)

    def freeze(self, now=NOW):
        return self.post("/clock", now=now)

    def advance(self, **duration):
        seconds = duration.get("seconds", 0) + 60 * duration.get("minutes", 0) + 3600 * duration.get("hours", 0)
        if seconds >= 3600:
            self.tokens.clear()
        return self.post("/clock", advance=seconds)

    def place(self, seller, kind="jp_standard", **values):
        """One order; returns its id."""
        return self.post("/orders", merchant_id=seller["merchant_id"], kind=kind, **values)["order_ids"][0]

    def order(self, order_id):
        """The order as Amazon stores it."""
        return self.get(f"/orders/{order_id}")

    def act(self, order_id, action, **values):
        return self.post(f"/orders/{order_id}/{action}", **values)

    def fetch_token(self, seller, **changes):
        form = {"grant_type": "refresh_token"}
        form.update({key: seller[key] for key in ("client_id", "client_secret", "refresh_token")})
        form.update(changes)
        return self.http.post("/auth/o2/token", data={key: value for key, value in form.items() if value is not None})

    def token(self, seller):
        if seller["refresh_token"] not in self.tokens:
            self.tokens[seller["refresh_token"]] = self.fetch_token(seller).json()["access_token"]
        return self.tokens[seller["refresh_token"]]

    def call(self, seller, path, token=None, **query):
        headers = {"x-amz-access-token": token or self.token(seller), "user-agent": "test/1.0"}
        return self.http.get(path, params=query, headers=headers)

    def send(self, seller, method, path, body=None):
        """A call with a JSON body."""
        headers = {"x-amz-access-token": self.token(seller), "user-agent": "test/1.0"}
        return self.http.request(method, path, json=body, headers=headers)

    def confirm(self, seller, order_id, status=204, text="", body=None, **detail):
        """confirmShipment of everything that is open, unless ``detail`` says otherwise."""
        answer = self.send(seller, "POST", CONFIRM.format(order_id), body or self.parcel(order_id, **detail))
        assert answer.status_code == status, answer.text
        assert text in answer.text
        return answer

    def parcel(self, order_id, items=None, cod=None, **detail):
        """The body of confirmShipment; what is None in ``detail`` is left out. ``items``: {item id: quantity}."""
        order = self.order(order_id)
        if items is None:
            items = {i["orderItemId"]: i["fulfillment"]["quantityUnfulfilled"] for i in order["orderItems"]}
        detail = {
            "packageReferenceId": "7001",
            "carrierCode": "YAMATO",
            "shippingMethod": "宅急便",
            "trackingNumber": "123456789012",
            "shipDate": self.get("/clock")["now"],
            "orderItems": [{"orderItemId": item_id, "quantity": quantity} for item_id, quantity in items.items()],
            **detail,
        }
        body = {
            "marketplaceId": order["salesChannel"]["marketplaceId"],
            "packageDetail": {key: value for key, value in detail.items() if value is not None},
        }
        return {**body, "codCollectionMethod": cod} if cod else body

    def upload(self, seller, content, content_type=XML, sent_type=None):
        """(feed document id, answer of the storage) of a new document."""
        answer = self.send(seller, "POST", DOCUMENTS, {"contentType": content_type})
        assert answer.status_code == 201, answer.text
        document = answer.json()
        stored = httpx.put(
            document["url"], content=content, headers={"content-type": sent_type or content_type}, verify=False
        )
        return document["feedDocumentId"], stored

    def create_feed(self, seller, document_id, feed_type=XML_FEED, status=202, **values):
        body = {"feedType": feed_type, "marketplaceIds": [JP], "inputFeedDocumentId": document_id, **values}
        answer = self.send(seller, "POST", FEEDS, body)
        assert answer.status_code == status, answer.text
        return answer.json().get("feedId")

    def feed(self, seller, content, content_type=XML, feed_type=XML_FEED):
        """Submit a feed; returns its id."""
        document_id, stored = self.upload(seller, content, content_type)
        assert stored.status_code == 200, stored.text
        return self.create_feed(seller, document_id, feed_type)

    def report(self, seller, feed_id):
        """(feed as getFeed shows it, answer of the storage with the result document or None)."""
        feed = self.call(seller, f"{FEEDS}/{feed_id}").json()
        if "resultFeedDocumentId" not in feed:
            return feed, None
        document = self.call(seller, f"{DOCUMENTS}/{feed['resultFeedDocumentId']}").json()
        return feed, httpx.get(document["url"], verify=False)

    def search(self, seller, status=200, **query):
        """One page as JSON."""
        if not {"createdAfter", "lastUpdatedAfter"} & query.keys():
            query["lastUpdatedAfter"] = LONG_AGO
        answer = self.call(seller, SEARCH, **query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def pages(self, seller, **query):
        """All pages of a search as a list of JSON."""
        pages = [self.search(seller, **query)]
        while "pagination" in pages[-1]:
            pages.append(self.search(seller, paginationToken=pages[-1]["pagination"]["nextToken"], **query))
        return pages

    def show(self, seller, order_id, included=INCLUDED):
        """getOrder's order."""
        query = {"includedData": included} if included else {}
        answer = self.call(seller, f"{SEARCH}/{order_id}", **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["order"]


def ids(pages):
    """The order ids of pages, in order."""
    return [order["orderId"] for page in pages for order in page["orders"]]


@contextlib.contextmanager
def served(models=None):
    """The URL of a simulator without usage limits, in this process. ``models``: holds every call against them."""
    world = World(1, "off")
    world.models = models
    running = make_server(world)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.port}"
    world.closing.set()
    running.shutdown()
    thread.join()
