# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from longnet import Branch, Pattern, branch_forward, combine, forward
from longnet.cases import (
    TRAITS,
    Case,
    compare,
    compare_gradients,
    configuration_cases,
    nonfinite_case,
    random_case,
    save_case,
)
from longnet.precision import DTYPES, EPSILON, GRADIENT_UNITS, round_to


def branches(case):
    return case.pattern.branches


def heads_and_rates(case):
    return [(case.q.shape[1], branch.dilation) for branch in branches(case)]


def empty_rows(case):
    return case.expected[1] == -np.inf


def scores(case):
    group = case.q.shape[1] // case.k.shape[1]
    scale = case.q.shape[3] ** -0.5 if case.scale is None else case.scale
    return scale * (case.q @ case.k.repeat(group, axis=1).swapaxes(2, 3).astype(np.float64))


def has_zero_branch_lse(case):
    _, lse = branch_forward(case.q, case.k, case.v, case.pattern, **case.options)
    return (lse[0, :, :, :: branches(case)[0].segment] == 0).all()


def torchscale_indivisible(case):
    return case.pattern.padding == "torchscale" and PROPERTIES["indivisible"](case)


PROPERTIES = {
    "no-tokens": lambda c: c.q.shape[2] == 0 and c.k.shape[2] == 0,
    "no-keys": lambda c: c.q.shape[2] > 0 and c.k.shape[2] == 0,
    "one-token": lambda c: c.q.shape[2] == 1 and c.k.shape[2] == 1,
    "shorter-than-segments": lambda c: all(b.segment > c.q.shape[2] for b in branches(c)),
    "ragged": lambda c: all(c.q.shape[2] % b.segment for b in branches(c)),
    "indivisible": lambda c: all(b.segment % b.dilation for b in branches(c)),
    "sparse": lambda c: all(b.dilation > b.segment for b in branches(c)),
    "few-heads": lambda c: all(h < r for h, r in heads_and_rates(c)),
    "uneven-heads": lambda c: all(h > r and h % r for h, r in heads_and_rates(c)),
    "uncovered-rows": lambda c: empty_rows(c).any() and not empty_rows(c).all(),
    "repeated-branch": lambda c: len(set(branches(c))) < len(branches(c)),
    "grouped-heads": lambda c: c.q.shape[1] > c.k.shape[1],
    "value-dim": lambda c: c.q.shape[3] != c.v.shape[3],
    "offset-list": lambda c: isinstance(branches(c)[0].head_offset, tuple),
    "scale": lambda c: c.scale is not None,
    "decode": lambda c: (
        c.causal
        and c.q.shape[2] == 1
        and c.query_offset == c.k.shape[2] - 1
        and not empty_rows(c).any()
    ),
    "chunk": lambda c: c.query_offset > 0 and c.q.shape[2] > 1,
    "other-length": lambda c: c.query_offset == 0 and c.q.shape[2] > 0,
    "key-lengths": lambda c: c.kv_lengths[0] == 0 and empty_rows(c)[0].all(),
    "large-scores": lambda c: np.abs(scores(c)).max() > 200 and np.ptp(scores(c)) > 88,
    "zero-lse": has_zero_branch_lse,
    "torchscale": lambda c: c.pattern.padding == "torchscale",
    "torchscale-indivisible": torchscale_indivisible,
}

ROUNDS = range(len(TRAITS) * len(DTYPES))


def test_every_trait_has_a_property():
    assert set(PROPERTIES) == set(TRAITS)


@pytest.mark.parametrize("seed", ROUNDS)
def test_random_case_has_its_trait(seed):
    case = random_case(seed)
    trait = case.name.rsplit("-", 1)[0]
    assert PROPERTIES[trait](case)
    out, lse = case.expected
    assert np.isfinite(out).all()
    assert not np.isnan(lse).any()
    assert (lse < np.inf).all()


