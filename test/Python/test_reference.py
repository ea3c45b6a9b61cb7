# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np
import pytest
from longnet import (
    Branch,
    Pattern,
    backward,
    branch_forward,
    combine,
    dense_forward,
    forward,
    reference,
    rows,
    torchscale_forward,
)

TOLERANCE = 1e-12


def assert_close(got, expected):
    """Equal to rounding, with the same infinities."""
    for x, y in zip(got, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=False)


def random_pattern(rng, heads):
    branches = []
    for _ in range(rng.integers(1, 4)):
        r = int(rng.integers(1, 8))
        schemes = ["cyclic", "blocked", "none", tuple(rng.integers(r, size=heads).tolist())]
        branches.append(Branch(int(rng.integers(1, 60)), r, schemes[rng.integers(4)]))
    return Pattern(tuple(branches))


def random_problem(seed, *, square=False):
    """q, k, v, pattern and options with everything that is legal at once."""
    rng = np.random.default_rng(seed)
    batch, kv_heads = rng.integers(1, 4, size=2)
    heads = int(kv_heads * rng.integers(1, 4))
    nq, nk = rng.integers(0, 70, size=2)
    nk = nq if square else nk
    q = rng.normal(size=(batch, heads, nq, 6)) * 2
    k = rng.normal(size=(batch, kv_heads, nk, 6))
    v = rng.normal(size=(batch, kv_heads, nk, 5))
    options = {"causal": bool(rng.integers(2)), "query_offset": int(rng.integers(3) * 17)}
    if rng.integers(2):
        options["kv_lengths"] = rng.integers(nk + 1, size=batch)
    if rng.integers(2):
        options["scale"] = float(rng.normal())
    return q, k, v, random_pattern(rng, heads), options


def torchscale_problem(seed):
    rng = np.random.default_rng(seed)
    heads, n = int(rng.integers(1, 6)), int(rng.integers(0, 60))
    q, k, v = rng.normal(size=(3, 2, heads, n, 6))
    pairs = [(int(rng.integers(1, 70)), int(rng.integers(1, 8))) for _ in range(3)]
    return q, k, v, Pattern.of(pairs, padding="torchscale")


@pytest.mark.parametrize("seed", range(150))
def test_strided_equals_dense(seed):
    q, k, v, pattern, options = random_problem(seed)
    got = forward(q, k, v, pattern, **options)
    assert_close(got, dense_forward(q, k, v, pattern, **options))
    assert_close(got, combine(*branch_forward(q, k, v, pattern, **options)))


@pytest.mark.parametrize("seed", range(100))
def test_torchscale_equals_its_own_data_movement(seed):
    q, k, v, pattern = torchscale_problem(seed)
    assert_close(forward(q, k, v, pattern), torchscale_forward(q, k, v, pattern))


@pytest.mark.parametrize("seed", range(30))
def test_single_rows(seed):
    q, k, v, pattern, options = random_problem(seed)
    if seed % 3 == 0:
        q, k, v, pattern = torchscale_problem(seed)
        options = {}
    out, lse = forward(q, k, v, pattern, **options)
    for b, h in np.ndindex(q.shape[:2]):
        got = rows(q, k, v, pattern, b, h, range(q.shape[2]), **options)
        assert_close(got, (out[b, h], lse[b, h]))


def test_tiles_do_not_matter(monkeypatch):
    problems = [random_problem(seed) for seed in range(20)]
    problems += [(*torchscale_problem(seed), {}) for seed in range(20)]

    def results():
        for q, k, v, pattern, options in problems:
            yield forward(q, k, v, pattern, **options)
            dout = np.ones((*q.shape[:3], v.shape[3]))
            yield backward(dout, q, k, v, pattern, **options)

    whole = list(results())
    monkeypatch.setattr(reference, "_TILE_SCORES", 20)
    for got, expected in zip(results(), whole, strict=True):
        assert_close(got, expected)


def softmax(score):
    weight = np.exp(score - score.max(axis=-1, keepdims=True))
    return weight / weight.sum(axis=-1, keepdims=True)


