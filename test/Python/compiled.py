# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles cases to object files for any target or to shared libraries, and calls them from C."""

import os
import subprocess
from pathlib import Path

import numpy as np
from longnet.cases import save_case
from longnet.precision import from_storage, to_storage

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("LONGNET_BIN_DIR", ROOT / "build" / "bin"))
INPUTS = Path(__file__).resolve().parent / "Inputs"


def _describe(path, direction, array):
    """What call.c is told about an array."""
    code = {"u": 4, "f": 2, "i": 0}[array.dtype.kind]
    return ",".join(map(str, (path, direction, code, 8 * array.itemsize, *array.shape)))


class CompiledCase:
    """A case compiled with `options` of longnet-compile and linked with `link` options of clang.

    `gradient` is exact or detached for the gradient, None for the attention itself. A `shared`
    library has threads, an object file has none.
    """

    def __init__(self, case, directory, options, link=(), gradient=None, shared=False):
        self.case, self.directory, self.gradient = case, Path(directory), gradient
        self.function = "attention_grad" if gradient else "attention"
        detached = gradient == "detached"
        described = save_case(case, directory, gradients=bool(gradient), detached=detached)
        dropped = ("--input", "--output", "--query-offset", "--kv-lengths")
        flags = [each for each in described if not each.startswith(dropped)]
        flags += [f"--head-dim={case.q.shape[3]}", f"--value-dim={case.v.shape[3]}"]
        flags += ["--query-offset"] * bool(case.query_offset)
        flags += ["--kv-lengths"] * (case.kv_lengths is not None)
        code = self.directory / ("code.so" if shared else "code.o")
        self.program = self.directory / "program"
        flags += ["--emit=shared"] if shared else ["--emit=obj", "--no-parallel"]
        compiler = [BIN / "longnet-compile", *flags, *options]
        subprocess.run([*compiler, "-o", code], check=True, timeout=300)
        linker = ["clang-22", "-O1", f"-DFUNCTION={self.function}", *link, INPUTS / "call.c", code]
        subprocess.run([*linker, "-lm", "-o", self.program], check=True, timeout=300)

    def run(self, launcher=(), **environment):
        """The finished process; see `results`."""
        case = self.case
        inputs = {"q": case.q, "k": case.k, "v": case.v}
        if self.gradient:
            inputs["dout"] = case.dout
        arguments = []
        for name, array in inputs.items():
            arguments.append(self._write(name, to_storage(np.asarray(array), case.dtype)))
        if case.query_offset:
            arguments.append(str(case.query_offset))
        if case.kv_lengths is not None:
            arguments.append(self._write("lengths", np.asarray(case.kv_lengths, dtype=np.int64)))
        storage = to_storage(np.zeros(1), case.dtype).dtype
        statistics = np.float64 if case.dtype == "f64" else np.float32
        if self.gradient:
            shapes = {"dq": case.q.shape, "dk": case.k.shape, "dv": case.v.shape}
        else:
            shapes = {"out": (*case.q.shape[:3], case.v.shape[3]), "lse": case.q.shape[:3]}
        self._outputs = {
            name: np.zeros(shape, dtype=statistics if name == "lse" else storage)
            for name, shape in shapes.items()
        }
        for name, array in self._outputs.items():
            arguments.append(_describe(self.directory / f"{name}.raw", "w", array))
        return subprocess.run(
            [*launcher, self.program, *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=600,
        )

    def results(self):
        """The outputs of the last run, in their order."""
        return [
            from_storage(
                np.fromfile(self.directory / f"{name}.raw", dtype=array.dtype).reshape(array.shape)
            )
            for name, array in self._outputs.items()
        ]

    def _write(self, name, array):
        path = self.directory / f"{name}.raw"
        np.ascontiguousarray(array).tofile(path)
        return _describe(path, "r", array)