def test_traits_meet_every_type():
    cases = [random_case(seed) for seed in ROUNDS]
    met = {(case.name.rsplit("-", 1)[0], case.dtype) for case in cases}
    assert met == {(trait, dtype) for trait in TRAITS for dtype in DTYPES}


def test_cases_are_reproducible():
    for make in (random_case, lambda seed: nonfinite_case(seed).case):
        first, second = make(17), make(17)
        for name in ("q", "k", "v"):
            assert getattr(first, name).tobytes() == getattr(second, name).tobytes()
        assert str(first) == str(second)


def test_same_numbers_in_another_type():
    case = dataclasses.replace(random_case(list(TRAITS).index("ragged")), dtype="bf16")
    for dtype in DTYPES:
        other = case.in_type(dtype)
        assert other.dtype == dtype
        for name in ("q", "k", "v", "dout"):
            array = getattr(other, name)
            assert array.dtype == (np.float64 if dtype == "f64" else np.float32)
            assert np.abs(array - getattr(case, name)).max() <= (2.0**-25 if dtype == "f16" else 0)
        assert other.expected is case.expected
        assert other.expected_gradients(True) is case.expected_gradients(True)


def test_gradients_of_out_are_reproducible():
    for seed in range(8):
        first, second = random_case(seed), random_case(seed)
        assert first.dout.tobytes() == second.dout.tobytes()
        assert first.dout.shape == (*first.q.shape[:3], first.v.shape[3])
        assert first.dout.dtype == first.q.dtype
        assert (round_to(first.dout, first.dtype) == first.dout).all()


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("seed", range(len(TRAITS)), ids=list(TRAITS))
def test_expected_gradients_are_those_of_the_forward_reference(seed, detached):
    case = dataclasses.replace(random_case(seed), dtype="f64")
    arrays = case.q, case.k, case.v
    _, branch_lse = branch_forward(*arrays, case.pattern, **case.options)
    rng = np.random.default_rng(seed)
    steps = [1e-6 * rng.normal(size=x.shape) for x in arrays]

    def loss(side):
        moved = (x + side * step for x, step in zip(arrays, steps, strict=True))
        outs, lses = branch_forward(*moved, case.pattern, **case.options)
        return (case.dout * combine(outs, branch_lse if detached else lses)[0]).sum()

    gradients = case.expected_gradients(detached)
    got = sum((x * step).sum() for x, step in zip(gradients, steps, strict=True))
    assert got == pytest.approx((loss(1) - loss(-1)) / 2, rel=1e-5, abs=1e-12)


def test_rounding():
    bf16 = round_to([1 + 2**-8, 1 + 3 * 2**-8, -(2**-130), np.inf, -np.inf, 3.4e38], "bf16")
    assert bf16.tolist() == [1.0, 1 + 2**-6, -(2**-130), np.inf, -np.inf, np.inf]
    assert np.isnan(round_to(np.array([np.nan, -np.nan]), "bf16")).all()
    # The payload of this NaN would carry into the sign if it were rounded.
    assert np.isnan(round_to(np.array([0x7FFFFFFF], dtype=np.uint32).view(np.float32), "bf16"))
    assert round_to([1 + 2**-11, 70000.0], "f16").tolist() == [1.0, np.inf]
    assert round_to([1 + 2**-30], "f32").tolist() == [1.0]
    assert round_to([1 + 2**-30], "f64").tolist() == [1 + 2**-30]
    for dtype in DTYPES:
        assert round_to([1 + EPSILON[dtype]], dtype)[0] == 1 + EPSILON[dtype]
        assert round_to([1 + EPSILON[dtype] / 4], dtype)[0] == 1
        assert round_to([1.0], dtype).dtype == (np.float64 if dtype == "f64" else np.float32)
    with pytest.raises(ValueError, match="dtype: expected one of f32, f64, bf16, f16, got 'f8'"):
        round_to([1.0], "f8")


