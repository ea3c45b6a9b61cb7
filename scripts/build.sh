#!/usr/bin/env bash
# Configures and builds a preset: scripts/build.sh [release|debug|asan].
set -euo pipefail

cd "$(dirname "$0")/.."
preset=${1:-release}

# Lets clones in different folders share what ccache holds.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

cmake --preset "$preset"
cmake --build --preset "$preset"
