"""The log of calls to Amazon."""

from .store import Store

MOST = 20_000  # entries


class RequestLog(Store):
    """Every call to Amazon, without tokens and secrets.

    :ivar entries: list of dict, oldest first
    :ivar count: calls since the start, forgotten ones included
    :ivar schema_errors: list of {n, error}: where a call broke Amazon's models
    """

    kept = ("entries", "count", "schema_errors")

    def __init__(self, world):
        super().__init__(world)
        self.entries, self.count, self.schema_errors = [], 0, []

    @property
    def next_number(self):
        """The number that the entry of the call that is being answered gets."""
        return self.count + 1

    def add(self, request, answer, **facts):
        """Note a call that was answered.

        :param request: werkzeug's Request
        :param answer: what goes back
        :param facts: what the entry says beside time, method, path, status and user agent; None: nothing
        """
        entry = {
            "n": self.next_number,
            "time": self.world.clock.iso(),
            "method": request.method,
            "path": request.path,
            "query": {},
            "status": answer.status,
            "user_agent": request.headers.get("User-Agent", ""),
            **facts,
        }
        self.count += 1
        self.entries.append({name: value for name, value in entry.items() if value is not None})
        del self.entries[:-MOST]
