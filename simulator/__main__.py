"""``python -m simulator``: see ``--help``."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from .keeper import Keeper
from .server import make_server
from .world import World


def quota(text):
    if text not in ("published", "off"):
        float(text)
    return text


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="Amazon's Selling Partner API on this machine"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument(
        "--seed", type=int, default=1, help="the same seed and the same control calls give the same orders"
    )
    parser.add_argument("--state", help="file that keeps everything over restarts")
    parser.add_argument(
        "--quota", type=quota, default="published", help="published, off, or a factor for Amazon's usage plans"
    )
    parser.add_argument(
        "--check-schemas", type=Path, metavar="DIR", help="hold every call against Amazon's models in DIR"
    )
    parser.add_argument("--attached", action="store_true", help="end with standard input")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    world = World(arguments.seed, arguments.quota)
    world.models = arguments.check_schemas
    keeper = Keeper(world, arguments.state) if arguments.state else None
    server = make_server(world, arguments.host, arguments.port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    if arguments.attached:
        threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    if keeper:
        keeper.start()
    print(f"Amazon (simulated) on http://{arguments.host}:{server.port}", flush=True)
    server.serve_forever(poll_interval=0.05)
    world.closing.set()
    if keeper:
        keeper.save()
    server.server_close()


if __name__ == "__main__":
    main()
