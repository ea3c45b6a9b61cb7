"""Compares gradients with central finite differences, all of them from one run.

Functions treat batch entries alone, so every entry of an input, moved up and
down, becomes two batch entries of one run of the original function.

differences.py make FOLDER NAME=SHAPE...      random NAME.npy, of a batch of one
differences.py move FOLDER NAME...            moved/NAME.npy from NAME.npy
differences.py check FOLDER NAME... -- RESULT... TOLERANCE
    the gradients grad/NAME.npy, from moved/RESULT.npy and the gradients RESULT.npy
"""

import sys
from pathlib import Path

import numpy as np

STEP = 2e-5


def make(folder: Path, *specs: str) -> None:
    rng = np.random.default_rng(11)
    for part in ("moved", "grad"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for spec in specs:
        name, shape = spec.split("=")
        size = [int(part) for part in shape.split("x")]
        np.save(folder / f"{name}.npy", rng.standard_normal(size))


def move(folder: Path, *names: str) -> None:
    arrays = {name: np.load(folder / f"{name}.npy") for name in names}
    entries = 2 * sum(array.size for array in arrays.values())
    first = 0
    for name, array in arrays.items():
        moved = np.repeat(array, entries, axis=0)
        flat = moved.reshape(entries, array.size)
        for index in range(array.size):
            flat[first + 2 * index, index] += STEP
            flat[first + 2 * index + 1, index] -= STEP
        first += 2 * array.size
        np.save(folder / "moved" / f"{name}.npy", moved)


def check(folder: Path, *arguments: str) -> None:
    *names, tolerance = arguments
    split = names.index("--")
    total = 0
    for name in names[split + 1 :]:
        moved = np.load(folder / "moved" / f"{name}.npy")
        differences = (moved[0::2] - moved[1::2]) / (2 * STEP)
        gradient = np.load(folder / f"{name}.npy")
        total = total + (differences * gradient).reshape(len(differences), -1).sum(axis=1)
    gradients = [np.load(folder / "grad" / f"{name}.npy") for name in names[:split]]
    assert all(np.abs(gradient).max() > 0.01 for gradient in gradients), "nothing is compared"
    flat = np.concatenate([gradient.ravel() for gradient in gradients])
    assert flat.shape == total.shape, f"{flat.size} gradients, {total.size} differences"
    error = np.abs(flat - total).max() / np.abs(flat).max()
    print(f"largest difference {error:.2e} of the largest gradient, of {flat.size}")
    assert error <= float(tolerance), f"beyond {tolerance}"


if __name__ == "__main__":
    command = {"make": make, "move": move, "check": check}[sys.argv[1]]
    command(Path(sys.argv[2]), *sys.argv[3:])
