#!/usr/bin/env bash
# Installs a build, then builds and runs a project against what was installed:
# run.sh BUILD_DIRECTORY.
set -euo pipefail

source_dir=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$source_dir/../.." && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "install: error: $*" >&2
  exit 1
}

# Runs a command, whose output matters only when it fails.
quietly() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log"
    fail "$1 $2 failed"
  }
}

# What is installed may be moved: nothing in it may depend on where it was.
quietly cmake --install "$build" --prefix "$work/staged"
mv "$work/staged" "$work/prefix"

if grep -rIlF -e "$root" -e "$work/staged" "$work/prefix"; then
  fail "these files name the source, the build or the first prefix"
fi

cache=$build/CMakeCache.txt
get_cached() {
  sed -n "s/^$1:[A-Z]*=//p" "$cache"
}
quietly cmake -G Ninja -S "$source_dir" -B "$work/build" \
  "-DCMAKE_PREFIX_PATH=$work/prefix" \
  "-DCMAKE_BUILD_TYPE=$(get_cached CMAKE_BUILD_TYPE)" \
  "-DCMAKE_CXX_COMPILER=$(get_cached CMAKE_CXX_COMPILER)" \
  "-DCMAKE_C_COMPILER=$(get_cached CMAKE_C_COMPILER)"
quietly cmake --build "$work/build"

"$work/build/consumer" >"$work/out" || fail "the consumer failed"
grep -q 'longnet.dilated_attention' "$work/out" || fail "the module was not printed"
grep -q '^rejected: .*segment' "$work/out" || fail "the wrong module was not rejected"

# The installed tools find their libraries.
"$work/prefix/bin/longnet-opt" --version >/dev/null || fail "longnet-opt does not start"
echo "install: passed"
