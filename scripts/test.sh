#!/usr/bin/env bash
# Sets up, builds and runs every test and check. Ends with one line,
# "N passed, N failed": every test counts, and every other check as one.
set -euo pipefail

cd "$(dirname "$0")/.."
results=$PWD/build/test-results
passed=0
failed=0

# Whatever ends the script, even a failed build, is told in the last line.
finish() {
  local status=$?
  if [[ $status -ne 0 && $failed -eq 0 ]]; then
    failed=1
  fi
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 ]] || exit 1
}
trap finish EXIT

# check NAME COMMAND...: a check that counts as one.
check() {
  local name=$1
  shift
  echo "== $name"
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "== $name: failed"
  fi
}

# tests NAME COMMAND...: a command that writes its results as JUnit XML to
# NAME.xml, of which every test counts.
tests() {
  local name=$1 status=0 test_passed test_failed
  shift
  echo "== $name"
  rm -f "$results/$name.xml"
  "$@" || status=$?
  read -r test_passed test_failed \
    < <(python3 scripts/count_junit.py "$results/$name.xml") || true
  passed=$((passed + ${test_passed:-0}))
  failed=$((failed + ${test_failed:-0}))
  # A crash, or no test at all.
  if [[ $status -ne 0 && ${test_failed:-0} -eq 0 ]]; then
    failed=$((failed + 1))
    echo "== $name: exit status $status"
  fi
}

# Files of git, with those that are not added yet.
list_files() {
  git ls-files -z --cached --others --exclude-standard -- "$@"
}

check_format() {
  list_files '*.c' '*.cpp' '*.h' | xargs -0r clang-format-22 --dry-run -Werror --ferror-limit=1
}

scripts/setup.sh
scripts/build.sh

tests lit cmake --build --preset release --target check-longnet
tests pytest env PYTHONPATH=python .venv/bin/python -m pytest -q -n auto --dist worksteal \
  "--junitxml=$results/pytest.xml" test/Python
check install test/Install/run.sh build
check clang-format check_format
check docs scripts/docs.sh --check
check ruff .venv/bin/ruff check python benchmarks test
check clang-tidy python3 scripts/tidy.py build
