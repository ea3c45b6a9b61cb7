# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs `longnet-run` on the cases of `longnet.cases` and compares with the float64 reference.

LONGNET_BIN_DIR        where the program is (build/bin of this checkout)
LONGNET_RANDOM_CASES   how many random cases to run (every trait in every type), and half as many
                       non-finite ones
LONGNET_CONFIG_HEADS   heads of the configurations people run (one for every phase)
"""

import functools
import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
from compiled import CompiledCase
from longnet import CONFIGURATIONS, Pattern
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
from longnet.precision import DTYPES, EPSILON

BUILD = Path(__file__).resolve().parents[2] / "build" / "bin"
LONGNET_RUN = Path(os.environ.get("LONGNET_BIN_DIR", BUILD)) / "longnet-run"
RANDOM_CASES = int(os.environ.get("LONGNET_RANDOM_CASES", len(TRAITS) * len(DTYPES)))
CONFIG_HEADS = int(os.environ.get("LONGNET_CONFIG_HEADS", "0")) or None
MAX_TOKENS = 5309
FLAGS = Path("/proc/cpuinfo").read_text()


def on_tiles(options=()):
    """Whether a run with `options` may compute on AMX, which is less exact in bf16."""
    elsewhere = any(option.startswith(("--mcpu", "--reference")) for option in options)
    return "amx_bf16" in FLAGS and not elsewhere


def execute(case, names, save, *options):
    """The arrays called `names` that the program writes for the arguments of `save(directory)`."""
    assert LONGNET_RUN.is_file(), f"{LONGNET_RUN} is missing: build it or set LONGNET_BIN_DIR"
    # Not pytest's tmp_path, which keeps the files of several runs: some are large.
    with tempfile.TemporaryDirectory() as directory:
        command = [str(LONGNET_RUN), *save(directory), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, f"{case}\n{shlex.join(command)}\n{done.stderr}"
        arrays = [np.load(Path(directory) / f"{name}.npy") for name in names]
    expected_type = np.float64 if case.dtype == "f64" else np.float32
    assert {array.dtype for array in arrays} == {np.dtype(expected_type)}
    return arrays


def run(case, *options):
    """out and lse as the program computes them."""
    return execute(case, ("out", "lse"), functools.partial(save_case, case), *options)


def run_gradients(case, *options, detached=False):
    """dq, dk and dv as the program computes them."""
    save = functools.partial(save_case, case, gradients=True, detached=detached)
    return execute(case, ("dq", "dk", "dv"), save, *options)


def check(case, *options):
    comparison = compare(case, *run(case, *options), tiles=on_tiles(options))
    assert comparison.ok, f"{case}\n{comparison}"


def check_gradients(case, *options, detached=False):
    gradients = run_gradients(case, *options, detached=detached)
    tiles = on_tiles(options)
    comparison = compare_gradients(case, *gradients, detached=detached, tiles=tiles)
    assert comparison.ok, f"{case}\n{comparison}"


both_gradients = pytest.mark.parametrize("detached", [False, True], ids=["exact", "detached"])


def aligned(seeds):
    """The seeds of cases that have gradients: torchscale's padding may move rows."""
    return [seed for seed in seeds if random_case(seed).pattern.is_aligned]


configurations = pytest.mark.parametrize(
    ("name", "tokens"),
    [(name, n) for name, c in CONFIGURATIONS.items() for n in c.lengths if n <= MAX_TOKENS],
)


def configured(name, tokens, dtypes=DTYPES):
    """The cases of a configuration in `dtypes`, with a head for every phase, at least two.

    Their numbers are of bf16, which every type holds: the reference takes long and runs once.
    """
    phases = max(branch.dilation for branch in CONFIGURATIONS[name].pattern(tokens).branches)
    heads = CONFIG_HEADS or max(2, phases)
    for case in configuration_cases(tokens, min_n=tokens, names=[name], heads=heads, dtype="bf16"):
        yield from map(case.in_type, dtypes)


# With AVX-512, with AVX2, and with neither vectors of these kinds nor FMA.
processors = pytest.mark.parametrize(
    "processor",
    [
        pytest.param(name, marks=pytest.mark.skipif(flag not in FLAGS, reason=f"needs {flag}"))
        for name, flag in (("x86-64-v4", "avx512vl"), ("x86-64-v3", "avx2"), ("x86-64", "sse2"))
    ],
)


@pytest.mark.parametrize("seed", range(RANDOM_CASES))
def test_random_case(seed):
    check(random_case(seed))


@pytest.mark.parametrize("seed", range(len(TRAITS)), ids=list(TRAITS))
def test_reference_interpreter(seed):
    check(random_case(seed), "--reference")


@pytest.mark.parametrize("seed", range(len(TRAITS)), ids=list(TRAITS))
def test_unfused_pieces(seed):
    check(random_case(seed + len(TRAITS)), "--no-fuse")


@processors
@pytest.mark.parametrize("seed", range(100, 108))
def test_processors(seed, processor):
    check(random_case(seed), f"--mcpu={processor}")


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_threads(threads):
    check(random_case(list(TRAITS).index("indivisible")), f"--threads={threads}")


@pytest.mark.parametrize("dtype", ["f64", "f32", "bf16", "f16"])
def test_huge_scores(dtype):
    """Rounding errors of the scores are themselves beyond what exp can take."""
    q, k, v = np.random.default_rng(3).normal(size=(3, 1, 2, 100, 64))
    factor = 1e3 if dtype == "f16" else 1e12
    check(Case("huge", Pattern.parse("64:1,128:2"), factor * q, factor * k, v, dtype))


