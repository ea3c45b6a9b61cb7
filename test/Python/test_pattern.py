# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import itertools

import numpy as np
import pytest
from longnet.pattern import CONFIGURATIONS, Branch, Pattern, parse_head_offset

PATTERNS = [
    Pattern.parse("8:1,16:2,32:4"),
    Pattern.parse("7:3,13:5,100:2", "blocked"),
    Pattern.parse("5:9", "none"),
    Pattern((Branch(6, 2, (0, 1, 1, 0, 1)), Branch(9, 4, "cyclic"))),
]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("scheme", ["cyclic", "blocked", "none", (2, 0, 1)])
def test_visible_is_the_definition(scheme, causal):
    branch, offset, length = Branch(7, 3, scheme), 4, 11
    visible = branch.visible(3, 9, 15, causal=causal, query_offset=offset, kv_length=length)
    phases = {"cyclic": (0, 1, 2), "blocked": (0, 1, 2), "none": (0, 0, 0)}.get(scheme, scheme)
    for h, i, t in itertools.product(range(3), range(9), range(15)):
        p, s = i + offset, phases[h]
        expected = p // 7 == t // 7 and p % 7 % 3 == s and t % 7 % 3 == s and t < length
        assert visible[h, i, t] == (expected and (t <= p or not causal))


@pytest.mark.parametrize("pattern", PATTERNS, ids=str)
@pytest.mark.parametrize("n", [0, 1, 2, 31, 32, 64, 77])
def test_arithmetic_counts_the_multiplicity(pattern, n):
    for causal in (False, True):
        counted = pattern.multiplicity(5, n, n, causal=causal)
        assert pattern.pairs(n, 5, causal=causal) == counted.sum()
    covered = (pattern.multiplicity(5, n, n) > 0).any(axis=2)
    assert pattern.covered_rows(n, 5) == covered.sum()
    assert pattern.coverage(n, 5) == (covered.mean() if n else 1.0)


def test_coverage_of_many_periods():
    pattern = Pattern.parse("4:2,6:3", "none")
    assert pattern.covered_rows(1003, 2) == (pattern.multiplicity(2, 1003, 1003) > 0).any(2).sum()


def test_pairs_are_linear_when_everything_divides():
    n, pattern = 1 << 30, Pattern.parse("2048:1,4096:2,8192:4")
    pairs = n * 2048 + n * 4096 // 4 + n * 8192 // 16
    assert pattern.pairs(n, 12) == 12 * pairs


def test_flop_and_traffic():
    pattern = Pattern.parse("16:1")
    assert pattern.flop(32, 3, 8, batch=2) == 2 * 3 * (4 * 8) * 2 * 16 * 16
    assert pattern.flop(32, 3, 8, backward=True) == 3 * (10 * 8) * 2 * 16 * 16
    assert pattern.flop(32, 3, 8, 5, causal=True) == 3 * 2 * (8 + 5) * 2 * 16 * 17 // 2
    q, k, v, out, lse = (2 * 32 * x for x in (4 * 8, 2 * 8, 2 * 5, 4 * 5, 4))
    elements = q + k + v + out
    for dtype, size, lse_size in (("f64", 8, 8), ("f32", 4, 4), ("bf16", 2, 4), ("f16", 2, 4)):
        moved = pattern.traffic_bytes(32, 4, 8, 5, batch=2, kv_heads=2, dtype=dtype)
        assert moved == elements * size + lse * lse_size


def test_rows_of_a_segment():
    branch = Branch(10, 4)
    assert [branch.rows(10, phase) for phase in range(4)] == [3, 3, 2, 2]
    assert branch.rows(2, 3) == 0
    assert branch.segment_lengths(23) == {10: 2, 3: 1}
    assert branch.segment_lengths(7) == {7: 1}
    assert branch.segment_lengths(0) == {}


def test_phases():
    assert Branch(8, 3).phases(5) == (0, 1, 2, 0, 1)
    assert Branch(8, 3, "blocked").phases(5) == (0, 0, 1, 1, 2)
    assert Branch(8, 3, "blocked").phases(2) == (0, 1)
    assert Branch(8, 3, "none").phases(2) == (0, 0)
    assert Branch(8, 3, [2, 0]).phases(2) == (2, 0)


