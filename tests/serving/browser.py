"""Chromium without a window, spoken to through a pipe in its own protocol (Chrome DevTools)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WATCH = """
window.refused = [];
addEventListener("securitypolicyviolation", e => refused.push(`${e.violatedDirective} ${e.blockedURI}`));
addEventListener("error", e => refused.push(e.message ?? `not loaded: ${e.target.src ?? e.target.href}`), true);
"""
"""Run before a page's own code: what the policy refused, and what failed."""


class Page:
    """One page."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing, self._rest, self._number = reading, writing, b"", 0
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._call("Page.enable")
        self._call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    def open(self, url: str) -> None:
        """Go there."""
        self._call("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """What an expression is; a promise is waited for."""
        reply = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return reply["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + 60
        while not self.run(f"document.readyState === 'complete' && Boolean({script})"):
            assert time.monotonic() < deadline, (script, self.run("document.body.innerText"), self.run("refused"))
            time.sleep(0.05)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            command["sessionId"] = self._session
        os.write(self._writing, json.dumps(command).encode() + b"\0")
        while True:
            *whole, self._rest = self._rest.split(b"\0")
            for place, message in enumerate(whole):
                reply = json.loads(message)
                if reply.get("id") == self._number:
                    self._rest = b"\0".join([*whole[place + 1 :], self._rest])
                    assert "result" in reply, reply
                    return reply["result"]
            chunk = os.read(self._reading, 1 << 16)
            assert chunk, "the browser is gone"
            self._rest += chunk


@contextmanager
def browsing(profile: Path) -> Iterator[Page]:
    """A page of a browser that ends with this; `profile` is a folder for what it keeps."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    command = [
        "bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", str(CHROMIUM), "--headless", "--no-sandbox",
        "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe", f"--user-data-dir={profile}",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for descriptor in (theirs_in, theirs_out):
        os.close(descriptor)
    try:
        yield Page(ours_in, ours_out)
    finally:
        os.close(ours_out)
        os.close(ours_in)
        process.terminate()
        process.wait(timeout=30)
