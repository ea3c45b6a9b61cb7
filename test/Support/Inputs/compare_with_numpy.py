"""Compares longnet-test-npy with NumPy: compare_with_numpy.py TOOL DIRECTORY."""

import itertools
import pathlib
import subprocess
import sys

import numpy as np
from numpy.lib import format as npy_format

TOOL = sys.argv[1]
DIRECTORY = pathlib.Path(sys.argv[2])
OUTPUT_TYPES = {"f32": np.float32, "f64": np.float64, "i64": np.int64}
SHAPES = [(), (0,), (5,), (3, 0, 2), (7, 9), (2, 3, 4, 5), (1, 2, 1, 3, 1, 2, 1, 2)]


def make(random, dtype, shape):
    """Integers, which every type represents, where their number is small."""
    values = random.integers(0, 2 if dtype == np.bool_ else 120, size=shape)
    return np.asarray(values, dtype=dtype)


def write(path, array, version):
    with open(path, "wb") as file:
        npy_format.write_array(file, array, version=version)


def convert(source, *types):
    target = DIRECTORY / "out.npy"
    subprocess.run([TOOL, source, target, *types], check=True)
    return np.load(target)


def check(name, found, expected):
    if found.dtype != expected.dtype or found.shape != expected.shape:
        sys.exit(f"{name}: {found.dtype}{found.shape}, not {expected.dtype}{expected.shape}")
    if not np.array_equal(found, expected, equal_nan=found.dtype.kind == "f"):
        sys.exit(f"{name}: the values differ")


def main():
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    source = DIRECTORY / "in.npy"
    random = np.random.default_rng(7)
    inputs = itertools.product(["?", "u1", "<i4", "<i8", "<f2", "<f4", "<f8"], SHAPES, "CF")
    versions = itertools.cycle([(1, 0), (2, 0), (3, 0)])
    outputs = itertools.cycle(OUTPUT_TYPES.items())
    for (dtype, shape, order), version in zip(inputs, versions, strict=False):
        array = np.asarray(make(random, np.dtype(dtype), shape), order=order)
        write(source, array, version)
        name, output_dtype = next(outputs)
        check(f"{dtype} {shape} {order} {name}", convert(source, name), array.astype(output_dtype))

    special = [np.nan, np.inf, -np.inf, -0.0, 65504, 65519.99, 65520, 1e-8, 2e-8, 3e-8, 1e300]
    array = np.concatenate([random.standard_normal(1000), special])
    write(source, array, (1, 0))
    with np.errstate(over="ignore"):
        check("f64 f16", convert(source, "f32", "f16"), array.astype(np.float16).astype(np.float32))
        check("f64 f32", convert(source, "f32"), array.astype(np.float32))


main()
