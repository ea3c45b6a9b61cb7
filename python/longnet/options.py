# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Command-line options that describe a pattern, spelled as `longnet-run` spells them."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from longnet.pattern import PADDINGS, Pattern


def add_pattern_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pattern",
        required=True,
        metavar="W:R,...",
        help="segment length and dilation rate of every branch, such as 2048:1,4096:2",
    )
    parser.add_argument(
        "--head-offset",
        metavar="SCHEME",
        help="cyclic (default), blocked (default with torchscale padding), none, or a list 0/1/1/0",
    )
    parser.add_argument("--padding", choices=PADDINGS, default="mask")
    parser.add_argument("--causal", action="store_true", help="hide the keys after a query")


def pattern_of(arguments: argparse.Namespace) -> Pattern:
    return Pattern.parse(arguments.pattern, arguments.head_offset, arguments.padding)


def run_main(parser: argparse.ArgumentParser, main: Callable[[argparse.Namespace], int]) -> int:
    """Runs `main` on the command line; bad files and values end with the usage and status 2."""
    try:
        return main(parser.parse_args())
    except (OSError, ValueError) as error:
        parser.error(str(error))
