"""What TensorFlow Model Optimization does to a twin. Imported where TensorFlow is at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow_model_optimization as tfmot
import tf_keras

from bench.api import BenchError

PRUNINGS = 20
"""How often the smallest weights are selected while sparsity rises."""


def pruned(model: tf_keras.Model, sparsity: float, steps: int) -> tf_keras.Model:
    """Kernels and embeddings of all layers but the last lose their smallest weights, up to a share `sparsity`.

    The share rises along a cubic over the first half of `steps` (Zhu and Gupta, "To prune, or not to prune", 2017) and
    stays.
    """
    schedule = tfmot.sparsity.keras.PolynomialDecay(0.0, sparsity, 0, pruning_ends(steps), frequency=_every(steps))
    wrap = tfmot.sparsity.keras.prune_low_magnitude
    return _wrapped(model, lambda layer: wrap(layer, pruning_schedule=schedule))


def pruning_ends(steps: int) -> int:
    """The step from which on the share is the requested one: the library prunes at multiples of `_every` alone."""
    return max(1, steps // 2 // _every(steps)) * _every(steps)


def _every(steps: int) -> int:
    return max(1, steps // 2 // PRUNINGS)


def clustered(model: tf_keras.Model, clusters: int) -> tf_keras.Model:
    """Each kernel and embedding of all layers but the last has at most so many values, which are learned on."""
    start = tfmot.clustering.keras.CentroidInitialization.KMEANS_PLUS_PLUS
    wrap = tfmot.clustering.keras.cluster_weights
    return _wrapped(model, lambda layer: wrap(layer, number_of_clusters=clusters, cluster_centroids_init=start))


def quantization_aware(model: tf_keras.Model) -> tf_keras.Model:
    """Weights and activations are rounded to 8 bits in training (Jacob et al., 2018).

    Raises `BenchError` for a layer that the library cannot quantize.
    """
    registry = tfmot.quantization.keras.default_8bit.Default8BitQuantizeScheme().get_quantize_registry()
    bad = [layer for layer in model.layers if layer.weights and not registry.supports(layer)]
    if bad:
        named = ", ".join(f"{layer.name} ({type(layer).__name__})" for layer in bad)
        raise BenchError(
            f"method=qat: TensorFlow Model Optimization cannot quantize these layers of {model.name}: {named}; "
            "use method=prune or cluster, or litert with precision=full_int8, which needs no training"
        )
    return tfmot.quantization.keras.quantize_model(model)


def stripped(model: tf_keras.Model, method: str) -> tf_keras.Model:
    """The plain twin with what `prune` or `cluster` has made of its weights."""
    strip = {"prune": tfmot.sparsity.keras.strip_pruning, "cluster": tfmot.clustering.keras.strip_clustering}
    return strip[method](model)


def pruning_step() -> tf_keras.callbacks.Callback:
    """What pruning needs in `fit`."""
    return tfmot.sparsity.keras.UpdatePruningStep()


def _wrapped(model: tf_keras.Model, wrap: Callable[[Any], Any]) -> tf_keras.Model:
    """The last layer stays whole: it is small, and each of its numbers decides between labels."""
    last = model.layers[-1]

    def clone(layer: Any) -> Any:
        return wrap(layer) if layer.weights and layer is not last else layer

    return tf_keras.models.clone_model(model, clone_function=clone)
