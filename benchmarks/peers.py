# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the generated CPU code with what users of other libraries can have, in the same run.

    python3 -m venv .venv-bench && .venv-bench/bin/pip install -r benchmarks/requirements.txt
    PYTHONPATH=python .venv-bench/bin/python benchmarks/peers.py

Every implementation runs in a process of its own, with the same inputs, one after the other in each
of several rounds; ratios are taken within a round. Results are compared with float64. Writes
`benchmarks/results/peers-<processor>.json` and, with --plot, a plot beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cpu import ROOT, machine
from longnet.pattern import Pattern
from peer.case import CASES, Case
from peer.inputs import Inputs
from peer.report import plot, speedups, summarize, table

LIBRARIES = ("torch", "jax", "iree-base-compiler", "numpy")
# Calls are repeated for about this long, at the rate of a good implementation.
SECONDS, FLOP_PER_SECOND = 2.0, 150e9
# No implementation is repeated for longer than this.
LIMIT = 20.0


@dataclass(frozen=True)
class Implementation:
    """`module` of `peer`, or none for this compiler; what it computes and how far it goes.

    once: slow and only a point of reference, so that one round is enough.
    """

    name: str
    module: str | None = None
    padding: str = "mask"
    detached: bool = False
    max_tokens: int = 1 << 62
    once: bool = False

    def meaning(self, case: Case) -> Pattern | None:
        """What the result is; none for what torchscale makes of some causal patterns."""
        if self.padding == "mask" or not case.causal:
            return Pattern.parse(case.pattern, padding=self.padding)
        # A dilation that does not divide its segment displaces rows. Otherwise its padding is
        # behind all queries.
        divides = all(branch.segment % branch.dilation == 0 for branch in case.branches.branches)
        return Pattern.parse(case.pattern, "blocked") if divides else None

    def supports(self, case: Case, gradient: bool) -> bool:
        branches = case.branches.branches
        if self.module == "torchscale":
            return all(case.heads % branch.dilation == 0 for branch in branches)
        if self.module == "iree":
            dense = branches[0].segment == case.tokens and branches[0].dilation == 1
            return dense and len(branches) == 1 and not case.causal and not gradient
        return case.tokens <= self.max_tokens


IMPLEMENTATIONS = (
    Implementation("LongNet Compiler"),
    Implementation("PyTorch", "pytorch"),
    Implementation("torchscale", "torchscale", padding="torchscale", detached=True, once=True),
    # JAX lets no gradient through its lse.
    Implementation("JAX", "jaxnn", detached=True, max_tokens=1 << 16, once=True),
    Implementation("IREE", "iree", once=True),
)


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
    def mode(self) -> str:
        return "forward+backward" if self.gradient else "forward"

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
        pattern = run.what.meaning(run.case)
        result["error"] = (
            inputs.errors(run.results, pattern, run.what.detached, run.dtype) if pattern else {}
        )
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
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "work"
        folder.mkdir()
        inputs = Inputs(case, folder)
        for number in range(arguments.rounds):
            for run in runs:
                # What failed once is not tried again.
                failed = any(isinstance(result, str) for result in results[run])
                if failed or (run.what.once and number):
                    continue
                result = run_once(run, inputs, arguments, check=number == 0)
                results[run].append(result)
                said = result if isinstance(result, str) else f"{min(result['seconds']):.3f} s"
                name = f"{case.name:10} {run.dtype:4} {run.mode:16} {run.what.name:16}"
                print(f"{name} {said}", flush=True)
    return [
        {
            "case": case.name,
            "dtype": run.dtype,
            "mode": run.mode,
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
    parser.add_argument(
        "--longnet-run",
        type=os.path.abspath,
        default=ROOT / "build/bin/longnet-run",
        metavar="PROGRAM",
    )
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
        "load_average": os.getloadavg()[0],
        "cases": [asdict(case) for case in cases],
        "runs": [],
    }
    output = (
        arguments.output or ROOT / f"benchmarks/results/peers-{report['machine']['llvm_cpu']}.json"
    )
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
    return int(any("failure" in run for run in report["runs"]))


if __name__ == "__main__":
    sys.exit(main())
