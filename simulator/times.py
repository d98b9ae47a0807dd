"""Time as Amazon writes it: UTC, ISO 8601, milliseconds (``2026-11-23T01:00:00.000Z``)."""

import datetime
import time

from .store import Store

UTC = datetime.timezone.utc


def iso(moment):
    """datetime (aware) -> text with milliseconds. Such texts sort like the moments themselves."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse(text):
    """ISO 8601 text with a time zone -> aware datetime. Raises ValueError for anything else."""
    if "T" not in text:
        raise ValueError(f"not a date-time: {text}")
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no time zone: {text}")
    return moment.astimezone(UTC)


def shift(text, **duration):
    """Amazon's text moved by a timedelta given as keywords (``days=1``, ``seconds=-30``)."""
    return iso(parse(text) + datetime.timedelta(**duration))


class Clock(Store):
    """The simulator's time: real, shifted, or frozen.

    :ivar frozen: aware datetime while frozen, else None
    :ivar offset: seconds added to real time
    """

    def __init__(self, world):
        super().__init__(world)
        self.frozen = None
        self.offset = 0.0

    def now(self):
        """Aware datetime in UTC, cut to milliseconds."""
        moment = self.frozen or datetime.datetime.now(UTC) + datetime.timedelta(seconds=self.offset)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def iso(self):
        return iso(self.now())

    def set(self, moment):
        """Freeze at an aware datetime; None: real time again."""
        self.frozen = moment
        self.offset = 0.0

    def advance(self, seconds):
        if self.frozen:
            self.frozen += datetime.timedelta(seconds=seconds)
        else:
            self.offset += seconds

    def ticks(self):
        """(kind, seconds) of a clock that usage plans refill by: real monotonic time unless the clock is frozen."""
        if self.frozen:
            return "frozen", self.frozen.timestamp()
        return "real", time.monotonic() + self.offset

    def dump(self):
        return {"frozen": iso(self.frozen) if self.frozen else None, "offset": self.offset}

    def load(self, data):
        self.frozen = parse(data["frozen"]) if data["frozen"] else None
        self.offset = data["offset"]
