"""Where a training runs: TPU, several GPUs, several processes, or one device. Imported where TensorFlow is at hand."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf

from bench.api import BenchError, DeviceUse, Params, did_you_mean

PRECISIONS = ("auto", "float32", "mixed_bfloat16")
SCALINGS: dict[str, Callable[[int], float]] = {
    "none": lambda replicas: 1.0,
    "linear": float,
    "sqrt": lambda replicas: replicas**0.5,
}
"""What the rate is multiplied by for so many replicas: linear (Goyal et al., 2017), square root (Krizhevsky, 2014)."""


@dataclass(frozen=True)
class Place:
    """A strategy under its name, and what it runs on."""

    strategy: tf.distribute.Strategy
    name: str
    """`tpu`, `mirrored`, `multiworker` or `single`."""
    actual: str
    """`cpu`, `gpu` or `tpu`."""

    @property
    def replicas(self) -> int:
        """Copies of the model that train in step."""
        return int(self.strategy.num_replicas_in_sync)


def prepare(params: Params, seed: int, requested: str) -> tuple[Place, DeviceUse]:
    """Find the place, then seed everything, make operations deterministic and set the precision.

    The place comes first: TensorFlow sets up communication between processes before any operation has run. Raises
    `BenchError` for a strategy or device that the machine has not, and for a batch that the replicas do not divide.
    `requested` is `auto`, `cpu` or `gpu`.
    """
    _check(params)
    place = find(params["strategy"], requested)
    keras.utils.set_random_seed(seed)
    if not params["jit_compile"] and place.name != "tpu":  # with it Keras would silently leave XLA out
        tf.config.experimental.enable_op_determinism()
    policy = params["precision"]
    if policy == "auto":
        policy = "float32" if place.actual == "cpu" else "mixed_bfloat16"
    keras.config.set_dtype_policy(policy)
    if params["jit_compile"] and place.name in ("mirrored", "multiworker"):
        raise BenchError(f"jit_compile compiles for one device, and strategy={place.name} has several: leave one out")
    part, rest = divmod(params["batch_size"], place.replicas)
    if rest or not part:
        near = max(1, round(params["batch_size"] / place.replicas)) * place.replicas
        raise BenchError(
            f"batch_size={params['batch_size']} cannot be shared by {place.replicas} replicas: give a multiple, "
            f"such as {near}"
        )
    return place, DeviceUse(place.actual, policy, place.name, place.replicas, part)


def find(name: str, requested: str) -> Place:
    """The place of that name; `auto`: several processes where TF_CONFIG names them, a TPU, several GPUs, one device."""
    gpus = tf.config.list_physical_devices("GPU") if requested != "cpu" else []
    if requested == "gpu" and not gpus:
        raise BenchError("device 'gpu' was requested, but TensorFlow finds none here: use --device cpu or auto")
    if not gpus:
        tf.config.set_visible_devices([], "GPU")
    elif local := os.environ.get("LOCAL_RANK"):  # a device for each process
        tf.config.set_visible_devices(gpus[int(local) % len(gpus)], "GPU")
    if name == "auto":
        name = _automatic(requested, len(gpus))
    return _MAKERS[name]("gpu" if gpus else "cpu")


def is_chief() -> bool:
    """Whether this is the one of several processes that writes for all; a process alone is."""
    return bool(json.loads(os.environ.get("TF_CONFIG", "{}")).get("task", {}).get("index", 0) == 0)


def _automatic(requested: str, gpus: int) -> str:
    if "TF_CONFIG" in os.environ:
        return "multiworker"
    # Only where there is a sign of a TPU: looking for one elsewhere waits for a network that may not be there.
    if requested == "auto" and (tf.config.list_physical_devices("TPU") or os.environ.get("TPU_NAME")):
        return "tpu"
    return "mirrored" if gpus > 1 else "default"


def _mirrored(actual: str) -> Place:
    devices = tf.config.list_logical_devices(actual.upper())
    if len(devices) < 2:
        raise BenchError(
            f"strategy=mirrored needs two devices or more, and TensorFlow finds {len(devices)} {actual.upper()} here: "
            "use auto or default"
        )
    return Place(tf.distribute.MirroredStrategy([device.name for device in devices]), "mirrored", actual)


def _multiworker(actual: str) -> Place:
    if "TF_CONFIG" not in os.environ:
        raise BenchError(
            "strategy=multiworker needs TF_CONFIG, which names every process: set it, or give devices=2 for two "
            "processes on this machine"
        )
    try:
        return Place(tf.distribute.MultiWorkerMirroredStrategy(), "multiworker", actual)
    except (ValueError, KeyError, RuntimeError) as error:
        raise BenchError(f"TF_CONFIG cannot be used: {' '.join(str(error).split())[:200]}") from None


def _tpu(actual: str) -> Place:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(os.environ.get("TPU_NAME", "local"))
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except Exception as error:
        raise BenchError(
            f"strategy=tpu: TensorFlow reaches no TPU here ({type(error).__name__}): on a machine that has one install "
            "tensorflow-tpu and set TPU_NAME, elsewhere use auto or default"
        ) from None
    return Place(tf.distribute.TPUStrategy(resolver), "tpu", "tpu")


_MAKERS: dict[str, Callable[[str], Place]] = {
    "default": lambda actual: Place(tf.distribute.get_strategy(), "single", actual),
    "mirrored": _mirrored,
    "multiworker": _multiworker,
    "tpu": _tpu,
}


def _check(params: Params) -> None:
    options = {"strategy": ("auto", *_MAKERS), "precision": PRECISIONS, "lr_scaling": tuple(SCALINGS)}
    for key, choices in options.items():
        if params[key] not in choices:
            raise BenchError(f"{key}={params[key]}: {did_you_mean(str(params[key]), choices)}")
    devices = params["devices"]
    if devices > 1 and params["strategy"] not in ("auto", "multiworker"):
        raise BenchError(f"devices={devices} needs strategy=multiworker; it is {params['strategy']}")
    if devices > 1 and "TF_CONFIG" not in os.environ:
        raise BenchError(f"devices={devices} is for a run of its own: what is trained within another has one process")
