# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls a library that longnet-compile made, on the arrays of a folder.

    python compiled_library.py LIBRARY FUNCTION FOLDER DTYPE INPUT,... OUTPUT,...

reads FOLDER/INPUT.npy and writes FOLDER/OUTPUT.npy; an input that is a number is passed as one.
A program of its own, so that it can run with other libraries preloaded.
"""

import ctypes
import sys
from pathlib import Path

import numpy as np
from longnet.precision import round_to

FLOAT, BFLOAT = 2, 4


class DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


def to_storage(array, dtype):
    """The array as it lies in memory; bf16 as the upper halves of f32."""
    if array.dtype.kind == "i":
        return np.ascontiguousarray(array)
    rounded = round_to(array, dtype)
    if dtype == "bf16":
        return np.ascontiguousarray((rounded.view(np.uint32) >> 16).astype(np.uint16))
    return np.ascontiguousarray(rounded.astype({"f16": np.float16}.get(dtype, rounded.dtype)))


def from_storage(array):
    if array.dtype == np.uint16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array


def as_tensor(array):
    shape = (ctypes.c_int64 * array.ndim)(*array.shape)
    code = {"u": BFLOAT, "f": FLOAT, "i": 0}[array.dtype.kind]
    return DLTensor(
        array.ctypes.data, 1, 0, array.ndim, code, 8 * array.itemsize, 1, shape, None, 0
    )


def main(library, name, folder, dtype, inputs, outputs):
    folder = Path(folder)
    arguments, shapes = [], {}
    for given in inputs.split(","):
        if given.isdigit():
            arguments.append(int(given))
            continue
        arguments.append(to_storage(np.load(folder / f"{given}.npy"), dtype))
        shapes[given] = arguments[-1].shape
    results = {}
    for output in outputs.split(","):
        of_query = {
            "out": (*shapes["q"][:3], shapes["v"][3]),
            "lse": shapes["q"][:3],
            "dq": shapes["q"],
            "dk": shapes["k"],
            "dv": shapes["v"],
        }
        element = np.float32 if output == "lse" else arguments[0].dtype
        results[output] = np.full(of_query[output], 0x7FC0, dtype=element)
    loaded = ctypes.CDLL(library)
    values = [
        ctypes.c_int64(value) if isinstance(value, int) else ctypes.byref(as_tensor(value))
        for value in [*arguments, *results.values()]
    ]
    code = loaded[name](*values)
    if code:
        describe = loaded[f"{name}_error"]
        describe.restype = ctypes.c_char_p
        sys.exit(describe(code).decode())
    for output, array in results.items():
        np.save(folder / f"{output}.npy", from_storage(array))


if __name__ == "__main__":
    main(*sys.argv[1:])
