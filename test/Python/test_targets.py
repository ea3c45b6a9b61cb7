# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs code for other processors: AMX in an emulator of its instructions, AArch64 in QEMU.

The AMX emulator executes tile instructions where they trap, so that the machine code itself is
tested on processors without tiles; where there are tiles, it runs on them. The code around them
needs AVX-512 with bf16.
"""

import dataclasses
import re
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
def tiles(tmp_path_factory):
    """The environment in which tile instructions run."""
    if "amx_bf16" in FLAGS:
        return {}
    library = tmp_path_factory.mktemp("amx") / "amx_emulator.so"
    source = INPUTS / "amx_emulator.c"
    command = ["clang-22", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source]
    subprocess.run(command, check=True)
    return {"LD_PRELOAD": str(library)}


def sized_case(name, pattern, heads, rows, dim, dtype="bf16", value_dim=None, **options):
    rng = np.random.default_rng(rows)
    q, k = rng.normal(size=(2, 1, heads, rows, dim))
    v = rng.normal(size=(1, heads, rows, value_dim or dim))
    return Case(name, Pattern.parse(pattern), q, k, v, dtype, **options)


def strip_cases():
    """Several tiles of keys and blocks of queries that are attended in one pipeline.

    Every number of panels of values, an odd number of tiles, more keys than one strip has, and
    diagonals that begin and end inside tiles.
    """
    yield sized_case("one-panel", "300:1,700:2", 1, 700, 32, causal=True)
    yield sized_case("two-panels", "1000:1", 2, 600, 64)
    yield sized_case("three-panels", "512:1,1024:2", 1, 1000, 80, causal=True)
    yield sized_case("four-panels", "1500:1", 1, 1500, 128, causal=True)
    yield sized_case("narrow-values", "600:1", 1, 500, 128, value_dim=48)
    yield sized_case("wide-values", "600:1", 1, 500, 16, value_dim=100, causal=True)
    yield sized_case("offset", "4096:1,4096:3", 1, 600, 64, causal=True, query_offset=1500)
    grouped = sized_case("grouped", "1000:1,1000:2", 4, 1000, 64, causal=True)
    yield dataclasses.replace(grouped, k=grouped.k[:, :1], v=grouped.v[:, :1])
    lengths = sized_case("lengths", "500:1", 1, 500, 64)
    yield dataclasses.replace(lengths, kv_lengths=np.array([333]))


def large_scores(first, last):
    """Keys first to last are so large that scores need their maximum subtracted."""
    case = sized_case(f"large-{first}", "1500:1", 1, 1500, 128)
    case.k[:, :, first:last] *= 256
    case.q[:, :, 7] *= -1
    return case


def large_scores_between_strips():
    """Of three strips, the second one needs maxima, and nothing of them is left in the third."""
    case = sized_case("large-between", "2600:1", 1, 2600, 128)
    case.q[..., 0] = 0
    case.k[:, :, 1024:1030, 0] = 8192
    return case


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


def check(case, program, on_tiles=False, **how):
    done = program.run(**how)
    assert done.returncode == 0, done.stderr
    if program.gradient:
        detached = program.gradient == "detached"
        comparison = compare_gradients(case, *program.results(), detached=detached, tiles=on_tiles)
    else:
        comparison = compare(case, *program.results(), tiles=on_tiles)
    assert comparison.ok, f"{case}\n{comparison}"


every_result = pytest.mark.parametrize(
    "gradient", [None, "exact", "detached"], ids=["attention", "gradient", "detached"]
)
name_of = dict(ids=lambda value: getattr(value, "name", None))


@needs_avx512_bf16
@every_result
@pytest.mark.parametrize("case", some_cases({"bf16"}, 6), **name_of)
def test_amx(case, gradient, tiles, tmp_path):
    program = CompiledCase(case, tmp_path, AMX, gradient=gradient)
    check(case, program, on_tiles=True, **tiles)


@needs_avx512_bf16
@pytest.mark.parametrize("gradient", [None, "exact"], ids=["attention", "gradient"])
@pytest.mark.parametrize(
    "case",
    [
        *strip_cases(),
        large_scores(0, 5),
        large_scores(1400, 1405),
        large_scores_between_strips(),
    ],
    **name_of,
)
def test_amx_strips(case, gradient, tiles, tmp_path):
    program = CompiledCase(case, tmp_path, AMX, gradient=gradient)
    check(case, program, on_tiles=True, **tiles)


@needs_avx512_bf16
@pytest.mark.parametrize("tensor", ["q", "k", "v"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_amx_strips_keep_what_is_not_finite(tensor, value, tiles, tmp_path):
    """In the middle of the second of three segments."""
    case = sized_case("nonfinite", "256:1", 1, 768, 64)
    changed = slice(300, 301) if tensor == "q" else slice(256, 512)
    poisoned = getattr(case, tensor)[0, 0, 300]
    poisoned[5] = value
    program = CompiledCase(case, tmp_path, AMX)
    done = program.run(**tiles)
    assert done.returncode == 0, done.stderr
    out, lse = program.results()
    poisoned[:] = 0
    unaffected = np.ones(lse.shape, dtype=bool)
    unaffected[:, :, changed] = False
    assert compare(case, out, lse, where=unaffected, tiles=True).ok
    finite = np.isfinite(out[0, 0, changed])
    if tensor == "v":
        assert not finite[:, 5].any() and np.delete(finite, 5, axis=1).all()
    elif np.isnan(value):
        assert not finite.any()


def split_cases():
    """Random cases, every multiple of tiles, and values that no part of bf16 holds alone."""
    yield from some_cases({"f32"}, 8)
    yield sized_case("narrow", "512:1,1024:3", 2, 700, 128, "f32", 40, causal=True)
    large = sized_case("large", "300:1", 1, 300, 64, "f32")
    large.q[:] *= 30
    yield large


@needs_avx512_bf16
@pytest.mark.parametrize("target", [AMX, ("--mcpu=znver4",)], ids=["amx", "dots"])
@pytest.mark.parametrize("gradient", [None, "exact"], ids=["attention", "gradient"])
@pytest.mark.parametrize("case", split_cases(), **name_of)
def test_f32_by_six_products(case, gradient, target, tiles, tmp_path):
    program = CompiledCase(case, tmp_path, [*target, "--f32-products=bf16x6"], gradient=gradient)
    check(case, program, **tiles)


@needs_avx512_bf16
@pytest.mark.parametrize("target", [AMX, ("--mcpu=znver4",)], ids=["amx", "dots"])
def test_f32_by_three_products(target, tiles, tmp_path):
    case = sized_case("three", "300:1", 1, 300, 64, "f32")
    program = CompiledCase(case, tmp_path, [*target, "--f32-products=bf16x3"])
    assert program.run(**tiles).returncode == 0
    error = compare(case, *program.results()).out_error
    assert 1e-6 < error < 1e-4


@needs_qemu
@every_result
@pytest.mark.parametrize("case", some_cases({"f32", "f64", "bf16", "f16"}, 8), **name_of)
def test_aarch64(case, gradient, tmp_path):
    program = CompiledCase(case, tmp_path, ARM, ARM_LINK, gradient)
    check(case, program, launcher=("qemu-aarch64",))


def test_tiles_are_used(tmp_path):
    assembly = tmp_path / "attention.s"
    command = [BIN / "longnet-compile", "--pattern=64:1", "--head-dim=64", "--dtype=bf16"]
    subprocess.run([*command, *AMX, "--emit=asm", "-o", assembly], check=True)
    text = assembly.read_text()
    assert "longnet_attend_strip" in text
    assert "\ttdpbf16ps" in text
    tile = re.search(r"^longnet_attend_tile:.*?\.size", text, re.DOTALL | re.MULTILINE)[0]
    assert "tdpbf16ps" in tile and "vdpbf16ps" not in tile


@pytest.mark.parametrize("processor", ["x86-64-v3", "znver4"])
def test_lse_of_bf16_is_that_of_f32_without_tiles(processor, tmp_path):
    """Only tiles may add up rounded weights."""
    if processor == "znver4" and "avx512_bf16" not in FLAGS:
        pytest.skip("needs AVX-512 with bf16")
    case = sized_case("exact", "128:1,256:2", 1, 300, 64)
    check(case, CompiledCase(case, tmp_path, [f"--mcpu={processor}"]))


def test_parts_need_dot_products():
    command = [BIN / "longnet-compile", "--pattern=64:1", "--head-dim=64", "--dtype=f32"]
    flags = ["--f32-products=bf16x6", "--mcpu=x86-64-v3", "-o", "attention.so"]
    done = subprocess.run([*command, *flags], capture_output=True, text=True)
    assert done.returncode == 1
    assert "needs AVX512-BF16, which 'x86-64-v3' does not have" in done.stderr


@needs_avx512_bf16
@pytest.mark.skipif("amx_tile" in FLAGS, reason="this processor has tiles")
def test_refused_tiles_are_an_error(tmp_path):
    done = CompiledCase(sized_case("small", "4:1", 1, 4, 8), tmp_path, AMX).run()
    assert done.returncode == 1
    assert done.stderr == "the system does not let this process use AMX tiles\n"
