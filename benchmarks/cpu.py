# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures the generated CPU code: speed against the peak of a core, linearity, memory, compile time.

    scripts/build.sh && PYTHONPATH=python .venv/bin/python benchmarks/cpu.py

Runs `longnet-run --repeat`, which times the attention alone, on random inputs; configurations are
interleaved over several rounds and medians reported with their spread, and beside them the best
runs over the best peaks: where other machines of the same host take a core's matrix unit for
seconds, medians say more of them than of the code. Writes
`benchmarks/results/cpu-<processor>.json` and a plot beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from longnet.pattern import Pattern

ROOT = Path(__file__).resolve().parent.parent
FEATURES = ("fma", "avx2", "avx512f", "avx512_bf16", "amx_bf16")
# Calls are repeated for about this long in every round, at the rate of a good thread.
SECONDS, FLOP_PER_SECOND = 1.0, {"f32": 120e9, "bf16": 800e9}
PAPER = "2048:1,4096:2,8192:4,16384:6,32768:12"


@dataclass(frozen=True)
class Measurement:
    """One configuration of `longnet-run`."""

    name: str
    pattern: str
    tokens: int
    heads: int
    head_dim: int
    causal: bool = False
    dtype: str = "f32"
    threads: int = 1
    gradient: bool = False
    products: str = "fma"

    def repeat(self, least: int) -> int:
        """How often it is called in a round, judged by pairs of a query and a key."""
        pairs = sum(
            self.tokens * b.segment / b.dilation**2 for b in Pattern.parse(self.pattern).branches
        )
        flop = self.heads * self.head_dim * pairs * (14 if self.gradient else 4)
        seconds = flop / self.threads / FLOP_PER_SECOND[self.dtype]
        return max(least, min(100, int(SECONDS / seconds)))


def measurements() -> list[Measurement]:
    speed = [
        Measurement(
            f"{dtype} D={dim}{' causal' if causal else ''}{' with gradient' if gradient else ''}, "
            f"{threads} thread{'s' if threads > 1 else ''}",
            PAPER,
            32768,
            2,
            dim,
            causal,
            dtype,
            threads,
            gradient,
        )
        for dtype in ("f32", "bf16")
        for dim in (64, 128)
        for causal in (False, True)
        for gradient in (False, True)
        for threads in (1, 2)
    ]
    dense = [
        Measurement(
            f"dense {dtype} D={dim}{' causal' if causal else ''}"
            f"{' with gradient' if gradient else ''}",
            "8192:1",
            8192,
            1,
            dim,
            causal,
            dtype,
            1,
            gradient,
        )
        for dtype in ("f32", "bf16")
        for dim in (32, 48, 64, 80, 96, 128)
        for causal in (False, True)
        for gradient in (False, True)
        if dim in (64, 128) or not (causal or gradient)
    ]
    # Elsewhere they are slower than f32 as it is.
    products = [
        Measurement(
            f"dense f32 by {way} D={dim}{' with gradient' if gradient else ''}",
            "8192:1",
            8192,
            1,
            dim,
            gradient=gradient,
            products=way,
        )
        for way in ("bf16x6", "bf16x3")
        for dim in (64, 128)
        for gradient in (False, True)
        if "amx_bf16" in features()
    ]
    linear = [
        Measurement(
            f"geometric, {tokens // 1024}K tokens", str_of(Pattern.geometric(tokens)), tokens, 1, 64
        )
        for tokens in (8192, 16384, 32768, 65536, 131072)
    ]
    return speed + dense + products + linear


def features() -> list[str]:
    info = Path("/proc/cpuinfo").read_text()
    flags = set(re.search(r"flags\s*: (.*)", info)[1].split())
    return [name for name in FEATURES if name in flags]


def str_of(pattern: Pattern) -> str:
    return ",".join(f"{branch.segment}:{branch.dilation}" for branch in pattern.branches)


def input_files(what: Measurement, folder: Path) -> list[Path]:
    """Random inputs of `what`, which are written if they are new."""
    shape = (1, what.heads, what.tokens, what.head_dim)
    paths = []
    for number, name in enumerate(["q", "k", "v"] + ["dout"] * what.gradient):
        paths.append(folder / f"{name}-{what.heads}-{what.tokens}-{what.head_dim}.npy")
        if not paths[-1].exists():
            rng = np.random.default_rng(number)
            np.save(paths[-1], rng.standard_normal(shape, dtype=np.float32))
    return paths


def run_once(what: Measurement, folder: Path, least: int) -> dict[str, Any]:
    inputs = input_files(what, folder)
    result = folder / "run.json"
    subprocess.run(
        [
            ROOT / "build/bin/longnet-run",
            f"--pattern={what.pattern}",
            f"--dtype={what.dtype}",
            f"--threads={what.threads}",
            f"--repeat={what.repeat(least)}",
            f"--json={result}",
            f"--f32-products={what.products}",
        ]
        + ["--causal"] * what.causal
        + ["--grad"] * what.gradient
        + [f"--input={path}" for path in inputs]
        + [f"--output={folder}/out.npy"],
        check=True,
    )
    return json.loads(result.read_text())


