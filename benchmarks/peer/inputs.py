# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random inputs of a case as files, and how far the results beside them are from exact ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from longnet.pattern import Pattern
from longnet.precision import round_to
from longnet.reference import backward, rows

from peer.case import Case

SAMPLES = 64


class _Rounded:
    """Rounds what is read of an array to an element type."""

    def __init__(self, array: np.ndarray, dtype: str) -> None:
        self._array, self._dtype, self.shape = array, dtype, array.shape

    def __getitem__(self, index: Any, /) -> np.ndarray:
        return round_to(self._array[index], self._dtype)


class Inputs:
    """q.npy, k.npy, v.npy and, where the case has a gradient, dout.npy of a folder."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case, self.folder = case, folder
        for number, name in enumerate(("q", "k", "v", "dout")[: 3 + case.gradient]):
            rng = np.random.default_rng(number)
            shape = (1, case.heads, case.tokens, case.head_dim)
            np.save(folder / f"{name}.npy", rng.standard_normal(shape, dtype=np.float32))
        rng = np.random.default_rng(0)
        heads, tokens = rng.integers((case.heads, case.tokens), size=(SAMPLES, 2)).T
        heads[:2], tokens[:2] = (0, case.heads - 1), (0, case.tokens - 1)
        self._samples = heads, tokens
        # Every implementation of one meaning is compared with the same.
        self._rows, self._gradients = cache(self._rows), cache(self._gradients)

    def _load(self, name: str) -> np.ndarray:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r")

    def _rows(self, pattern: Pattern, dtype: str) -> np.ndarray:
        """The samples of out."""
        qkv = [_Rounded(self._load(name), dtype) for name in "qkv"]
        return np.array(
            [
                rows(*qkv, pattern, 0, head, [token], causal=self.case.causal)[0][0]
                for head, token in zip(*(x.tolist() for x in self._samples), strict=True)
            ]
        )

    def _gradients(self, pattern: Pattern, detached: bool, dtype: str) -> tuple[np.ndarray, ...]:
        """dq, dk and dv of the first head, whose phase is 0 in all branches."""
        arrays = [round_to(self._load(name)[:, :1], dtype) for name in ("dout", *"qkv")]
        return backward(*arrays, pattern, detached=detached, causal=self.case.causal)

    def errors(
        self, names: Sequence[str], pattern: Pattern, detached: bool, dtype: str
    ) -> dict[str, float]:
        """Largest error of every result, relative to the largest of the exact values."""
        errors = {}
        for name in names:
            if name == "out":
                result, exact = self._load(name)[0][self._samples], self._rows(pattern, dtype)
            else:
                gradients = self._gradients(pattern, detached, dtype)
                result, exact = self._load(name)[:, :1], gradients[("dq", "dk", "dv").index(name)]
            errors[name] = float(np.abs(result - exact).max() / np.abs(exact).max())
        return errors
