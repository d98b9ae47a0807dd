"""The file that keeps the world over restarts."""

import json
import os
import threading
import time


class Keeper(threading.Thread):
    """Writes the world to a file shortly after it changed, so that a killed simulator loses next to nothing."""

    PAUSE = 0.1  # seconds between a change and its writing

    def __init__(self, world, path):
        super().__init__(daemon=True, name="keeper")
        self.world, self.path = world, path
        self.writing = threading.Lock()
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                data = json.load(file)
            world.load(data if "stores" in data else with_stores(data))

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


def with_stores(data):
    """The state from a file that was written before each API had its store."""
    return {
        "seed": data["seed"],
        "counters": data["counters"],
        "stores": {
            "clock": data["clock"],
            "usage": data["usage"],
            "faults": data["faults"],
            "settings": data.get("settings", {}),
            "log": {
                "entries": data["requests"],
                "count": data["request_count"],
                "schema_errors": data["schema_errors"],
            },
            "sellers": {"by_id": data["sellers"]},
            "login": {"tokens": data["tokens"], "codes": data["codes"]},
            "orders": {"records": data["records"], "page_limit": data.get("page_limit", 100)},
            "feeds": {"by_id": data.get("feeds", {}), "documents": data.get("documents", {})},
        },
    }