def peaks(folder: Path) -> tuple[float, float]:
    """GFLOP/s of a core by f32 FMA, and of bf16 by tiles, dot products or FMA: what there is."""
    program = folder / "peak"
    subprocess.run(
        ["clang-22", "-O3", "-march=native", "-o", program, ROOT / "benchmarks/peak.c"], check=True
    )
    done = subprocess.run([program], check=True, capture_output=True, text=True)
    fma, dots, tiles = map(float, done.stdout.split())
    return fma, tiles or dots or fma


def machine() -> dict[str, Any]:
    """What runs this. Models share marketing names, so LLVM's goes into names of files."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)
    commit = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    )
    described = subprocess.run(
        ["llc-22", "--version"], check=True, capture_output=True, text=True
    ).stdout
    return {
        "cpu": model[1] if model else platform.processor(),
        "llvm_cpu": re.search(r"Host CPU: (\S+)", described)[1],
        "cores": os.cpu_count(),
        "features": features(),
        "commit": commit.stdout.strip(),
    }


def plot(report: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    speed = [run for run in report["runs"] if "thread" in run["name"] and run["threads"] == 2]
    linear = [run for run in report["runs"] if run["name"].startswith("geometric")]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    left.barh(
        [run["name"].removesuffix(", 2 threads") for run in speed],
        [100 * run["share_of_peak"] for run in speed],
        color=["#3b6fb6" if run["dtype"] == "f32" else "#b4476b" for run in speed],
    )
    left.invert_yaxis()
    left.set_xlabel("% of two cores' peak (f32 by FMA, bf16 by the widest unit), useful pairs only")
    left.set_xlim(0, 100)
    left.set_title("Paper's pattern, 32K tokens, 2 heads, 2 threads", fontsize=10)
    left.tick_params(labelsize=8)
    right.plot(
        [run["tokens"] for run in linear],
        [1e6 * run["median_seconds"] / run["tokens"] for run in linear],
        "o-",
        color="#3b6fb6",
        label="measured",
    )
    first = linear[0]
    right.plot(
        [run["tokens"] for run in linear],
        [
            1e6 * first["median_seconds"] / first["flop"] * run["flop"] / run["tokens"]
            for run in linear
        ],
        "--",
        color="#b4bac3",
        label="in proportion to the pairs",
    )
    right.set_xscale("log", base=2)
    right.set_ylim(0, 1.3 * max(1e6 * run["median_seconds"] / run["tokens"] for run in linear))
    right.set_xlabel("tokens")
    right.set_ylabel("microseconds a token, 1 thread")
    right.set_title("Geometric pattern, one head, D = 64", fontsize=10)
    right.legend(fontsize=8)
    figure.savefig(path, dpi=120)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds")
    parser.add_argument("--repeat", type=int, default=3, help="least timed runs in each round")
    parser.add_argument("--output", type=Path, help="the JSON file")
    arguments = parser.parse_args()
    what = measurements()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        limits = [peaks(folder)]
        rounds: list[list[dict[str, Any]]] = []
        for _ in range(arguments.rounds):
            rounds.append([run_once(each, folder, arguments.repeat) for each in what])
            limits.append(peaks(folder))
    runs = []
    for index, each in enumerate(what):
        results = [results[index] for results in rounds]
        seconds = sorted(second for result in results for second in result["seconds"])
        median = statistics.median(seconds)
        runs.append(
            {
                **each.__dict__,
                "median_seconds": median,
                "seconds": seconds,
                "flop": results[0]["flop"],
                "gflops": results[0]["flop"] / median * 1e-9,
                "best_gflops": results[0]["flop"] / seconds[0] * 1e-9,
                "tokens_per_second": each.tokens / median,
                "peak_memory_bytes": max(result["peak_memory_bytes"] for result in results),
                "compile_seconds": statistics.median(
                    result["compile_seconds"] for result in results
                ),
            }
        )
    limits_of = dict(zip(("f32", "bf16"), zip(*limits, strict=True), strict=True))
    medians = {dtype: statistics.median(found) for dtype, found in limits_of.items()}
    best = {dtype: max(found) for dtype, found in limits_of.items()}
    for run in runs:
        dtype, threads = run["dtype"], run["threads"]
        run["share_of_peak"] = run["gflops"] / threads / medians[dtype]
        run["best_share_of_peak"] = run["best_gflops"] / threads / best[dtype]
    report = {
        "machine": machine(),
        "fma_peak_gflops": medians["f32"],
        "bf16_peak_gflops": medians["bf16"],
        "best_fma_peak_gflops": best["f32"],
        "best_bf16_peak_gflops": best["bf16"],
        "runs": runs,
    }
    output = (
        arguments.output or ROOT / f"benchmarks/results/cpu-{report['machine']['llvm_cpu']}.json"
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(report, indent=1) + "\n")
    plot(report, output.with_suffix(".png"))
    for dtype in medians:
        print(f"{dtype} peak of a core: {medians[dtype]:.1f} GFLOP/s, best {best[dtype]:.1f}")
    for run in runs:
        print(
            f"{run['name']:44} {run['gflops']:7.1f} GFLOP/s {100 * run['share_of_peak']:3.0f} %  best {run['best_gflops']:7.1f} {100 * run['best_share_of_peak']:3.0f} %  {1e6 * run['median_seconds'] / run['tokens']:7.2f} us/token"
            f"  {run['peak_memory_bytes'] / 2**20:6.1f} MiB  compiled in {run['compile_seconds']:.2f} s"
        )
    print(f"wrote {output} and {output.with_suffix('.png')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
