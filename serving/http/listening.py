"""Where a server listens: from where it can be reached, by which names, through which proxies, how many at once."""

from __future__ import annotations

import ipaddress
import resource
import socket
from collections.abc import Sequence

from bench.api import BenchError

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
OTHER_FILES = 256
"""Open files of a server beside its connections: the artifact, libraries, what comes and goes."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there; no name stands for every address."""
    if not host:
        return False
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise BenchError(f"--host {host}: no address of this machine: {error.strerror}") from None
    return all(ipaddress.ip_address(str(address).partition("%")[0]).is_loopback for address in addresses)


def names(host: str, more: Sequence[str]) -> frozenset[str] | None:
    """What `Host` may be; None for anything.

    A page of any site can have its own name resolve to 127.0.0.1 and then read, as of its own, what is served here
    to this machine alone (DNS rebinding): so there, only the names of this machine are answered.
    """
    if not more and not is_loopback(host):
        return None
    own = (*LOOPBACK, f"[{host}]" if ":" in host else host) if is_loopback(host) else ()
    return frozenset(name.lower() for name in (*own, *more))


def check_key(key: str | None) -> str | None:
    """A key that a client can send; an empty one is a mistake, not an open server."""
    if key is not None and not key.strip():
        raise BenchError("the API key is empty: give one, or neither --api-key nor $SENTIBENCH_API_KEY to ask for none")
    if key is not None and (key != key.strip() or not key.isprintable()):
        raise BenchError("the API key holds white space that no header can carry: give it without")
    return key


def check_proxies(option: str | None) -> list[str] | str:
    """Addresses and networks of proxies whose `X-Forwarded-For` counts, as uvicorn takes them; none unless named."""
    proxies = [name.strip() for name in (option or "").split(",") if name.strip()]
    for name in proxies:
        try:
            _ = name == "*" or ipaddress.ip_network(name)
        except ValueError:
            raise BenchError(f"--forwarded-allow-ips {name}: no address, no network such as 10.0.0.0/8") from None
    return "*" if proxies == ["*"] else proxies


def check_free(host: str, port: int) -> None:
    """A `BenchError` where the address cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            pass
    except OSError as error:
        raise BenchError(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port or --host") from None


def allow_files(connections: int) -> None:
    """Each connection is an open file: allow as many; a `BenchError` where the system allows fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise BenchError(f"--max-connections {connections}: this system allows {hard} open files (ulimit -n)")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
