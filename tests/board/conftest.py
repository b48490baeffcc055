from __future__ import annotations

from tests.report.conftest import full_store, store

__all__ = ["full_store", "store"]