@pytest.mark.parametrize("seed", range(RANDOM_CASES // 2))
def test_nonfinite_case(seed):
    poisoned = nonfinite_case(seed)
    out, lse = run(poisoned.case)
    comparison = compare(poisoned.clean, out, lse, where=~poisoned.may_change, tiles=on_tiles())
    assert comparison.ok, f"{poisoned.case}\n{comparison}"
    finite = np.isfinite(out).all(axis=-1)
    hidden = np.argwhere(finite & poisoned.must_be_nonfinite)
    assert not hidden.size, f"{poisoned.case}\nfinite in spite of NaN or inf: {hidden.tolist()}"


@configurations
def test_configuration(name, tokens):
    failures = []
    for case in configured(name, tokens):
        comparison = compare(case, *run(case), tiles=on_tiles())
        if not comparison.ok:
            failures.append(f"{case}\n{comparison}")
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("compute", [run, run_gradients], ids=["forward", "backward"])
def test_flop_is_that_of_the_pattern(tmp_path, compute):
    case = random_case(list(TRAITS).index("ragged"))
    path = tmp_path / "times.json"
    compute(case, "--repeat=2", f"--json={path}")
    report = json.loads(path.read_text())
    batch, heads, n, head_dim = case.q.shape
    # A program that computes gradients first computes what they are gradients of.
    flop = sum(
        case.pattern.flop(n, heads, head_dim, batch=batch, causal=case.causal, backward=backward)
        for backward in ((False, True) if compute is run_gradients else (False,))
    )
    assert report["flop"] == flop
    assert len(report["seconds"]) == 2
    assert report["median_seconds"] > 0


@both_gradients
@pytest.mark.parametrize("seed", aligned(range(RANDOM_CASES)))
def test_gradients_of_random_case(seed, detached):
    check_gradients(random_case(seed), detached=detached)


@both_gradients
@pytest.mark.parametrize("seed", aligned(range(len(TRAITS))))
def test_gradients_of_reference_interpreter(seed, detached):
    check_gradients(random_case(seed), "--reference", detached=detached)


@both_gradients
@processors
@pytest.mark.parametrize("seed", aligned(range(100, 108)))
def test_gradients_on_processors(seed, processor, detached):
    check_gradients(random_case(seed), f"--mcpu={processor}", detached=detached)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_gradients_do_not_depend_on_threads(threads):
    case = random_case(list(TRAITS).index("grouped-heads"))
    alone = run_gradients(case, "--threads=1")
    for expected, got in zip(alone, run_gradients(case, f"--threads={threads}"), strict=True):
        assert (got == expected).all()
    check_gradients(case, f"--threads={threads}")


@pytest.mark.parametrize("tiles", [(32, 48, 64), (33, 17, 100), (96, 32, 1), (1, 1, 7)], ids=str)
@pytest.mark.parametrize("seed", aligned(range(200, 204)))
def test_gradients_in_other_tiles(seed, tiles):
    query, key, chunk = tiles
    check_gradients(
        random_case(seed), f"--query-tile={query}", f"--key-tile={key}", f"--chunk={chunk}"
    )


@both_gradients
@configurations
def test_gradients_of_configuration(name, tokens, detached):
    failures = []
    # Detached, only what the branches weigh differs: two types are enough.
    for case in configured(name, tokens, ("f32", "bf16") if detached else DTYPES):
        if not case.pattern.is_aligned:
            continue
        gradients = run_gradients(case, detached=detached)
        comparison = compare_gradients(case, *gradients, detached=detached, tiles=on_tiles())
        if not comparison.ok:
            failures.append(f"{case}\n{comparison}")
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("dtype", ["bf16", "f16"])
def test_gradients_of_a_large_group(dtype):
    """What 32 query heads add to one key head is rounded once a branch, not once a head.

    The limit is half of what so many roundings can make at most.
    """
    shapes = (1, 32, 256, 64), (1, 1, 256, 64), (1, 1, 256, 64)
    q, k, v = map(np.random.default_rng(5).standard_normal, shapes)
    case = Case("large-group", Pattern.parse("64:1,128:2,256:4"), q, k, v, dtype, causal=True)
    _, *got = run_gradients(case)
    for gradient, expected in zip(got, case.expected_gradients()[1:], strict=True):
        error = np.abs(gradient - expected).max() / np.abs(expected).max()
        assert error < len(case.pattern.branches) * EPSILON[dtype] / 4


@pytest.mark.parametrize("gradient", [None, "exact"], ids=["attention", "gradient"])
@pytest.mark.parametrize("dtype", ["f32", "bf16"])
def test_shared_library_gives_the_same_bits(dtype, gradient, tmp_path):
    q, k, v = np.random.default_rng(6).normal(size=(3, 2, 4, 300, 48))
    pattern = Pattern.parse("64:1,128:2,300:4")
    case = Case("shared", pattern, q, k, v, dtype, causal=True)
    program = CompiledCase(case, tmp_path, (), gradient=gradient, shared=True)
    done = program.run(OMP_NUM_THREADS="2")
    assert done.returncode == 0, done.stderr
    expected = (run_gradients if gradient else run)(case, "--threads=2")
    for result, same in zip(program.results(), expected, strict=True):
        assert np.array_equal(result, same)


def test_moved_rows_have_no_gradient(tmp_path):
    case = random_case(list(TRAITS).index("torchscale-indivisible"))
    arguments = save_case(case, tmp_path)
    command = [str(LONGNET_RUN), *arguments, f"--input={tmp_path}/v.npy", "--grad"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "moves result rows off their query rows and has no gradient" in done.stderr