def test_parse():
    pattern = Pattern.parse("2048:1,4096:2", "0/0")
    assert pattern.branches == (Branch(2048, 1, (0, 0)), Branch(4096, 2, (0, 0)))
    assert str(pattern) == "2048:1,4096:2"
    assert Pattern.parse("4:2").branches[0].head_offset == "cyclic"
    assert Pattern.parse("4:2", padding="torchscale").branches[0].head_offset == "blocked"
    assert parse_head_offset("0/1/1/0") == (0, 1, 1, 0)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, "2048:1"),
        (2047, "2048:1"),
        (4096, "2048:1,4096:2"),
        (9000, "2048:1,4096:2,8192:4"),
    ],
)
def test_geometric(n, expected):
    assert str(Pattern.geometric(n)) == expected


def test_geometric_reaches_a_billion_tokens():
    pattern = Pattern.geometric(1 << 30)
    assert len(pattern.branches) == 20
    assert pattern.branches[-1] == Branch(1 << 30, 1 << 19)


def test_scaled_down_keeps_dilations():
    assert str(Pattern.parse("2048:1,4096:2,3:3").scaled_down(128)) == "16:1,32:2,1:3"


def test_configurations():
    assert set(CONFIGURATIONS) == {
        "paper-lm",
        "torchscale-readme",
        "gigapath",
        "gigapath-panda",
        "longvit-1024px",
        "longvit-8192px",
        "longvit-32768px",
        "geometric",
    }
    for configuration in CONFIGURATIONS.values():
        n = configuration.lengths[0]
        pattern = configuration.pattern(n)
        assert pattern.coverage(n, configuration.heads) == 1.0
        if configuration.branches is not None:
            assert str(pattern) == configuration.branches


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Branch(0, 1), "segment: expected an integer >= 1, got 0"),
        (lambda: Branch(4, 1.5), "dilation: expected an integer >= 1, got 1.5"),
        (lambda: Branch(4, True), "dilation: expected an integer >= 1, got True"),
        (lambda: Branch(4, 2, "diagonal"), "head_offset: expected one of cyclic"),
        (lambda: Branch(4, 2, (0, 2)), r"head_offset: expected integers in \[0, 2\), got \[0, 2\]"),
        (lambda: Branch(4, 2, (0, 1)).phases(3), "head_offset: expected 3 entries.*got 2"),
        (lambda: Pattern(()), "branches: expected at least one"),
        (lambda: Pattern.parse("4:2", padding="zeros"), "padding: expected one of mask"),
        (lambda: Pattern.parse("4:2", "cyclic", "torchscale"), "head_offset: expected blocked"),
        (lambda: Pattern.parse(""), "pattern: expected SEGMENT:DILATION"),
        (lambda: Pattern.parse("4:1, 8:2"), "pattern: expected SEGMENT:DILATION"),
        (lambda: Pattern.parse("4"), "pattern: expected SEGMENT:DILATION"),
        (lambda: Pattern.parse("4:-1"), "pattern: expected SEGMENT:DILATION"),
        (lambda: Pattern.parse("4:2", "0/x"), "head_offset: expected one of cyclic"),
        (lambda: Pattern.geometric(64, 0), "w0: expected an integer >= 1"),
        (lambda: PATTERNS[0].traffic_bytes(4, 1, 4, dtype="f8"), "dtype: expected one of f64"),
        (
            lambda: Pattern.parse("4:2", padding="torchscale").multiplicity(1, 4, 4),
            "padding: expected mask",
        ),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_offset_accepts_numpy_integers():
    branch = Branch(np.int64(8), np.int32(2), tuple(np.array([0, 1])))
    assert branch == Branch(8, 2, (0, 1))


def test_only_torchscale_moves_rows():
    assert Pattern.parse("7:2,4:3").is_aligned
    assert Pattern.parse("8:2,12:3", padding="torchscale").is_aligned
    assert not Pattern.parse("8:2,12:5", padding="torchscale").is_aligned
