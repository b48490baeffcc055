"""An audit as a page to publish: what was found, and how well, without a text of the set."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.audit.audit import audit
from bench.audit.flipped import flipped
from bench.audit.page import audit_page
from bench.data import DatasetRef, prepare
from tests.audit.test_audit import split


def test_labels_turned_on_purpose_are_found_and_the_page_says_how_many(tmp_path: Path) -> None:
    pytest.importorskip("cleanlab")
    flips = flipped(split(1000))
    assert (flips.rows, flips.turned) == (1000, 30)
    assert (flips.recall.value or 0) > 0.9 and (flips.precision.value or 0) > 0.9
    ref = DatasetRef("toy")
    prepared = prepare(ref, tmp_path, 300)
    found = audit(prepared, ref)
    page = audit_page(found, prepared.meta.n_train, flips)
    assert page.startswith("# toy: what its labels are worth") and "By the manifest: generator" in page
    assert f"of 30 labels turned on purpose among 1,000, {100 * (flips.recall.value or 0):.1f} %" in page
    assert "more labels are worth about" in page and "| labels | accuracy on validation | 95 % |" in page
    assert not any(text in page for text in prepared.train().texts)