def test_one_branch_over_everything_is_plain_attention():
    q, k, v = np.random.default_rng(0).normal(size=(3, 2, 3, 40, 8))
    score = q @ k.swapaxes(2, 3) / np.sqrt(8)
    out, lse = forward(q, k, v, Pattern.parse("64:1"))
    assert_close((out, lse), (softmax(score) @ v, np.log(np.exp(score).sum(-1))))


def test_a_key_seen_twice_counts_twice():
    q, k, v, pattern, options = random_problem(3)
    out, lse = forward(q, k, v, pattern, **options)
    twice = Pattern(pattern.branches * 2)
    assert_close(forward(q, k, v, twice, **options), (out, lse + np.log(2)))


def test_the_order_of_branches_does_not_matter():
    q, k, v, pattern, options = random_problem(2)
    backwards = Pattern(pattern.branches[::-1])
    assert_close(forward(q, k, v, pattern, **options), forward(q, k, v, backwards, **options))


def test_uncovered_rows_are_zero():
    q, k, v = np.random.default_rng(0).normal(size=(3, 1, 2, 20, 4))
    out, lse = forward(q, k, v, Pattern.parse("10:5", "none"))
    covered = np.arange(20) % 5 == 0
    assert np.isfinite(lse[..., covered]).all()
    assert (lse[..., ~covered] == -np.inf).all()
    assert (out[..., ~covered, :] == 0).all()


