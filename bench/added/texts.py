"""What is to be predicted elsewhere."""

from __future__ import annotations

import csv
import io

from bench.data import Prepared


def texts_to_predict(prepared: Prepared) -> bytes:
    """Ids and texts of validation and test as CSV, in UTF-8; no label is among them."""
    validation = prepared.validation()
    rows = [*zip(validation.ids, validation.texts, strict=True), *zip(*prepared.test_texts(), strict=True)]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["id", "text"])
    writer.writerows(rows)
    return buffer.getvalue().encode()
