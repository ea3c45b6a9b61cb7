#!/usr/bin/env bash
# Writes docs/reference from the definitions: scripts/docs.sh [--check].
# With --check it writes nothing and fails if something would change.
set -euo pipefail

cd "$(dirname "$0")/.."
tblgen=/usr/lib/llvm-22/bin/mlir-tblgen
flags=(-I include -I /usr/lib/llvm-22/include)
target=docs/reference
[[ ${1:-} == --check ]] && target=$(mktemp -d) && trap 'rm -rf "$target"' EXIT
mkdir -p "$target"

ir=include/longnet/Dialect/LongNet/IR/LongNetOps.td
"$tblgen" -gen-dialect-doc -dialect=longnet "${flags[@]}" "$ir" >"$target/operations.md"
{
  echo '# Passes'
  for passes in include/longnet/Dialect/LongNet/Transforms/Passes.td include/longnet/Conversion/Passes.td; do
    "$tblgen" -gen-pass-doc "${flags[@]}" "$passes"
  done
} >"$target/passes.md"

if [[ ${1:-} == --check ]]; then
  diff -r docs/reference "$target" || {
    echo "docs: error: docs/reference is stale; run scripts/docs.sh" >&2
    exit 1
  }
fi
