"""What the losses of both TensorFlow tracks say of numbers: `python -m tests.compression.keras_losses IN OUT`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.api import SoftTargets, Split


def losses(given: dict[str, Any]) -> dict[str, Any]:
    """The mean loss of each track."""
    import keras

    from baselines import criterion
    from tf_tinybert import criterion as tinybert

    logits = np.array(given["logits"], np.float32)
    soft_targets = SoftTargets(np.array(given["theirs"], np.float32), given["alpha"], given["temperature"])
    labels = np.array(given["labels"])
    split = Split([""] * len(labels), [""] * len(labels), labels, ("a", "b", "c"), soft_targets)
    hard = keras.losses.CategoricalCrossentropy(from_logits=True)
    taught = criterion.DistillationLoss(hard, soft_targets, None)
    targets = criterion.targets(split)
    plain = np.eye(3, dtype=np.float32)[labels]
    weighted = criterion.DistillationLoss(hard, soft_targets, np.array([2.0, 1.0, 1.0]))
    return {
        "baselines": float(taught(targets, logits)),
        "tinybert": float(tinybert.criterion(split, "none")(tinybert.targets(split), logits)),
        "validation": [float(taught(plain, logits)), float(hard(plain, logits))],
        "weighted": float(weighted(targets, logits)),
    }


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(losses(json.loads(Path(sys.argv[1]).read_text()))))
