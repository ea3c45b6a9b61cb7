# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Medians, ratios within a round, geometric means, the table and the plot."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from peer.case import Case

OURS, BASE = "LongNet Compiler", "PyTorch"
COLOURS = {
    OURS: "#3b6fb6",
    BASE: "#b4476b",
    "torchscale": "#d9a441",
    "JAX": "#4f9d69",
    "IREE": "#8a6bb1",
}


def _quartiles(seconds: list[float]) -> list[float]:
    if len(seconds) == 1:
        return seconds * 2
    low, _, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return [low, high]


def _failures(run: dict[str, Any]) -> list[str]:
    return [each for each in run["rounds"] if isinstance(each, str)]


def summarize(runs: list[dict[str, Any]], case: Case) -> list[dict[str, Any]]:
    """Replaces the rounds of every run by numbers, the first round giving errors and compile time.

    speedup_over_pytorch is the median over its rounds of what PyTorch took by what the run took.
    """
    medians = {
        (run["dtype"], run["mode"], run["implementation"]): [
            statistics.median(each["seconds"]) for each in run["rounds"]
        ]
        for run in runs
        if not _failures(run)
    }
    summaries = []
    for run in runs:
        failures = _failures(run)
        rounds = run.pop("rounds")
        if failures:
            summaries.append({**run, "failure": failures[0]})
            continue
        seconds = sorted(second for each in rounds for second in each["seconds"])
        base = medians.get((run["dtype"], run["mode"], BASE))
        own = medians[run["dtype"], run["mode"], run["implementation"]]
        flop = case.flop(run["mode"] != "forward")
        summaries.append(
            {
                **run,
                "variant": rounds[0].get("variant"),
                "median_seconds": statistics.median(seconds),
                "quartiles": _quartiles(seconds),
                "seconds": [each["seconds"] for each in rounds],
                "gflops": flop / statistics.median(seconds) * 1e-9,
                "speedup_over_pytorch": statistics.median(b / o for b, o in zip(base, own))
                if base
                else None,
                "error": rounds[0]["error"],
                "peak_memory_bytes": max(each["peak_memory_bytes"] for each in rounds),
                "compile_seconds": max(each["compile_seconds"] for each in rounds),
                "command": rounds[0]["command"],
            }
        )
    return summaries


def speedups(runs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Geometric means over the cases, the dense one left out."""
    groups: dict[tuple[str, str, str], dict[str, float]] = {}
    for run in runs:
        if run["implementation"] == BASE or run["case"] == "S":
            continue
        if run.get("speedup_over_pytorch"):
            key = run["implementation"], run["dtype"], run["mode"]
            groups.setdefault(key, {})[run["case"]] = run["speedup_over_pytorch"]
    return [
        {
            "implementation": implementation,
            "dtype": dtype,
            "mode": mode,
            "cases": list(ratios),
            "geometric_mean": statistics.geometric_mean(ratios.values()),
        }
        for (implementation, dtype, mode), ratios in groups.items()
    ]


def table(report: dict[str, Any]) -> str:
    lines = []
    for run in report["runs"]:
        lines.append(
            f"{run['case']:10} {run['dtype']:4} {run['mode']:16} {run['implementation']:16}"
        )
        if "failure" in run:
            lines[-1] += f" {run['failure']}"
            continue
        ratio = run["speedup_over_pytorch"]
        error = max(run["error"].values(), default=None)
        lines[-1] += (
            f" {run['median_seconds']:9.3f} s {run['gflops']:6.1f} GFLOP/s"
            f" {'      ' if ratio is None else f'{ratio:5.2f}x'}"
            f" {'unchecked' if error is None else f'error {error:.1e}'}"
            f" {run['peak_memory_bytes'] / 2**20:7.0f} MiB, compiled in"
            f" {run['compile_seconds']:.1f} s {run['variant'] or ''}"
        )
    for mean in report["speedup_over_pytorch"]:
        lines.append(
            f"{mean['implementation']:16} {mean['dtype']:4} {mean['mode']:16}"
            f" {mean['geometric_mean']:.3f} times as fast as PyTorch,"
            f" geometric mean of {len(mean['cases'])} cases"
        )
    return "\n".join(line.rstrip() for line in lines)


def plot(report: dict[str, Any], path: Path) -> None:
    """Speed-ups over PyTorch, a panel for each element type and mode."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    runs = [run for run in report["runs"] if run.get("speedup_over_pytorch")]
    modes = [m for m in ("forward", "forward+backward") if any(run["mode"] == m for run in runs)]
    dtypes = [d for d in ("f32", "bf16") if any(run["dtype"] == d for run in runs)]
    # PyTorch has no bars but a line at 1.
    names = [name for name in COLOURS if name != BASE]
    bars = {
        mode: [
            (case["name"], [name for name in names if _find(runs, case["name"], mode, name)])
            for case in report["cases"]
        ]
        for mode in modes
    }
    bars = {mode: [each for each in cases if each[1]] for mode, cases in bars.items()}
    heights = [sum(len(present) + 0.7 for _, present in bars[mode]) for mode in modes]
    figure, axes = plt.subplots(
        len(modes),
        len(dtypes),
        figsize=(5.2 * len(dtypes), 1.2 + 0.7 * len(modes) + 0.17 * sum(heights)),
        height_ratios=heights,
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    for mode, line in zip(modes, axes, strict=True):
        for dtype, axis in zip(dtypes, line, strict=True):
            _panel(axis, [run for run in runs if run["dtype"] == dtype], mode, bars[mode])
            axis.set_title(f"{mode}, {dtype}", fontsize=10)
    axes[0, 0].set_xlim(0, 1.12 * max(run["speedup_over_pytorch"] for run in runs))
    for axis in axes[-1]:
        axis.set_xlabel("speed-up over the best PyTorch composition")
    used = {name for cases in bars.values() for _, present in cases for name in present}
    handles = [
        plt.Rectangle((0, 0), 1, 1, color=COLOURS[name], label=name)
        for name in names
        if name in used
    ]
    handles.append(plt.Line2D([], [], color=COLOURS[BASE], label=BASE))
    figure.legend(handles=handles, loc="outside upper center", ncols=5, fontsize=8, frameon=False)
    figure.savefig(path, dpi=120)


def _find(runs: list[dict[str, Any]], case: str, mode: str, name: str) -> list[dict[str, Any]]:
    return [
        run
        for run in runs
        if (run["case"], run["mode"], run["implementation"]) == (case, mode, name)
    ]


def _panel(
    axis: Any, runs: list[dict[str, Any]], mode: str, bars: list[tuple[str, list[str]]]
) -> None:
    position, ticks = 0.0, []
    for case, present in bars:
        ticks.append(position + (len(present) - 1) / 2)
        for name in present:
            for run in _find(runs, case, mode, name):
                ratio = run["speedup_over_pytorch"]
                axis.barh(position, ratio, height=0.9, color=COLOURS[name])
                axis.annotate(
                    f"{ratio:.2f}",
                    (ratio, position),
                    (4, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=7,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
                )
            position += 1
        position += 0.7
    axis.axvline(1, color=COLOURS[BASE])
    axis.set_yticks(ticks, [case for case, _ in bars], fontsize=8)
    axis.set_ylim(position - 0.7, -0.7)
