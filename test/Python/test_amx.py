# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs code for AMX, in an emulator of its instructions, and compares with the float64 reference.

The emulator executes them where they trap, so that the machine code itself is tested on processors
without tiles. The rest of the code needs AVX-512 with bf16.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from longnet import Pattern
from longnet.cases import Case, compare, random_case, save_case

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("LONGNET_BIN_DIR", ROOT / "build" / "bin"))
FLAGS = Path("/proc/cpuinfo").read_text()
TARGET = ("--mcpu=znver4", "--mattr=+amx-tile,+amx-bf16")

pytestmark = pytest.mark.skipif(
    "avx512_bf16" not in FLAGS, reason="the code around the tiles needs AVX-512 with bf16"
)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    library = tmp_path_factory.mktemp("amx") / "amx_emulator.so"
    source = ROOT / "test" / "Target" / "Inputs" / "amx_emulator.c"
    command = ["clang-22", "-O2", "-shared", "-fPIC", "-o", str(library), str(source)]
    subprocess.run(command, check=True)
    return library


def call(case, directory, preload, function, inputs, outputs, *options):
    """Compiles for AMX and calls; returns what the program says if it fails."""
    library = directory / "library.so"
    described = save_case(case, directory)
    kept = [a for a in described if not a.startswith(("--input", "--output", "--query", "--kv"))]
    names = list(inputs)
    if case.query_offset:
        kept.append("--query-offset")
        names.append(str(case.query_offset))
    if case.kv_lengths is not None:
        kept.append("--kv-lengths")
        names.append("kv_lengths")
    dims = [f"--head-dim={case.q.shape[3]}", f"--value-dim={case.v.shape[3]}"]
    command = [BIN / "longnet-compile", *kept, *dims, *TARGET, *options, "-o", library]
    subprocess.run(command, check=True, timeout=300)
    program = Path(__file__).with_name("compiled_library.py")
    arguments = [library, function, directory, case.dtype, ",".join(names), ",".join(outputs)]
    return subprocess.run(
        [sys.executable, program, *map(str, arguments)],
        env={**os.environ, "LD_PRELOAD": str(preload), "PYTHONPATH": str(ROOT / "python")},
        capture_output=True,
        text=True,
        timeout=600,
    )


def cases():
    found = [random_case(seed) for seed in range(200)]
    yield from [case for case in found if case.dtype == "bf16" and case.q.size and case.k.size][:12]
    q, k, v = np.random.default_rng(0).normal(size=(3, 1, 2, 300, 64))
    yield Case("long", Pattern.parse("128:1,300:2"), q, k, v, "bf16", causal=True)
    q, k, v = np.random.default_rng(1).normal(size=(3, 1, 1, 200, 48))
    yield Case("wide", Pattern.parse("200:1"), q, k, v, "bf16")


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_attention(case, emulator, tmp_path):
    done = call(case, tmp_path, emulator, "attention", ("q", "k", "v"), ("out", "lse"))
    assert done.returncode == 0, done.stderr
    comparison = compare(case, *(np.load(tmp_path / f"{name}.npy") for name in ("out", "lse")))
    assert comparison.ok, f"{case}\n{comparison}"


def test_tiles_are_used(tmp_path):
    assembly = tmp_path / "attention.s"
    command = [BIN / "longnet-compile", "--pattern=64:1", "--head-dim=64", "--dtype=bf16"]
    subprocess.run([*command, *TARGET, "--emit=asm", "-o", assembly], check=True)
    text = assembly.read_text()
    assert "tdpbf16ps" in text
    assert "vdpbf16ps" not in text


@pytest.mark.skipif("amx_tile" in FLAGS, reason="this processor has tiles")
def test_refusal_is_an_error(tmp_path):
    q = np.zeros((1, 1, 4, 8))
    case = Case("small", Pattern.parse("4:1"), q, q, q, "bf16")
    done = call(case, tmp_path, "", "attention", ("q", "k", "v"), ("out", "lse"))
    assert done.returncode != 0
    assert done.stderr.strip() == "the system does not let this process use AMX tiles"
