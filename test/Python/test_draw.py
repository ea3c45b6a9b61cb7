# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import struct

import numpy as np
import pytest
from longnet import Pattern
from longnet.draw import draw, shrink_factor


def panels(figure):
    return [axes for axes in figure.axes if axes.images]


def shown(panel):
    return np.asarray(panel.images[0].get_array())


@pytest.mark.parametrize("causal", [False, True])
def test_panels_show_the_pattern(causal):
    pattern = Pattern.parse("16:1,32:2,64:4")
    drawn = panels(draw(pattern, tokens=64, heads=3, causal=causal))
    assert len(drawn) == 3 * 4
    for column, branch in enumerate(pattern.branches):
        visible = branch.visible(3, 64, 64, causal=causal)
        for head in range(3):
            np.testing.assert_array_equal(shown(drawn[4 * head + column]), visible[head])
    multiplicity = pattern.multiplicity(3, 64, 64, causal=causal)
    for head in range(3):
        np.testing.assert_array_equal(shown(drawn[4 * head + 3]), multiplicity[head])


def test_one_branch_needs_no_union():
    assert len(panels(draw(Pattern.parse("4:2"), tokens=16, heads=2))) == 2


def test_long_segments_are_scaled_down():
    pattern = Pattern.parse("2048:1,4096:2,8192:4")
    assert shrink_factor(pattern, 64) == 128
    small = Pattern.parse("16:1,32:2,64:4").multiplicity(1, 64, 64)
    figure = draw(pattern, tokens=64, heads=1)
    np.testing.assert_array_equal(shown(panels(figure)[-1]), small[0])
    assert "segments drawn 1 : 128" in {text.get_text() for text in figure.texts}


@pytest.mark.parametrize(
    ("text", "tokens", "factor"),
    [("16:1", 16, 1), ("4:1", 64, 1), ("2048:1,32768:12", 96, 512), ("1024:1,5793:2", 64, 91)],
)
def test_shrink_factor(text, tokens, factor):
    assert shrink_factor(Pattern.parse(text), tokens) == factor


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tokens": 0}, r"tokens: expected an integer in \[1, 512\], got 0"),
        ({"tokens": 513}, "tokens: expected"),
        ({"heads": 0}, "heads: expected"),
    ],
)
def test_sizes_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(Pattern.parse("4:2"), **arguments)


def test_one_token():
    assert len(panels(draw(Pattern.parse("4:2,4:1"), tokens=1, heads=1))) == 3


def test_command_line_png(tmp_path, run_module):
    path = tmp_path / "pattern.png"
    done = run_module(
        "draw",
        "--pattern=2048:1,4096:2",
        "--tokens=32",
        "--heads=2",
        "--causal",
        "--dpi=80",
        "-o",
        path,
    )
    assert done.returncode == 0, done.stderr
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert width > 300
    assert height > 300


def test_command_line_svg(tmp_path, run_module):
    path = tmp_path / "pattern.svg"
    done = run_module("draw", "--pattern=8:2", "--head-offset=0/1", "--heads=2", "-o", path)
    assert done.returncode == 0, done.stderr
    assert "<svg" in path.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pattern=8"], "pattern: expected SEGMENT:DILATION"),
        (["--pattern=8:2", "--head-offset=0/1"], "head_offset: expected 4 entries"),
        (["--pattern=8:2", "--padding=torchscale"], "padding: expected mask"),
    ],
)
def test_command_line_errors(tmp_path, run_module, arguments, message):
    path = tmp_path / "pattern.png"
    done = run_module("draw", *arguments, "-o", path)
    assert done.returncode == 2
    assert message in done.stderr
    assert not path.exists()
