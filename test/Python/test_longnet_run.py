# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs `longnet-run` on the cases of `longnet.cases` and compares with the float64 reference.

LONGNET_BIN_DIR        where the program is (build/bin of this checkout)
LONGNET_RANDOM_CASES   how many random cases to run (60), and half as many non-finite ones
LONGNET_CONFIG_HEADS   heads of the configurations people run (their own)
"""

import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
from longnet import CONFIGURATIONS
from longnet.cases import (
    TRAITS,
    compare,
    configuration_cases,
    nonfinite_case,
    random_case,
    save_case,
)

BUILD = Path(__file__).resolve().parents[2] / "build" / "bin"
LONGNET_RUN = Path(os.environ.get("LONGNET_BIN_DIR", BUILD)) / "longnet-run"
RANDOM_CASES = int(os.environ.get("LONGNET_RANDOM_CASES", "60"))
CONFIG_HEADS = os.environ.get("LONGNET_CONFIG_HEADS")
MAX_TOKENS = 5309


def run(case, *options):
    """out and lse as the program computes them."""
    assert LONGNET_RUN.is_file(), f"{LONGNET_RUN} is missing: build it or set LONGNET_BIN_DIR"
    # Not pytest's tmp_path, which keeps the files of several runs: some are large.
    with tempfile.TemporaryDirectory() as directory:
        command = [str(LONGNET_RUN), *save_case(case, directory), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, f"{case}\n{shlex.join(command)}\n{done.stderr}"
        out, lse = (np.load(Path(directory) / f"{name}.npy") for name in ("out", "lse"))
    expected_type = np.float64 if case.dtype == "f64" else np.float32
    assert (out.dtype, lse.dtype) == (expected_type, expected_type)
    return out, lse


def check(case, *options):
    comparison = compare(case, *run(case, *options))
    assert comparison.ok, f"{case}\n{comparison}"


@pytest.mark.parametrize("seed", range(RANDOM_CASES))
def test_random_case(seed):
    check(random_case(seed))


@pytest.mark.parametrize("seed", range(len(TRAITS)), ids=list(TRAITS))
def test_reference_interpreter(seed):
    check(random_case(seed), "--reference")


@pytest.mark.parametrize("seed", range(len(TRAITS)), ids=list(TRAITS))
def test_unfused_pieces(seed):
    check(random_case(seed + len(TRAITS)), "--no-fuse")


@pytest.mark.parametrize("processor", ["x86-64-v4", "x86-64-v3", "x86-64"])
@pytest.mark.parametrize("seed", range(100, 104))
def test_processors(seed, processor):
    """With AVX-512, with AVX2, and with neither vectors of these kinds nor FMA."""
    flags = Path("/proc/cpuinfo").read_text()
    if processor == "x86-64-v4" and "avx512vl" not in flags:
        processor = "native"
    check(random_case(seed), f"--mcpu={processor}")


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_threads(threads):
    check(random_case(list(TRAITS).index("indivisible")), f"--threads={threads}")


@pytest.mark.parametrize("seed", range(RANDOM_CASES // 2))
def test_nonfinite_case(seed):
    poisoned = nonfinite_case(seed)
    out, lse = run(poisoned.case)
    comparison = compare(poisoned.clean, out, lse, where=~poisoned.may_change)
    assert comparison.ok, f"{poisoned.case}\n{comparison}"
    finite = np.isfinite(out).all(axis=-1)
    hidden = np.argwhere(finite & poisoned.must_be_nonfinite)
    assert not hidden.size, f"{poisoned.case}\nfinite in spite of NaN or inf: {hidden.tolist()}"


@pytest.mark.parametrize(
    "name", [name for name, c in CONFIGURATIONS.items() if min(c.lengths) <= MAX_TOKENS]
)
def test_configuration(name):
    heads = None if CONFIG_HEADS is None else int(CONFIG_HEADS)
    failures = []
    for case in configuration_cases(MAX_TOKENS, names=[name], heads=heads):
        comparison = compare(case, *run(case))
        if not comparison.ok:
            failures.append(f"{case}\n{comparison}")
    assert not failures, "\n".join(failures)


def test_flop_is_that_of_the_pattern(tmp_path):
    case = random_case(list(TRAITS).index("ragged"))
    path = tmp_path / "times.json"
    run(case, "--repeat=2", f"--json={path}")
    report = json.loads(path.read_text())
    batch, heads, n, head_dim = case.q.shape
    flop = case.pattern.flop(n, heads, head_dim, batch=batch, causal=case.causal)
    assert report["flop"] == flop
    assert len(report["seconds"]) == 2
    assert report["median_seconds"] > 0
