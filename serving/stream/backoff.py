"""How long to wait before the next connection, as X requires: https://docs.x.com/x-api/fundamentals/handling-disconnections"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress

NETWORK_STEP, NETWORK_MAX = 0.25, 16.0
HTTP_FIRST, HTTP_MAX = 5.0, 320.0
LIMITED_FIRST, LIMITED_MAX = 60.0, 900.0
"""Seconds. X names no maximum for 429; its limits are of 15 minutes."""


class Backoff:
    """Waits that grow while nothing gets better; `scale` multiplies them all."""

    def __init__(self, scale: float = 1.0) -> None:
        self._scale = scale
        self.reset()

    def reset(self) -> None:
        """Something was received: the next connection is tried at once."""
        self._network, self._http, self._limited = 0.0, HTTP_FIRST, LIMITED_FIRST

    def network(self) -> float:
        """After a lost or failed connection: at once, then 250 ms more each time up to 16 s."""
        wait, self._network = self._network, min(self._network + NETWORK_STEP, NETWORK_MAX)
        return wait * self._scale

    def http(self, status: int, headers: Mapping[str, str]) -> float:
        """After an HTTP error: what the server asks for, else from 5 s doubled up to 320 s, of 429 from a minute."""
        if status in (420, 429):
            wait, self._limited = self._limited, min(self._limited * 2, LIMITED_MAX)
        else:
            wait, self._http = self._http, min(self._http * 2, HTTP_MAX)
        return requested_wait(headers, limited=status in (420, 429)) or wait * self._scale


def requested_wait(headers: Mapping[str, str], limited: bool) -> float | None:
    """Seconds that a server asks for, by `Retry-After` or, where a limit is used up, `x-rate-limit-reset`."""
    with suppress(KeyError, ValueError):
        return min(float(headers["retry-after"]), LIMITED_MAX)
    with suppress(KeyError, ValueError):
        if limited and (wait := float(headers["x-rate-limit-reset"]) - time.time()) > 0:
            return min(wait, LIMITED_MAX)
    return None
