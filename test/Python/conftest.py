# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the package of this checkout importable, and its modules runnable as programs."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_PACKAGE = Path(__file__).resolve().parents[2] / "python"
sys.path.insert(0, str(_PACKAGE))


@pytest.fixture
def run_module() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `python -m longnet.NAME ARGUMENTS...`."""

    def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(filter(None, (str(_PACKAGE), os.environ.get("PYTHONPATH"))))
        return subprocess.run(
            [sys.executable, "-m", f"longnet.{name}", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run
