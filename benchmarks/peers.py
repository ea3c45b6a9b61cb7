# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the generated CPU code with what users of other libraries can have, in the same run.

    python3 -m venv .venv-bench && .venv-bench/bin/pip install -r benchmarks/requirements.txt
    PYTHONPATH=python .venv-bench/bin/python benchmarks/peers.py

Every implementation runs in a process of its own, with the same inputs, one after the other in each
of several rounds; ratios are taken within a round. Results are compared with float64. Writes
`benchmarks/results/peers-<machine>.json` and, with --plot, a plot beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from cpu import ROOT, label, machine
from longnet.pattern import Pattern
from longnet.precision import round_to
from longnet.reference import backward, rows
from peer.case import CASES, Case
from peer.report import plot, speedups, summarize, table

LIBRARIES = ("torch", "jax", "iree-base-compiler", "numpy")
# Calls are repeated for about this long, at the rate of a good implementation.
SECONDS, FLOP_PER_SECOND = 2.0, 150e9
# No implementation is repeated for longer than this.
LIMIT = 20.0
SAMPLES = 64


@dataclass(frozen=True)
class Implementation:
    """`module` of `peer`, or none for this compiler; what it computes and how far it goes."""

    name: str
    module: str | None = None
    padding: str = "mask"
    detached: bool = False
    max_tokens: int = 1 << 62

    def pattern(self, case: Case) -> Pattern:
        """The exact meaning of the result."""
        offset = "cyclic" if self.padding == "mask" else "blocked"
        # Nothing sees torchscale's zeros at the end of a segment if causal.
        return Pattern.parse(case.pattern, offset, "mask" if case.causal else self.padding)

    def supports(self, case: Case, gradient: bool) -> bool:
        branches = case.branches.branches
        if self.module == "torchscale":
            return all(case.heads % branch.dilation == 0 for branch in branches)
        if self.module == "iree":
            dense = branches[0].segment == case.tokens and branches[0].dilation == 1
            return dense and len(branches) == 1 and not case.causal and not gradient
        return case.tokens <= self.max_tokens

    def is_checked(self, case: Case) -> bool:
        """Not what torchscale makes of a dilation that does not divide its segment, if causal."""
        divides = all(branch.segment % branch.dilation == 0 for branch in case.branches.branches)
        return self.padding == "mask" or not case.causal or divides


IMPLEMENTATIONS = (
    Implementation("LongNet Compiler"),
    Implementation("PyTorch", "pytorch"),
    Implementation("torchscale", "torchscale", padding="torchscale", detached=True),
    # JAX lets no gradient through its lse.
    Implementation("JAX", "jaxnn", detached=True, max_tokens=1 << 16),
    Implementation("IREE", "iree"),
)


