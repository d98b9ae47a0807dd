"""What the searches of Amazon's APIs have in common: parameters that stay the same from the first page to the last."""

import json
from dataclasses import asdict, fields
from datetime import timezone

from .errors import BadRequest, check
from .reader import moment


class Search:
    """The parameters of one search; its heirs are frozen dataclasses.

    :cvar operation: Amazon's name.
    :cvar times: the fields that are aware ``datetime`` or None, to the millisecond; ``lists``: those that are tuples.
    """

    __slots__ = ()

    operation = ""
    times = ()
    lists = ()

    def __post_init__(self):
        for name in self.lists:
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in self.times:
            object.__setattr__(self, name, _to_the_millisecond(getattr(self, name)))

    def validate(self):
        """Check what Amazon would refuse anyway, before it costs a call.

        :raises BadRequest: with ``sent`` False.
        """
        check(self.operation, self._problems())

    def _problems(self):
        """Yield what is wrong, or something false."""
        raise NotImplementedError

    def _lacks_time_zone(self):
        return any(time and time.tzinfo is None for time in (getattr(self, name) for name in self.times))

    def to_json(self):
        """Write the search for keeping.

        :return: ``str``; the same search always gives the same text.
        """
        kept = {name: stamp(value) if name in self.times else value for name, value in asdict(self).items()}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text):
        """Read what :meth:`to_json` wrote, also by an older version: fields it did not know get their default.

        :raises BadRequest: when it cannot be read.
        """
        try:
            kept = dict(json.loads(text).items())
            known = {entry.name: kept[entry.name] for entry in fields(cls) if entry.name in kept}
            known.update({name: known[name] and moment(known[name]) for name in cls.times if name in known})
            return cls(**known)
        except (ValueError, TypeError, AttributeError):
            pass
        raise BadRequest("the search kept cannot be read", operation=cls.operation)


def _to_the_millisecond(time):
    """Cut to what the API has, so that a search kept and read again equals the first one."""
    return time and time.replace(microsecond=time.microsecond // 1000 * 1000)


def stamp(time):
    """Write a time as Amazon's searches read it, in UTC to the millisecond; None stays None."""
    if time is None:
        return None
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
