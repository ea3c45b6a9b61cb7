# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np
import pytest
from longnet import Pattern, forward
from longnet.cases import random_case, save_case
from longnet.check_rows import check_rows


def save_expected(case, directory):
    arguments = save_case(case, directory)
    for name, array in zip(("out", "lse"), case.expected, strict=True):
        np.save(directory / f"{name}.npy", array.astype(case.q.dtype))
    return arguments


@pytest.mark.parametrize("seed", [2, 5, 13, 16, 18, 21])
def test_takes_the_command_line_of_longnet_run(tmp_path, run_module, seed):
    arguments = save_expected(random_case(seed), tmp_path)
    done = run_module("check_rows", *arguments, "--samples=300")
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.startswith("ok: out error ")


def test_a_wrong_row_is_found(tmp_path, run_module):
    case = random_case(4)
    arguments = save_expected(case, tmp_path)
    out = np.load(tmp_path / "out.npy")
    out[-1, -1, -1, -1] += 0.01
    np.save(tmp_path / "out.npy", out)
    done = run_module("check_rows", *arguments, "--samples=0")
    assert done.returncode == 1
    assert done.stdout.startswith("MISMATCH: ")


def test_inputs_are_rounded_to_the_type():
    q, k, v = np.random.default_rng(0).normal(size=(3, 1, 1, 32, 8)).astype(np.float32) * 8
    pattern = Pattern.parse("16:1")
    halves = (x.astype(np.float16) for x in (q, k, v))
    out, lse = forward(*halves, pattern)
    assert check_rows(q, k, v, out, lse, pattern, dtype="f16").ok
    assert not check_rows(q, k, v, out, lse, pattern, dtype="f32").ok


def test_a_million_tokens(tmp_path):
    n = 1 << 20
    zeros = np.lib.format.open_memmap(tmp_path / "zeros.npy", "w+", np.float32, (1, 1, n, 4))
    # Queries of zeros weigh all keys alike: lse counts them, 2048 for every branch of a row.
    keys = np.zeros(n)
    pattern = Pattern.geometric(n)
    for branch in pattern.branches:
        keys[:: branch.dilation] += 2048
    lse = np.log(keys)[None, None]
    assert check_rows(zeros, zeros, zeros, zeros, lse, pattern, samples=50).ok
    lse[0, 0, -1] += 1e-4
    assert not check_rows(zeros, zeros, zeros, zeros, lse, pattern, samples=0).ok


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--input=q.npy"], "--input: expected 3 files, got 4"),
        (["--samples=-1"], "samples: expected an integer >= 0"),
        (["--kv-lengths=none.npy"], "none.npy"),
    ],
)
def test_errors(tmp_path, run_module, options, message):
    arguments = save_expected(random_case(4), tmp_path)
    done = run_module("check_rows", *arguments, *options)
    assert done.returncode == 2
    assert message in done.stderr
