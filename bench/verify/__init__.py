"""Recomputes every stored or published number from the raw predictions and samples, and reports what does not agree."""

from bench.verify.differences import Problem
from bench.verify.folder import result_folders, verify

__all__ = ["Problem", "result_folders", "verify"]