@pytest.mark.parametrize("dtype", DTYPES)
def test_compare_allows_rounding_and_no_more(dtype):
    q, k, v = np.random.default_rng(0).normal(size=(3, 2, 2, 24, 4))
    case = Case("case", Pattern.parse("8:2", "none"), q, k, v, dtype)
    out, lse = case.expected
    limit = compare(case, out, lse).out_limit
    for index, error, ok in (((1, 0, 2, 3), 0.9 * limit, True), ((1, 0, 2, 3), 1.1 * limit, False)):
        wrong = out.copy()
        wrong[index] += error
        comparison = compare(case, wrong, lse)
        assert comparison.ok == ok
        assert comparison.out_index == index
        assert ("MISMATCH" in str(comparison)) != ok
    wrong = lse.copy()
    wrong[0, 1, 4] += 2 * compare(case, out, lse).lse_limit * max(1, abs(lse[0, 1, 4]))
    assert compare(case, out, wrong).lse_index == (0, 1, 4)
    assert not compare(case, out, wrong).ok
    elsewhere = np.ones(lse.shape, dtype=bool)
    elsewhere[0, 1, 4] = False
    assert compare(case, out, wrong, where=elsewhere).ok


def gradient_case(dtype="f32"):
    q, k, v = np.random.default_rng(0).normal(size=(3, 2, 2, 24, 4))
    return Case("case", Pattern.parse("8:2", "none"), q, k, v, dtype)


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("which", range(3), ids=["dq", "dk", "dv"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_compare_gradients_allows_rounding_and_no_more(dtype, which, detached):
    case = gradient_case(dtype)
    gradients = case.expected_gradients(detached)
    assert compare_gradients(case, *gradients, detached=detached).ok
    limit = compare_gradients(case, *gradients, detached=detached).errors[which].limit
    assert limit == GRADIENT_UNITS[dtype] * EPSILON[dtype] * np.abs(gradients[which]).max()
    for times, ok in ((0.9, True), (1.1, False)):
        wrong = [x.copy() for x in gradients]
        wrong[which][1, 0, 2, 3] += times * limit
        comparison = compare_gradients(case, *wrong, detached=detached)
        assert comparison.ok == ok
        assert comparison.errors[which].index == (1, 0, 2, 3)
        name = ("dq", "dk", "dv")[which]
        assert str(comparison).startswith("ok: " if ok else f"MISMATCH {name}: ")
        assert f"{name} error {comparison.errors[which].error:.3g}" in str(comparison)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_compare_gradients_rejects_what_is_not_finite(value):
    case = gradient_case()
    for which in range(3):
        wrong = [x.copy() for x in case.expected_gradients()]
        wrong[which][0, 1, 5, 0] = value
        comparison = compare_gradients(case, *wrong)
        assert not comparison.ok
        assert comparison.errors[which].error == np.inf
        assert comparison.errors[which].index == (0, 1, 5, 0)


def test_compare_gradients_rejects_a_gradient_without_keys():
    case = gradient_case()
    dq, dk, dv = case.expected_gradients()
    assert not dq[0, 0, 1].any()
    wrong = dq.copy()
    wrong[0, 0, 1, 2] = 1e-30
    comparison = compare_gradients(case, wrong, dk, dv)
    assert not comparison.ok
    assert "1 rows without keys have a gradient" in str(comparison)


def test_compare_gradients_rejects_other_shapes():
    case = gradient_case()
    dq, dk, dv = case.expected_gradients()
    with pytest.raises(ValueError, match="dk: expected shape"):
        compare_gradients(case, dq, dk[..., 1:], dv)


def test_compare_gradients_allows_for_what_cancels():
    q, k, v = np.random.default_rng(0).normal(size=(3, 1, 1, 1, 4))
    case = Case("one", Pattern.parse("8:1,8:1"), q, k, v)
    dq, dk, dv = case.expected_gradients()
    assert np.abs(dq).max() < 1e-15
    # The rounding of one product of dout and v, times k / sqrt(D).
    rounding = np.abs(case.dout * v).sum() * 2.0**-24 * np.abs(k) / 2
    assert compare_gradients(case, dq + rounding, dk, dv).ok
    assert not compare_gradients(case, dq + 50 * rounding, dk, dv).ok


def test_compare_gradients_allows_for_the_rounding_of_lse():
    seed = list(TRAITS).index("large-scores") + len(TRAITS)
    case = dataclasses.replace(random_case(seed), dtype="f32")
    lse = np.abs(case.expected[1][~empty_rows(case)]).max()
    assert lse > 256
    gradients = case.expected_gradients()
    rounded = [x * (1 + lse * 2.0**-24) for x in gradients]
    assert compare_gradients(case, *rounded).ok
    assert not compare_gradients(case, *(x * 1.001 for x in gradients)).ok


def test_compare_gradients_allows_for_the_rounding_of_out():
    """Keys that are the same make dq nothing but what is wrong in delta."""
    q, k, v = np.random.default_rng(0).normal(size=(3, 1, 1, 8, 4))
    case = Case("same-keys", Pattern.parse("8:1"), q, np.full_like(k, 64), v, "f16")
    out, (dq, dk, dv) = case.expected[0], case.expected_gradients()
    delta = (case.dout * (round_to(out, "f16") - out)).sum(axis=-1, keepdims=True)
    assert compare_gradients(case, dq + 32 * delta, dk, dv).ok
    assert not compare_gradients(case, dq + 96 * delta, dk, dv).ok


def test_only_tiles_may_round_weights_of_lse():
    for dtype in DTYPES:
        case = gradient_case(dtype)
        out, lse = case.expected
        assert not compare(case, out, lse + 1e-3).ok
        assert compare(case, out, lse + 1e-3, tiles=True).ok == (dtype == "bf16")


@pytest.mark.parametrize("row", [2, 3], ids=["covered", "uncovered"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_compare_rejects_what_is_not_finite(row, value):
    q, k, v = np.random.default_rng(0).normal(size=(3, 1, 1, 8, 4))
    case = Case("case", Pattern.parse("8:2", "none"), q, k, v)
    out, lse = case.expected
    assert compare(case, out, lse).ok
    wrong_out, wrong_lse = out.copy(), lse.copy()
    wrong_out[0, 0, row, 1] = value
    wrong_lse[0, 0, row] = value
    assert not compare(case, wrong_out, lse).ok
    if lse[0, 0, row] != value:
        assert not compare(case, out, wrong_lse).ok


def test_compare_rejects_other_shapes():
    case = random_case(list(TRAITS).index("value-dim"))
    out, lse = case.expected
    with pytest.raises(ValueError, match="out: expected shape"):
        compare(case, out[..., 1:], lse)


@pytest.mark.parametrize("seed", range(90))
def test_poison_stays_where_it_may_be(seed):
    poisoned = nonfinite_case(seed)
    with np.errstate(invalid="ignore"):
        out, lse = forward(*inputs(poisoned.case), **poisoned.case.options)
    comparison = compare(poisoned.clean, out, lse, where=~poisoned.may_change)
    assert comparison.ok, comparison
    assert not np.isfinite(out[poisoned.must_be_nonfinite]).all(axis=-1).any()
    assert not (poisoned.must_be_nonfinite & ~poisoned.may_change).any()


def inputs(case):
    return case.q, case.k, case.v, case.pattern


def test_poison_is_everywhere():
    made = [nonfinite_case(seed) for seed in range(60)]
    values = [np.concatenate([x.ravel() for x in (m.case.q, m.case.k, m.case.v)]) for m in made]
    assert all((~np.isfinite(value)).sum() == 1 for value in values)
    assert any(np.isnan(value).any() for value in values)
    assert any(np.isposinf(value).any() for value in values)
    assert any(np.isneginf(value).any() for value in values)
    assert sum(m.must_be_nonfinite.any() for m in made) > 10
    assert sum(m.may_change.any() for m in made) > 25
    assert any((m.may_change & ~m.must_be_nonfinite).any() for m in made if m.case.causal)
    hidden = [m for m in made if m.case.kv_lengths is not None]
    assert len(hidden) > 20
    assert not any(m.may_change.any() for m in hidden)


def test_configuration_cases():
    cases = list(configuration_cases(1100, heads=2))
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    assert "gigapath-1069-2x48-mask" in names
    assert "gigapath-panda-1069-2x96-torchscale" in names
    assert "longvit-1024px-1024-2x24-torchscale" in names
    assert all(case.q.shape[:3] in ((1, 2, 1069), (1, 2, 1024)) for case in cases)
    assert {case.q.shape[2] for case in configuration_cases(min_n=5000, heads=1)} == {5309}
    (case,) = configuration_cases(4096, names=["torchscale-readme"])
    assert case.causal
    assert case.q.shape == (1, 12, 4096, 64)
    assert str(case.pattern) == "2048:1,4096:2"


def test_save_case(tmp_path: Path):
    q, k, v = np.random.default_rng(0).normal(size=(3, 2, 3, 9, 4))
    case = Case(
        "saved",
        Pattern.parse("8:2,6:3", "0/1/1"),
        q,
        k,
        v,
        dtype="bf16",
        causal=True,
        scale=0.1,
        query_offset=3,
        kv_lengths=np.array([0, 9]),
    )
    directory = tmp_path / "new"
    assert save_case(case, directory) == [
        "--pattern=8:2,6:3",
        "--head-offset=0/1/1",
        "--padding=mask",
        "--dtype=bf16",
        "--causal",
        "--scale=0.1",
        "--query-offset=3",
        f"--kv-lengths={directory}/kv_lengths.npy",
        f"--input={directory}/q.npy",
        f"--input={directory}/k.npy",
        f"--input={directory}/v.npy",
        f"--output={directory}/out.npy",
        f"--output={directory}/lse.npy",
    ]
    for name in ("q", "k", "v"):
        saved = np.load(directory / f"{name}.npy")
        assert saved.dtype == np.float32
        assert (saved == getattr(case, name)).all()
    assert np.load(directory / "kv_lengths.npy").tolist() == [0, 9]
    assert np.load(directory / "kv_lengths.npy").dtype == np.int64
    save_case(dataclasses.replace(case, dtype="f64"), directory)
    assert np.load(directory / "q.npy").dtype == np.float64


@pytest.mark.parametrize("detached", [False, True])
def test_save_case_with_gradients(tmp_path: Path, detached):
    q, k, v = np.random.default_rng(0).normal(size=(3, 2, 3, 9, 4))
    case = Case("saved", Pattern.parse("8:2"), q, k, v, dtype="f16", scale=0.1)
    assert save_case(case, tmp_path, gradients=True, detached=detached) == [
        "--pattern=8:2",
        "--head-offset=cyclic",
        "--padding=mask",
        "--dtype=f16",
        "--scale=0.1",
        "--grad=detached" if detached else "--grad",
        *(f"--input={tmp_path}/{name}.npy" for name in ("q", "k", "v", "dout")),
        *(f"--output={tmp_path}/{name}.npy" for name in ("dq", "dk", "dv")),
    ]
    for name in ("q", "k", "v", "dout"):
        assert (np.load(tmp_path / f"{name}.npy") == getattr(case, name)).all()


def test_moved_rows_have_no_gradient_on_a_command_line(tmp_path: Path):
    q, k, v = np.random.default_rng(0).normal(size=(3, 1, 2, 9, 4))
    case = Case("moved", Pattern.parse("8:2,7:2", padding="torchscale"), q, k, v)
    assert len(case.expected_gradients()) == 3
    with pytest.raises(ValueError, match="pattern: expected dilations that divide their segments"):
        save_case(case, tmp_path, gradients=True)


def test_a_command_line_has_one_head_offset(tmp_path: Path):
    q = np.zeros((1, 1, 4, 2))
    mixed = Pattern((Branch(4, 2, "none"), Branch(4, 2, "blocked")))
    with pytest.raises(ValueError, match="one head offset for all branches"):
        save_case(Case("mixed", mixed, q, q, q), tmp_path)
