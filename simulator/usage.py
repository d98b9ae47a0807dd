"""Usage plans: one token bucket per (seller, application, operation), as Amazon publishes them."""

from .store import Store

UNLIMITED = 1000.0  # requests per second, shown in the header while usage plans are off


class Usage(Store):
    """Which rate and burst apply, and how many calls are left.

    :ivar mode: ``published`` or ``off``
    :ivar factor: the published rates are multiplied by it
    :ivar plans: "merchant|operation" (either may be ``*``) -> {rate, burst} that replace the published ones
    """

    kept = ("mode", "factor", "plans", "buckets")

    def __init__(self, world):
        super().__init__(world)
        start = world.quota_at_start
        self.mode = "off" if start == "off" else "published"
        self.factor = 1.0 if start in ("off", "published") else float(start)
        self.plans = {}
        self.buckets = {}

    def change(self, values):
        """Apply a ``POST /control/quota``."""
        if values.get("mode"):
            self.mode, self.factor = values["mode"], 1.0
        if values.get("rate") is not None or values.get("burst") is not None:
            key = f"{values.get('seller') or '*'}|{values.get('operation') or '*'}"
            self.plans.setdefault(key, {}).update(
                {k: values[k] for k in ("rate", "burst") if values.get(k) is not None}
            )
        if values.get("factor") is not None:
            self.factor = float(values["factor"])

    def plan(self, merchant_id, operation):
        """(rate per second, burst) in force for a seller. ``operation``: an Operation or one of its Plans."""
        if self.mode == "off":
            return UNLIMITED, UNLIMITED
        rate, burst = operation.rate * self.factor, operation.burst
        for key in ("*|*", f"*|{operation.name}", f"{merchant_id}|*", f"{merchant_id}|{operation.name}"):
            own = self.plans.get(key, {})
            rate, burst = own.get("rate", rate), own.get("burst", burst)
        return rate, burst

    def take(self, merchant_id, client_id, operation):
        """Take one call from the bucket. False: the plan is exhausted."""
        if self.mode == "off":
            return True
        rate, burst = self.plan(merchant_id, operation)
        kind, now = self.world.clock.ticks()
        bucket = self.buckets.setdefault(
            f"{merchant_id}|{client_id}|{operation.name}", {"level": burst, "kind": kind, "at": now}
        )
        if bucket["kind"] == kind:
            bucket["level"] += max(0.0, now - bucket["at"]) * rate
        bucket.update(kind=kind, at=now, level=min(bucket["level"], burst))
        # Amounts of time are floating point: 180 s at 1/180 must refill a whole call.
        if bucket["level"] < 1 - 1e-6:
            return False
        bucket["level"] -= 1
        return True

    def load(self, data):
        super().load(data)
        # Monotonic time of another process means nothing here.
        self.buckets = {key: {**bucket, "kind": "stopped"} for key, bucket in self.buckets.items()}
