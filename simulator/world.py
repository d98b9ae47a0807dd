"""Everything the simulated Amazon knows: the stores of its APIs, the clock, usage plans, faults and the request log."""

import random
import threading

from .apis import STORES
from .faults import Faults
from .request_log import RequestLog
from .settings import Settings
from .times import Clock
from .usage import Usage


class World:
    """The state, changed only by whoever holds ``lock``.

    Each store is an attribute: ``clock``, ``usage``, ``faults``, ``settings``, ``log`` and those of ``apis.py``.

    :ivar stores: attribute -> Store
    :ivar counters: purpose -> how many random generators it had
    :ivar models: folder with Amazon's models, when every call is held against them
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
        parts = {"clock": Clock, "usage": Usage, "faults": Faults, "settings": Settings, "log": RequestLog, **STORES}
        self.stores = {name: store(self) for name, store in parts.items()}
        vars(self).update(self.stores)

    def rng(self, purpose):
        """A new ``random.Random`` that depends on the seed and on how many of ``purpose`` (str) there were before."""
        self.counters[purpose] = self.counters.get(purpose, 0) + 1
        return random.Random(f"{self.seed}:{purpose}:{self.counters[purpose]}")

    def sleep(self, seconds):
        """Wait in a request's own thread; a server that stops does not wait for it."""
        self.closing.wait(seconds)

    # Surviving a restart

    def dump(self):
        stores = {name: store.dump() for name, store in self.stores.items()}
        return {"seed": self.seed, "counters": self.counters, "stores": stores}

    def load(self, data):
        self.reset(data["seed"])
        self.counters = data["counters"]
        for name, kept in data["stores"].items():
            self.stores[name].load(kept)