def test_decoding_equals_the_whole_sequence():
    q, k, v, pattern, _ = random_problem(1, square=True)
    n = q.shape[2]
    out, lse = forward(q, k, v, pattern, causal=True)
    for first, last in ((n - 1, n), (n // 3, n // 2)):
        got = forward(
            q[:, :, first:last],
            k[:, :, :last],
            v[:, :, :last],
            pattern,
            causal=True,
            query_offset=first,
        )
        assert_close(got, (out[:, :, first:last], lse[:, :, first:last]))


@pytest.mark.parametrize("shift", [-5000.0, 0.0, 5000.0])
def test_scores_beyond_the_exponential(shift):
    pattern = Pattern.parse("8:1,16:2")
    q, k, v = np.random.default_rng(0).integers(-8, 8, size=(3, 1, 2, 16, 4)).astype(float)
    q[..., 0], k[..., 0] = 1, shift
    out, lse = forward(q, k, v, pattern, scale=1.0)
    k[..., 0] = 0
    assert_close((out, lse - shift), forward(q, k, v, pattern, scale=1.0))


def test_torchscale_is_the_mask_when_everything_divides():
    q, k, v = np.random.default_rng(0).normal(size=(3, 1, 4, 64, 8))
    padded = Pattern.parse("8:1,16:2,32:4", padding="torchscale")
    masked = Pattern.parse("8:1,16:2,32:4", "blocked")
    assert_close(forward(q, k, v, padded), forward(q, k, v, masked))


def test_torchscale_missing_key():
    q, k, v = np.random.default_rng(0).normal(size=(3, 1, 1, 3, 4))
    out, lse = forward(q, k, v, Pattern.parse("2:1", padding="torchscale"))
    # The last segment has one key and one of score 0 and value 0.
    x = np.exp(q[0, 0, 2] @ k[0, 0, 2] / 2)
    assert_close((out[0, 0, 2], lse[0, 0, 2]), (x / (x + 1) * v[0, 0, 2], np.log(x + 1)))


def test_torchscale_late_rows():
    q, k, v = np.random.default_rng(0).normal(size=(3, 1, 1, 6, 4))
    out, lse = forward(q, k, v, Pattern.parse("3:2", padding="torchscale"))
    # ceil(3 / 2) * 2 = 4 rows a segment: row 4 answers query 3, which sees keys 3 and 5.
    assert (lse[0, 0] == -np.inf).tolist() == [False, True, False, True, False, True]
    assert_close([out[0, 0, 4]], [softmax(q[0, 0, 3] @ k[0, 0, [3, 5]].T / 2) @ v[0, 0, [3, 5]]])


def complex_attention(q, k, v, multiplicity, scale):
    """out and lse of one softmax with multiplicities [H, N, N], for complex arguments.

    lse is 0 where it should be -inf.
    """
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat(group, axis=1), v.repeat(group, axis=1)
    score = scale * (q @ k.swapaxes(2, 3))
    level = score.real.max(axis=-1, keepdims=True, initial=-1e9)
    weight = multiplicity * np.exp(score - level)
    total = weight.sum(axis=-1, keepdims=True)
    covered = total != 0
    total = np.where(covered, total, 1)
    return weight @ v / total, np.where(covered, level + np.log(total), 0)[..., 0]


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_gradient_by_complex_step(seed, detached):
    q, k, v, pattern, options = random_problem(seed, square=True)
    options.pop("kv_lengths", None)
    n, heads = q.shape[2], q.shape[1]
    scale = options.get("scale", 6**-0.5)
    rng = np.random.default_rng(seed)
    dout, dlse = rng.normal(size=(*q.shape[:3], 5)), rng.normal(size=q.shape[:3])
    shown = [
        branch.visible(heads, n, n, causal=options["causal"], query_offset=options["query_offset"])
        for branch in pattern.branches
    ]
    _, lse = branch_forward(q, k, v, pattern, **options)
    level = np.where(np.isinf(lse.max(0)), 0, lse.max(0))
    total = np.exp(lse - level).sum(0)
    weights = np.exp(lse - level) / np.where(total == 0, 1, total)

    def loss(q, k, v):
        out, lse = complex_attention(q, k, v, sum(x.astype(int) for x in shown), scale)
        if detached:
            outs = [complex_attention(q, k, v, mask, scale)[0] for mask in shown]
            out = sum(w[..., None] * x for w, x in zip(weights, outs, strict=True))
        return (dout * out).sum() + (dlse * lse).sum()

    steps = [rng.normal(size=x.shape) for x in (q, k, v)]
    expected = loss(*(x + 1e-30j * s for x, s in zip((q, k, v), steps, strict=True))).imag / 1e-30
    gradients = backward(dout, q, k, v, pattern, dlse=dlse, detached=detached, **options)
    got = sum((g * s).sum() for g, s in zip(gradients, steps, strict=True))
    assert got == pytest.approx(expected, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("seed", range(10))
def test_gradient_with_torchscale_padding(seed):
    q, k, v, pattern = torchscale_problem(seed)
    rng = np.random.default_rng(seed)
    dout = rng.normal(size=q.shape)
    steps = [1e-5 * rng.normal(size=x.shape) for x in (q, k, v)]
    above, below = (
        (
            dout * forward(*(x + s * y for x, y in zip((q, k, v), steps, strict=True)), pattern)[0]
        ).sum()
        for s in (1, -1)
    )
    gradients = backward(dout, q, k, v, pattern)
    got = sum((g * s).sum() for g, s in zip(gradients, steps, strict=True))
    assert got == pytest.approx((above - below) / 2, rel=1e-6, abs=1e-11)


def test_gradient_with_key_lengths():
    q, k, v, pattern, _ = random_problem(5, square=True)
    lengths = [k.shape[2] // 2] * k.shape[0]
    dout = np.random.default_rng(0).normal(size=(*q.shape[:3], 5))
    dq, dk, dv = backward(dout, q, k, v, pattern, kv_lengths=lengths)
    kept = k[:, :, : lengths[0]], v[:, :, : lengths[0]]
    want_q, want_k, want_v = backward(dout, q, *kept, pattern)
    assert_close((dq, dk[:, :, : lengths[0]], dv[:, :, : lengths[0]]), (want_q, want_k, want_v))
    assert not dk[:, :, lengths[0] :].any()
    assert not dv[:, :, lengths[0] :].any()


def test_dv_does_not_depend_on_detaching():
    q, k, v, pattern, options = random_problem(4)
    dout = np.random.default_rng(0).normal(size=(*q.shape[:3], 5))
    exact, detached = (
        backward(dout, q, k, v, pattern, detached=x, **options) for x in (False, True)
    )
    assert_close([exact[2]], [detached[2]])


def test_long_sequence_in_strided_rows():
    n, heads = 5309, 4
    q, k, v = np.random.default_rng(0).normal(size=(3, 1, heads, n, 8))
    pattern = Pattern.parse("1024:1,5792:2,32768:4,185363:8,1048576:16", "blocked")
    out, lse = forward(q, k, v, pattern)
    picked = [0, 1023, 1024, 3000, n - 1]
    for h in range(heads):
        assert_close(rows(q, k, v, pattern, 0, h, picked), (out[0, h, picked], lse[0, h, picked]))


Q, K, V = np.zeros((2, 4, 6, 8)), np.zeros((2, 2, 6, 8)), np.zeros((2, 2, 6, 5))
P, T = Pattern.parse("4:2"), Pattern.parse("4:2", padding="torchscale")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: forward(Q[0], K, V, P), "q: expected 4 dimensions"),
        (lambda: forward(Q, K[..., :7], V, P), "k: expected batch 2 and head dimension 8"),
        (lambda: forward(Q, K[:1], V, P), "k: expected batch 2"),
        (lambda: forward(Q, K, V[:, :, :5], P), r"v: expected .*\(2, 2, 6\) as in k"),
        (lambda: forward(Q[:, :3], K, V, P), "k: expected a number of heads that divides 3, got 2"),
        (lambda: forward(Q, K[:, :0], V[:, :0], P), "at least one head"),
        (lambda: forward(Q.astype(complex), K, V, P), "q: expected real numbers"),
        (lambda: forward(Q, K, V, "4:2"), "pattern: expected a longnet.Pattern, got str"),
        (lambda: forward(Q, K, V, P, scale=np.nan), "scale: expected a finite number"),
        (lambda: forward(Q, K, V, P, query_offset=-1), "query_offset: expected an integer >= 0"),
        (lambda: forward(Q, K, V, P, query_offset=0.5), "query_offset: expected an integer >= 0"),
        (lambda: forward(Q, K, V, P, kv_lengths=[1]), "kv_lengths: expected 2 integers"),
        (lambda: forward(Q, K, V, P, kv_lengths=[1.0, 2.0]), "kv_lengths: expected 2 integers"),
        (
            lambda: forward(Q, K, V, P, kv_lengths=[1, 7]),
            r"kv_lengths: expected values in \[0, 6\]",
        ),
        (
            lambda: forward(Q, K, V, P, kv_lengths=[-1, 2]),
            r"kv_lengths: expected values in \[0, 6\]",
        ),
        (lambda: forward(Q, K, V, T, causal=True), "causal: expected False with torchscale"),
        (lambda: forward(Q, K, V, T, query_offset=1), "query_offset: expected 0 with torchscale"),
        (
            lambda: forward(Q, K, V, T, kv_lengths=[6, 6]),
            "kv_lengths: expected None with torchscale",
        ),
        (lambda: forward(Q[:, :, :5], K, V, T), "q: expected as many rows as k"),
        (lambda: backward(Q, Q, K, V, P), r"dout: expected shape \(2, 4, 6, 5\)"),
        (
            lambda: backward(Q[..., :5], Q, K, V, P, dlse=Q[0, 0]),
            r"dlse: expected shape \(2, 4, 6\)",
        ),
        (lambda: rows(Q, K, V, P, 2, 0, [0]), r"batch: expected an index in \[0, 2\), got 2"),
        (lambda: rows(Q, K, V, P, 0, 4, [0]), r"head: expected an index in \[0, 4\), got 4"),
        (lambda: rows(Q, K, V, P, 0, 0, [6]), r"indices: expected an index in \[0, 6\), got 6"),
        (lambda: combine(Q, Q), "branch_lse: expected shape"),
        (lambda: dense_forward(Q, K, V, T), "padding: expected mask"),
        (lambda: torchscale_forward(Q, K, V, P), "padding: expected torchscale"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
