"""Free TCP ports on loopback: `ports.py N` prints N of them, `ports.py --is-free PORT` exits 0 or 1."""

import socket
import sys


def is_free(port: int) -> bool:
    """Tell whether nothing listens on the loopback `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Return `count` different free ports."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


if __name__ == "__main__":
    if sys.argv[1] == "--is-free":
        sys.exit(0 if is_free(int(sys.argv[2])) else 1)
    print(*free_ports(int(sys.argv[1])))
