#!/usr/bin/env bash
# The whole way on a real text: sets up and builds, embeds the bytes of Genesis,
# attends over all of them with the paper's pattern, and checks the result.
#
#   scripts/demo.sh [FOLDER]     results go to FOLDER (build/demo)
set -euo pipefail

cd "$(dirname "$0")/.."
out=${1:-build/demo}
heads=4
head_dim=64
# LongNet's language model, arXiv 2307.02486: segments and dilations.
pattern=2048:1,4096:2,8192:4,16384:6,32768:12
python=.venv/bin/python
export PYTHONPATH=python

scripts/setup.sh
scripts/build.sh release
mkdir -p "$out"

echo "== text"
bible -f 'Genesis1:1-50:26' >"$out/text.txt"
bytes=$(wc -c <"$out/text.txt")
((bytes >= 100000)) || { echo "demo: error: the text has only $bytes bytes" >&2; exit 1; }
echo "$bytes bytes, one token each: $(head -n 1 "$out/text.txt")"
$python -m longnet.text "$out/text.txt" --heads=$heads --head-dim=$head_dim --seed=0 --out-dir="$out"

files=(--input="$out/q.npy" --input="$out/k.npy" --input="$out/v.npy"
  --output="$out/out.npy" --output="$out/lse.npy")

echo "== compile"
build/bin/longnet-compile --pattern=$pattern --causal --head-dim=$head_dim --dtype=f32 \
  -o "$out/libattention.so" --header="$out/attention.h"
echo "$out/libattention.so and $out/attention.h: the attention as a C library"

echo "== run"
build/bin/longnet-run --pattern=$pattern --causal --repeat=3 --json="$out/run.json" "${files[@]}"
$python - "$out/run.json" "$bytes" <<'EOF'
import json, sys
run, tokens = json.load(open(sys.argv[1])), int(sys.argv[2])
print(f"{tokens / run['median_seconds']:,.0f} tokens per second "
      f"({run['median_seconds']:.3f} s, {run['gflops']:.0f} GFLOP/s on {run['threads']} threads)")
print(f"{run['peak_memory_bytes'] / 2**20:.1f} MiB above inputs and outputs, "
      f"compiled in {run['compile_seconds']:.2f} s")
EOF

echo "== check sampled rows against float64"
$python -m longnet.check_rows --pattern=$pattern --causal --samples=200 "${files[@]}"

echo "== picture"
$python -m longnet.draw --pattern=$pattern --causal --heads=4 -o "$out/pattern.png"
echo "the attention pattern: $out/pattern.png"
