# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws who attends to whom: a row of panels per head, a panel per branch, and one for all of them.

    python -m longnet.draw --pattern=2048:1,4096:2,8192:4 --causal -o pattern.png

Segments longer than the drawing are scaled down by a common factor. Needs matplotlib; the suffix
of the file (.png, .svg, .pdf) decides the format.
"""

from __future__ import annotations

import argparse
import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from longnet.options import add_pattern_options, pattern_of, run_main
from longnet.pattern import Pattern

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK = "#2b2f36"
_FAINT = "#b4bac3"
_PAPER = "#f5f6f8"
_BRANCH_COLORS = ("#3b6fb6", "#d9822b", "#3f9b6c", "#b4476b", "#7a5bb5", "#8a7a3c")
_MAX_TOKENS = 512
_MAX_HEADS = 32
_PANEL_INCHES = 1.7


def shrink_factor(pattern: Pattern, tokens: int) -> int:
    """What segment lengths are divided by for the longest to fit into `tokens`."""
    segments = [branch.segment for branch in pattern.branches]
    needed = max(1, -(-max(segments) // tokens))
    # A slightly larger factor that divides every segment draws their ratios exactly.
    common = math.gcd(*segments)
    return next((f for f in range(needed, 2 * needed) if common % f == 0), needed)


def draw(pattern: Pattern, tokens: int = 64, heads: int = 4, *, causal: bool = False) -> Figure:
    """The picture of `pattern` over `tokens` tokens. ValueError for sizes that cannot be drawn."""
    for name, value, limit in (("tokens", tokens, _MAX_TOKENS), ("heads", heads, _MAX_HEADS)):
        if not 1 <= value <= limit:
            raise ValueError(f"{name}: expected an integer in [1, {limit}], got {value}")
    from matplotlib.figure import Figure

    factor = shrink_factor(pattern, tokens)
    small = pattern.scaled_down(factor)
    multiplicity = small.multiplicity(heads, tokens, tokens, causal=causal)
    branches = len(small.branches)
    columns = branches + 1 if branches > 1 else 1
    figure = Figure(
        figsize=(_PANEL_INCHES * columns + 0.6, _PANEL_INCHES * heads + 1.0), layout="constrained"
    )
    panels = figure.subplots(heads, columns, squeeze=False, sharex=True, sharey=True)
    for column, branch in enumerate(small.branches):
        color = _BRANCH_COLORS[column % len(_BRANCH_COLORS)]
        visible = branch.visible(heads, tokens, tokens, causal=causal)
        for head, phase in enumerate(branch.phases(heads)):
            _matrix(panels[head, column], visible[head].astype(np.int64), (_PAPER, color))
            _outline_segments(panels[head, column], branch.segment, tokens)
            panels[head, column].set_title(f"phase {phase}", fontsize=7, color=_INK, pad=2)
        segment = pattern.branches[column].segment
        _column_title(panels[0, column], f"w = {segment}, r = {branch.dilation}", color)
    if branches > 1:
        shades = _shades(branches)
        for head in range(heads):
            _matrix(panels[head, -1], multiplicity[head], (_PAPER, *shades))
        _column_title(panels[0, -1], "all branches", _INK)
        _legend(figure, shades)
    for head in range(heads):
        panels[head, 0].set_ylabel(f"head {head}\nquery position", fontsize=7, color=_INK)
    for panel in panels[-1]:
        panel.set_xlabel("key position", fontsize=7, color=_INK)
    if factor > 1:
        figure.supxlabel(f"segments drawn 1 : {factor}", x=0.01, ha="left", fontsize=7, color=_INK)
    return figure


def _shades(count: int) -> list[tuple[float, float, float]]:
    """`count` greys from light to dark: the more branches show a key, the darker."""
    levels = np.linspace(0.72, 0.1, count).tolist()
    return [(level, level, min(1.0, level * 1.08)) for level in levels]


def _matrix(panel: Axes, values: NDArray[np.int64], colors: tuple[Any, ...]) -> None:
    from matplotlib.colors import ListedColormap

    n = len(values)
    panel.imshow(
        values,
        cmap=ListedColormap(list(colors)),
        vmin=-0.5,
        vmax=len(colors) - 0.5,
        extent=(0, n, n, 0),
        interpolation="none",
    )
    ticks = [0, n // 2, n] if n > 1 else [0, 1]
    panel.set_xticks(ticks)
    panel.set_yticks(ticks)
    panel.tick_params(length=2, width=0.5, labelsize=6, color=_FAINT, labelcolor=_INK, pad=1.5)
    for spine in panel.spines.values():
        spine.set(linewidth=0.5, edgecolor=_FAINT)


def _outline_segments(panel: Axes, segment: int, tokens: int) -> None:
    from matplotlib.patches import Rectangle

    for start in range(0, tokens, segment):
        size = min(segment, tokens - start)
        panel.add_patch(
            Rectangle((start, start), size, size, fill=False, linewidth=0.6, edgecolor=_FAINT)
        )


def _column_title(panel: Axes, text: str, color: str) -> None:
    panel.annotate(
        text,
        xy=(0.5, 1),
        xytext=(0, 14),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=9,
        fontweight="bold",
        color=color,
    )


def _legend(figure: Figure, shades: list[tuple[float, float, float]]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=shade, label=f"shown by {count} of {len(shades)} branches")
        for count, shade in enumerate(shades, start=1)
    ]
    figure.legend(
        handles=handles,
        loc="outside lower right",
        ncols=len(handles),
        fontsize=7,
        frameon=False,
        labelcolor=_INK,
        handlelength=1,
        handleheight=1,
    )


def _main(arguments: argparse.Namespace) -> int:
    figure = draw(pattern_of(arguments), arguments.tokens, arguments.heads, causal=arguments.causal)
    figure.savefig(arguments.output, dpi=arguments.dpi, facecolor="white")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m longnet.draw", description="Draw the attention pattern of a few heads."
    )
    add_pattern_options(parser)
    parser.add_argument("--tokens", type=int, default=64, help=f"at most {_MAX_TOKENS}")
    parser.add_argument("--heads", type=int, default=4, help=f"at most {_MAX_HEADS}")
    parser.add_argument("--dpi", type=int, default=200, help="resolution of a PNG")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="PNG, SVG or PDF")
    return parser


if __name__ == "__main__":
    sys.exit(run_main(_parser(), _main))
