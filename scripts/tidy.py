"""Runs clang-tidy on every source file of a build: tidy.py BUILD_DIRECTORY.

A file that was clean stays clean while nothing that clang-tidy sees of it
changes. What was seen is remembered across builds and clones by a hash of the
preprocessed text, so that only what changed is looked at again: a whole run
takes minutes.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

CLANG_TIDY = "clang-tidy-22"
ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
CLEAN = CACHE / "longnet-tidy"
DAYS_KEPT = 30


def preprocess(entry):
    """The text that the compiler sees, with the comments, which hold NOLINT."""
    arguments = shlex.split(entry["command"])
    output = arguments.index("-o")
    del arguments[output : output + 2]
    arguments.remove("-c")
    command = [*arguments, "-E", "-P", "-C"]
    return subprocess.run(
        command, cwd=entry["directory"], stdout=subprocess.PIPE, check=True
    ).stdout


def get_stamp(entry, setup):
    name = str(pathlib.Path(entry["file"]).relative_to(ROOT)).encode()
    digest = hashlib.sha256(b"\0".join([setup, name, preprocess(entry)]))
    return CLEAN / digest.hexdigest()


def tidy(entry, build, setup):
    """Whether the file is clean; prints what is wrong with it."""
    stamp = get_stamp(entry, setup)
    if not stamp.exists():
        command = [CLANG_TIDY, "-p", build, "--quiet", entry["file"]]
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if result.returncode:
            print(result.stdout, flush=True)
            return False
    stamp.touch()
    return True


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    entries = json.loads((build / "compile_commands.json").read_text())
    entries = [entry for entry in entries if not pathlib.Path(entry["file"]).is_relative_to(build)]
    version = subprocess.run([CLANG_TIDY, "--version"], stdout=subprocess.PIPE, check=True).stdout
    setup = version + (ROOT / ".clang-tidy").read_bytes()

    CLEAN.mkdir(parents=True, exist_ok=True)
    for stamp in CLEAN.iterdir():
        if stamp.stat().st_mtime < time.time() - DAYS_KEPT * 24 * 3600:
            stamp.unlink()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        clean = list(pool.map(lambda entry: tidy(entry, build, setup), entries))
    print(f"{len(clean)} files, {clean.count(False)} with findings")
    return not all(clean)


if __name__ == "__main__":
    sys.exit(main())
