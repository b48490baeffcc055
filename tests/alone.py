"""`unshare -rn python alone.py COUNT COMMAND …`: runs a command where only loopback answers.

It writes to COUNT how often the command, or anything that it started, tried to reach more: the kernel counts what finds
no route, of native code and of other languages too.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import subprocess
import sys
from pathlib import Path

SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1


def main(count: Path, command: list[str]) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as loopback:
        fcntl.ioctl(loopback, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    code = subprocess.run(command, check=False).returncode
    count.write_text(str(attempts()))
    return code


def attempts() -> int:
    """Calls to an address with no route, of IPv4 and IPv6, and names asked of a resolver on this machine."""
    head, values = (line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Ip:"))
    asked, told = (line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Udp:"))
    ipv6 = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
    counters = dict(zip(head, values, strict=True)), dict(zip(asked, told, strict=True)), ipv6
    names = "OutNoRoutes", "NoPorts", "Ip6OutNoRoutes"
    return sum(int(counter[name]) for counter, name in zip(counters, names, strict=True))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