class Inputs:
    """Random inputs of a case in a folder, and samples of the exact results."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case, self.folder = case, folder
        self._cache: dict[Any, Any] = {}
        for number, name in enumerate(("q", "k", "v", "dout")[: 3 + case.gradient]):
            rng = np.random.default_rng(number)
            shape = (1, case.heads, case.tokens, case.head_dim)
            np.save(folder / f"{name}.npy", rng.standard_normal(shape, dtype=np.float32))

    def load(self, name: str) -> np.ndarray:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r")

    def _rows(self, pattern: Pattern, dtype: str) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        """Where the samples are, and what is there."""
        case = self.case
        rng = np.random.default_rng(0)
        heads, tokens = rng.integers((case.heads, case.tokens), size=(SAMPLES, 2)).T
        heads[:2], tokens[:2] = (0, case.heads - 1), (0, case.tokens - 1)
        qkv = [_Rounded(self.load(name), dtype) for name in "qkv"]
        expected = [
            rows(*qkv, pattern, 0, head, [token], causal=case.causal)[0][0]
            for head, token in zip(heads.tolist(), tokens.tolist(), strict=True)
        ]
        return (np.zeros_like(heads), heads, tokens), np.array(expected)

    def _gradient(self, pattern: Pattern, dtype: str, detached: bool) -> tuple[np.ndarray, ...]:
        """dq, dk and dv of the first head, whose phase is 0 in all branches."""
        arrays = [round_to(self.load(name)[:, :1], dtype) for name in ("dout", *"qkv")]
        return backward(*arrays, pattern, detached=detached, causal=self.case.causal)

    def error(self, what: Implementation, dtype: str, names: Sequence[str]) -> dict[str, float]:
        """Of the results in the folder: largest, relative to the largest exact value."""
        if not what.is_checked(self.case):
            return {}
        pattern = what.pattern(self.case)
        errors = {}
        if "out" in names:
            key = "out", pattern, dtype
            if key not in self._cache:
                self._cache[key] = self._rows(pattern, dtype)
            at, expected = self._cache[key]
            errors["out"] = _relative(self.load("out")[at], expected)
        if "dq" in names:
            key = "grad", pattern, dtype, what.detached
            if key not in self._cache:
                self._cache[key] = self._gradient(pattern, dtype, what.detached)
            for name, expected in zip(("dq", "dk", "dv"), self._cache[key], strict=True):
                errors[name] = _relative(self.load(name)[:, :1], expected)
        return errors


class _Rounded:
    """Rounds what is read of an array to an element type."""

    def __init__(self, array: np.ndarray, dtype: str) -> None:
        self._array, self._dtype, self.shape = array, dtype, array.shape

    def __getitem__(self, index: Any, /) -> np.ndarray:
        return round_to(self._array[index], self._dtype)


def _relative(result: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(result - expected).max() / np.abs(expected).max())


@dataclass(frozen=True)
class Run:
    """One implementation on one case."""

    what: Implementation
    case: Case
    dtype: str
    gradient: bool

    def command(self, repeat: int, small: bool, save: bool, threads: int) -> list[str]:
        """Run in the folder of the inputs."""
        case = self.case
        if self.what.module is None:
            inputs = ("q", "k", "v", "dout")[: 3 + self.gradient]
            outputs = ("dq", "dk", "dv") if self.gradient else ("out", "lse")
            return [
                "longnet-run",
                f"--pattern={case.pattern}",
                *["--causal"] * case.causal,
                *["--grad"] * self.gradient,
                f"--dtype={self.dtype}",
                f"--threads={threads}",
                f"--repeat={repeat}",
                "--json=run.json",
                *(f"--input={name}.npy" for name in inputs),
                *(f"--output={name}.npy" for name in outputs),
            ]
        return [
            "python",
            "-m",
            "peer.worker",
            self.what.module,
            case.name,
            f"--dtype={self.dtype}",
            f"--repeat={repeat}",
            f"--limit={LIMIT}",
            *["--small"] * small,
            *["--gradient"] * self.gradient,
            *["--save"] * save,
        ]

    @property
    def results(self) -> list[str]:
        if not self.gradient:
            return ["out"]
        return ["out"][: self.what.module is not None] + ["dq", "dk", "dv"]


def environment(folder: Path, threads: int) -> dict[str, str]:
    """Threads for OpenMP, IREE and XLA; what PyTorch compiles is kept for the next round."""
    paths = [str(ROOT / name) for name in ("benchmarks", "python")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": str(threads),
        "NPROC": str(threads),
        "TORCHINDUCTOR_CACHE_DIR": str(folder.parent / "inductor"),
    }


def run_once(
    run: Run, inputs: Inputs, arguments: argparse.Namespace, check: bool
) -> dict[str, Any] | str:
    """What was measured, or why nothing was."""
    repeat = int(SECONDS * FLOP_PER_SECOND / run.case.flop(run.gradient))
    command = run.command(min(max(repeat, 1), 20), arguments.quick, check, arguments.threads)
    program = {"python": sys.executable, "longnet-run": arguments.longnet_run}[command[0]]
    done = subprocess.run(
        [program, *command[1:]],
        cwd=inputs.folder,
        env=environment(inputs.folder, arguments.threads),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
        return f"exit status {done.returncode}: {' '.join(last)}"
    result = json.loads((inputs.folder / "run.json").read_text())
    result["command"] = shlex.join(command)
    if check:
        result["error"] = inputs.error(run.what, run.dtype, run.results)
    return result


def chosen_cases(arguments: argparse.Namespace) -> list[Case]:
    names = {name for case in CASES for name in (case.name, case.group)}
    for name in arguments.cases or ():
        if name not in names:
            raise ValueError(f"--cases: expected {', '.join(sorted(names))}, got {name}")
    cases = [
        case
        for case in CASES
        if not arguments.cases or {case.name, case.group} & set(arguments.cases)
    ]
    return [case.small() for case in cases] if arguments.quick else cases


def run_case(case: Case, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """All rounds of a case: what was measured and for what, one dictionary for every run."""
    runs = [
        Run(what, case, dtype, gradient)
        for dtype in arguments.dtypes
        for gradient in (False, True)[: 1 + (case.gradient and not arguments.forward)]
        for what in IMPLEMENTATIONS
        if what.name in arguments.implementations and what.supports(case, gradient)
    ]
    results: dict[Run, list[dict[str, Any] | str]] = {run: [] for run in runs}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "work"
        folder.mkdir()
        inputs = Inputs(case, folder)
        for number in range(arguments.rounds):
            for run in runs:
                # What failed once is not tried again.
                if isinstance(next(iter(results[run]), None), str):
                    continue
                result = run_once(run, inputs, arguments, check=number == 0)
                results[run].append(result)
                mode = "forward+backward" if run.gradient else "forward"
                said = result if isinstance(result, str) else f"{min(result['seconds']):.3f} s"
                print(
                    f"{case.name:10} {run.dtype:4} {mode:16} {run.what.name:16} {said}", flush=True
                )
    return [
        {
            "case": case.name,
            "dtype": run.dtype,
            "mode": "forward+backward" if run.gradient else "forward",
            "implementation": run.what.name,
            "rounds": results[run],
        }
        for run in runs
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [what.name for what in IMPLEMENTATIONS]
    parser.add_argument(
        "--cases", nargs="+", help="such as P, which includes P-causal, or D-causal"
    )
    parser.add_argument("--dtypes", nargs="+", choices=("f32", "bf16"), default=["f32", "bf16"])
    parser.add_argument("--implementations", nargs="+", choices=names, default=names)
    parser.add_argument("--forward", action="store_true", help="leave the gradient out")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="1/16 of the tokens, to try it out")
    parser.add_argument("--longnet-run", default=ROOT / "build/bin/longnet-run", metavar="PROGRAM")
    parser.add_argument("--output", type=Path, help="the JSON file")
    parser.add_argument("--plot", action="store_true", help="draw the JSON file beside it")
    arguments = parser.parse_args()
    try:
        cases = chosen_cases(arguments)
    except ValueError as error:
        parser.error(str(error))
    report = {
        "machine": machine(),
        "versions": {name: version(name) for name in LIBRARIES},
        "threads": arguments.threads,
        "cases": [asdict(case) for case in cases],
        "runs": [],
    }
    output = arguments.output or ROOT / f"benchmarks/results/peers-{label(report['machine'])}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    for case in cases:
        report["runs"] += summarize(run_case(case, arguments), case)
        report["speedup_over_pytorch"] = speedups(report["runs"])
        output.write_text(json.dumps(report, indent=1) + "\n")
    print(table(report))
    print(f"wrote {output}")
    if arguments.plot:
        plot(report, output.with_suffix(".png"))
        print(f"wrote {output.with_suffix('.png')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
