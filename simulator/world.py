"""Everything the simulated Amazon knows: sellers, access tokens, orders, faults, the request log and the clock."""

import json
import os
import random
import threading
import time

from . import marketplaces, settings
from .faults import Faults
from .operations import ROLES
from .times import Clock
from .usage import Usage

LOG_LIMIT = 20_000
HEX = "0123456789abcdef"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class World:
    """The state, changed only by whoever holds ``lock``.

    :ivar sellers: merchant id -> seller record (credentials, marketplaces, roles, token_ttl in seconds)
    :ivar tokens: access token -> {client_id, merchant_id, scope, expires}
    :ivar codes: spapi_oauth_code -> {merchant_id, client_id, expires}
    :ivar records: order id -> {order, merchant_id, kind, prices_while_pending, confirmations, unseen, hidden_until}
    :ivar page_limit: no page of orders has more, whatever was asked for
    :ivar documents: feed document id -> {content_type, content (base64), …}; ``feeds``: feed id -> feed, oldest first
    :ivar settings: how this Amazon behaves, see ``settings.py``
    :ivar requests: the log of calls to Amazon, oldest first
    """

    def __init__(self, seed=1, quota="published"):
        self.lock = threading.RLock()
        self.quota_at_start = quota
        self.models = None
        self.closing = threading.Event()
        self.changed = threading.Event()
        self.reset(seed)

    def reset(self, seed):
        """Forget everything; the next generated values depend on ``seed`` (int) alone."""
        self.seed = seed
        self.counters = {}
        self.clock = Clock()
        self.usage = Usage(self.clock, self.quota_at_start)
        self.faults = Faults()
        self.page_limit = 100
        self.sellers, self.tokens, self.codes, self.records = {}, {}, {}, {}
        self.documents, self.feeds = {}, {}
        self.settings = dict(settings.DEFAULTS)
        self.requests = []
        self.request_count = 0
        self.schema_errors = []

    def rng(self, purpose):
        """A new ``random.Random`` that depends on the seed and on how many of ``purpose`` (str) there were before."""
        self.counters[purpose] = self.counters.get(purpose, 0) + 1
        return random.Random(f"{self.seed}:{purpose}:{self.counters[purpose]}")

    # Sellers

    def add_seller(self, values):
        """Create a seller; what is not given is generated. ``values`` as in ``POST /control/sellers``."""
        rng = self.rng("seller")
        region = values.get("region") or "fe"
        seller = {
            "merchant_id": "A" + "".join(rng.choices(LETTERS, k=13)),
            "region": region,
            "marketplaces": list(marketplaces.DEFAULTS[region]),
            "store_name": f"Simulated store {len(self.sellers) + 1}",
            "application_id": "amzn1.sp.solution." + "".join(rng.choices(HEX, k=32)),
            "client_id": "amzn1.application-oa2-client." + "".join(rng.choices(HEX, k=32)),
            "client_secret": "amzn1.oa2-cs.v1." + "".join(rng.choices(HEX, k=64)),
            "refresh_token": new_refresh_token(rng),
            "roles": list(ROLES),
            "token_ttl": 3600,
            "revoked": False,
        }
        seller.update({key: value for key, value in values.items() if value is not None})
        seller["refresh_tokens"] = [seller["refresh_token"]]
        self.sellers[seller["merchant_id"]] = seller
        return seller

    def change_seller(self, seller, values):
        seller.update(values)
        if values.get("refresh_token"):
            seller["refresh_tokens"].append(values["refresh_token"])

    def seller_of_refresh_token(self, token):
        return next((s for s in self.sellers.values() if token in s["refresh_tokens"]), None)

    def sellers_of_client(self, client_id):
        return [s for s in self.sellers.values() if s["client_id"] == client_id]

    # Orders

    def new_order_id(self, rng):
        while True:
            order_id = f"{rng.randint(100, 999)}-{rng.randint(0, 9999999):07d}-{rng.randint(0, 9999999):07d}"
            if order_id not in self.records:
                return order_id

    def touch(self, record):
        """The order changed now."""
        record["order"]["lastUpdatedTime"] = self.clock.iso()

    # Request log

    def log(self, entry):
        self.request_count += 1
        self.requests.append({"n": self.request_count, **{k: v for k, v in entry.items() if v is not None}})
        del self.requests[:-LOG_LIMIT]

    def sleep(self, seconds):
        """Wait in a request's own thread; a server that stops does not wait for it."""
        self.closing.wait(seconds)

    # Surviving a restart

    def dump(self):
        return {
            "seed": self.seed,
            "counters": self.counters,
            "clock": self.clock.dump(),
            "usage": self.usage.dump(),
            "faults": self.faults.dump(),
            "page_limit": self.page_limit,
            "sellers": self.sellers,
            "tokens": self.tokens,
            "codes": self.codes,
            "records": self.records,
            "documents": self.documents,
            "feeds": self.feeds,
            "settings": self.settings,
            "requests": self.requests,
            "request_count": self.request_count,
            "schema_errors": self.schema_errors,
        }

    def load(self, data):
        self.reset(data["seed"])
        self.clock.load(data["clock"])
        self.usage.load(data["usage"])
        self.faults.load(data["faults"])
        self.page_limit = data.get("page_limit", 100)
        for key in ("counters", "sellers", "tokens", "codes", "records", "requests", "request_count", "schema_errors"):
            setattr(self, key, data[key])
        self.documents, self.feeds = data.get("documents", {}), data.get("feeds", {})
        self.settings.update(data.get("settings", {}))


def new_refresh_token(rng):
    return "Atzr|" + "".join(rng.choices(LETTERS, k=64))


class Keeper(threading.Thread):
    """Writes the world to a file shortly after it changed, so that a killed simulator loses next to nothing."""

    PAUSE = 0.1  # seconds between a change and its writing

    def __init__(self, world, path):
        super().__init__(daemon=True, name="keeper")
        self.world, self.path = world, path
        self.writing = threading.Lock()
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                world.load(json.load(file))

    def run(self):
        while not self.world.closing.is_set():
            self.world.changed.wait()
            started = time.monotonic()
            self.save()
            # A large state takes long to write and blocks the world meanwhile: then write it less often.
            self.world.closing.wait(max(self.PAUSE, 5 * (time.monotonic() - started)))

    def save(self):
        """Write to a temporary file and rename it: a reader sees the old state or the new one, never half."""
        with self.writing:
            with self.world.lock:
                self.world.changed.clear()
                text = json.dumps(self.world.dump(), ensure_ascii=False)
            temporary = f"{self.path}.new"
            with open(temporary, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
