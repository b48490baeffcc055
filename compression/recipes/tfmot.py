"""TensorFlow Model Optimization on the Keras baselines: pruned, clustered, or trained for 8 bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.api import (
    STANDALONE,
    BenchError,
    Choice,
    Compression,
    LogUniform,
    Params,
    Predictor,
    Resolved,
    RunContext,
    Split,
    Training,
    did_you_mean,
    load_artifact,
    load_recipe,
    read_card,
)

METHODS = ("prune", "cluster", "qat")
PARENTS = ("dnn", "lstm")


class Tfmot(Compression):
    """Keras baselines (`dnn`, `lstm`) made smaller by TensorFlow Model Optimization, and trained on to recover.

    `method=prune` sets the smallest weights of every layer but the last to zero, up to a share `sparsity`. Zeros are
    sparsity: the file is as large as the parent's, and nothing is faster. The child keeps the parent's layout.

    `method=cluster` leaves each of these layers `clusters` different weights, kept as a codebook and 4-bit indices (8
    bits for more than 16 clusters): the file is smaller. It is expanded to float32 when it is loaded.

    `method=qat` trains with weights and activations rounded to 8 bits, then leaves what was trained for: an int8 file
    for LiteRT. The library supports dense layers alone, so only a `dnn` can be its parent.

    Batch size, dropouts, label smoothing, class weights and monitor are the parent's. The best epoch on validation is
    kept; of pruning, only epochs that have the whole sparsity count.
    """

    name, framework = "tfmot", "tensorflow"
    requires = ("tensorflow", "tf_keras", "tensorflow_model_optimization", "keras", "safetensors")
    headline_param = "method"
    defaults = {
        "method": "prune",  # `prune`, `cluster` or `qat`
        "sparsity": 0.8,  # share of the weights that become zero, with `method=prune`
        "clusters": 16,  # different weights of a layer, with `method=cluster`
        "epochs": 4,  # passes over the training texts
        "learning_rate": 3e-4  # the highest
    }  # fmt: skip
    space = {
        "sparsity": Choice(0.5, 0.7, 0.8, 0.9, 0.95),
        "clusters": Choice(8, 16, 32, 64, 256),
        "learning_rate": LogUniform(1e-5, 3e-3),
    }
    smoke = {"epochs": 2, "learning_rate": 1e-3}
    sources = (
        "tfmot/codebook.py", "tfmot/data.py", "tfmot/methods.py", "tfmot/recovery.py", "tfmot/run.py",
        "tfmot/twins.py", "litert/convert.py", "litert/flatbuffer.py",
    )  # fmt: skip
    takes = PARENTS
    choices = {"method": METHODS}
    example = "dnn"

    def resolve(self, params: Params) -> Resolved:
        """What is pruned keeps its parent's layout; of quantization-aware training a file of LiteRT is left."""
        method, built = params["method"], super().resolve(params)
        if method == "qat":
            requires = (*self.requires, "ai_edge_litert")
            return replace(built, requires=requires, builds_on=(*PARENTS, "litert"), layout="litert")
        return replace(
            built, builds_on=PARENTS, layout={name: name for name in PARENTS} if method == "prune" else self.name
        )

    def compress(
        self,
        parents: Sequence[Path],
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Raises `BenchError` for a parent that is no `dnn` or `lstm`, and for a layer that `qat` does not support."""
        layout = read_card(parents[0])["layout"]
        if layout not in PARENTS:
            raise BenchError(f"tfmot cannot compress the layout '{layout}': it takes {' and '.join(PARENTS)}")
        checked = _checked(params)
        from compression.tfmot.run import compress

        return compress(parents[0], layout, train, validation, checked, seed, out_dir, context)

    def load(self, artifact_dir: Path) -> Predictor:
        """A clustered child: expanded, then as its parent; any other child by its own layout."""
        if read_card(artifact_dir)["layout"] != self.name:
            return load_artifact(artifact_dir)
        from compression.tfmot.codebook import expanded

        with expanded(artifact_dir) as (base, folder):
            return load_recipe(base).load(folder)


def _checked(params: Params) -> Params:
    """The parameters; a `BenchError` for one that cannot be."""
    if params["method"] not in METHODS:
        raise BenchError(f"method={params['method']}: {did_you_mean(params['method'], METHODS)}")
    if not 0.0 < params["sparsity"] < 1.0:
        raise BenchError(f"sparsity={params['sparsity']:g}: give a share between 0 and 1, such as 0.8")
    if not 2 <= params["clusters"] <= 256:
        raise BenchError(f"clusters={params['clusters']}: give a number from 2 to 256; 16 and fewer take 4 bits each")
    if params["epochs"] < 1:
        raise BenchError(f"epochs={params['epochs']}: give 1 or more")
    return params
