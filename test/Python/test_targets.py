# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs code for other processors: AMX in an emulator of its instructions, AArch64 in QEMU.

The AMX emulator executes tile instructions where they trap, so that the machine code itself is
tested on processors without tiles. The code around them needs AVX-512 with bf16.
"""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from compiled import BIN, INPUTS, CompiledCase
from longnet import Pattern
from longnet.cases import Case, compare, compare_gradients, random_case

FLAGS = Path("/proc/cpuinfo").read_text()
AMX = ("--mcpu=znver4", "--mattr=+amx-tile,+amx-bf16")
ARM_ROOT = Path("/usr/aarch64-linux-gnu")
ARM = ("--triple=aarch64-linux-gnu",)
ARM_LINK = ("--target=aarch64-linux-gnu", "-fuse-ld=lld", "-static")

needs_avx512_bf16 = pytest.mark.skipif(
    "avx512_bf16" not in FLAGS, reason="the code around the tiles needs AVX-512 with bf16"
)
needs_qemu = pytest.mark.skipif(
    not shutil.which("qemu-aarch64") or not ARM_ROOT.is_dir(),
    reason="needs qemu-aarch64 and the C library for it",
)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    library = tmp_path_factory.mktemp("amx") / "amx_emulator.so"
    source = INPUTS / "amx_emulator.c"
    command = ["clang-22", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source]
    subprocess.run(command, check=True)
    return library


def sized_case(name, pattern, heads, rows, dim, dtype="bf16", **options):
    q, k, v = np.random.default_rng(rows).normal(size=(3, 1, heads, rows, dim))
    return Case(name, Pattern.parse(pattern), q, k, v, dtype, **options)


def some_cases(dtypes, count):
    """Random cases of the types with something to compute, then sizes of several tiles."""
    found = (random_case(seed) for seed in range(300))
    kept = [
        case
        for case in found
        if case.dtype in dtypes and case.q.size and case.k.size and case.pattern.is_aligned
    ]
    yield from kept[:count]
    yield sized_case("long", "128:1,300:2", 2, 300, 64, causal=True)
    yield sized_case("wide", "200:1", 1, 200, 48)


def check(case, program, **how):
    done = program.run(**how)
    assert done.returncode == 0, done.stderr
    if program.gradient:
        detached = program.gradient == "detached"
        comparison = compare_gradients(case, *program.results(), detached=detached)
    else:
        comparison = compare(case, *program.results())
    assert comparison.ok, f"{case}\n{comparison}"


name_of = dict(ids=lambda value: getattr(value, "name", None))


@needs_avx512_bf16
@pytest.mark.parametrize("gradient", [None, "exact"], ids=["attention", "gradient"])
@pytest.mark.parametrize("case", some_cases({"bf16"}, 6), **name_of)
def test_amx(case, gradient, emulator, tmp_path):
    program = CompiledCase(case, tmp_path, AMX, gradient=gradient)
    check(case, program, LD_PRELOAD=str(emulator))


@needs_qemu
@pytest.mark.parametrize("gradient", [None, "exact"], ids=["attention", "gradient"])
@pytest.mark.parametrize("case", some_cases({"f32", "f64", "bf16", "f16"}, 8), **name_of)
def test_aarch64(case, gradient, tmp_path):
    program = CompiledCase(case, tmp_path, ARM, ARM_LINK, gradient)
    check(case, program, launcher=("qemu-aarch64",))


def test_tiles_are_used(tmp_path):
    assembly = tmp_path / "attention.s"
    command = [BIN / "longnet-compile", "--pattern=64:1", "--head-dim=64", "--dtype=bf16"]
    subprocess.run([*command, *AMX, "--emit=asm", "-o", assembly], check=True)
    text = assembly.read_text()
    assert "tdpbf16ps" in text
    assert "vdpbf16ps" not in text


@needs_avx512_bf16
@pytest.mark.skipif("amx_tile" in FLAGS, reason="this processor has tiles")
def test_refused_tiles_are_an_error(tmp_path):
    done = CompiledCase(sized_case("small", "4:1", 1, 4, 8), tmp_path, AMX).run()
    assert done.returncode == 1
    assert done.stderr == "the system does not let this process use AMX tiles\n"
