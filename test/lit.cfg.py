"""The lit suite: FileCheck tests of every level, and programs that run."""

import os
import re
import sys

import lit.formats
import lit.util
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "LongNet"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "Install", "Python"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.longnet_obj_root, "test")

tools_dir = os.path.join(config.longnet_obj_root, "bin")
llvm_config.with_environment("PATH", [tools_dir, config.llvm_tools_dir], append_path=True)
llvm_config.with_system_environment(["HOME", "TMPDIR", "OMP_NUM_THREADS"])


def cpu_flags():
    """The features that the kernel reports for the first CPU."""
    try:
        with open("/proc/cpuinfo") as file:
            match = re.search(r"^(?:flags|Features)\s*:(.*)$", file.read(), re.MULTILINE)
    except OSError:
        return set()
    return set(match.group(1).split()) if match else set()


config.available_features.add(config.host_arch)
config.available_features |= cpu_flags() & {"avx2", "avx512f", "avx512_bf16", "amx_bf16"}

if lit.util.pythonize_bool(config.longnet_sanitize):
    # A stock tool cannot load a sanitized plugin.
    config.available_features.add("sanitizer")

# The development environment has NumPy; lit itself may run without it. The first
# substitution of a name wins, and lit has a %python of its own.
venv_python = os.path.join(config.longnet_src_root, ".venv", "bin", "python")
config.substitutions += [
    ("%mlir-opt", os.path.join(config.llvm_tools_dir, "mlir-opt")),
    ("%plugin", os.path.join(config.longnet_obj_root, "lib", "LongNetPlugin.so")),
    ("%python", venv_python if os.path.exists(venv_python) else sys.executable),
]
llvm_config.use_default_substitutions()
llvm_config.add_tool_substitutions(
    [
        ToolSubst(tool, unresolved="ignore")
        for tool in ("longnet-opt", "longnet-run", "longnet-compile")
    ],
    [tools_dir],
)
