#!/usr/bin/env bash
# Installs what building and testing need: Debian packages, and a Python
# environment in .venv. Does only what is missing, and says what it does.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
export DEBIAN_FRONTEND=${DEBIAN_FRONTEND:-noninteractive}

# Python's venv module counts as there when the python3 found has it, wherever
# that python3 comes from.
packages=(
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools
  clang-22 lld-22 libomp-22-dev libclang-rt-22-dev
  clang-format-22 clang-tidy-22
  cmake ninja-build ccache libgtest-dev git
  qemu-user libc6-dev-arm64-cross libgcc-12-dev-arm64-cross # tests of AArch64 code
  bible-kjv # a text for the demonstration
)

fail() {
  echo "setup: error: $*" >&2
  exit 1
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND "$@"
  else
    fail "installing packages needs root or sudo"
  fi
}

is_installed() {
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Installs the packages; the lists may have changed meanwhile, so one failure
# is tried again with new lists.
install_packages() {
  local attempt
  for attempt in 1 2; do
    as_root apt-get update -qq || continue
    as_root apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "$@" && return
    echo "setup: attempt $attempt failed" >&2
  done
  return 1
}

setup_packages() {
  local missing=() package
  for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  [[ ${#missing[@]} -eq 0 ]] && return

  if [[ ! -e /etc/debian_version ]] || ! command -v apt-get >/dev/null; then
    fail "this is not Debian; install the equivalents of: ${missing[*]}"
  fi
  echo "setup: installing ${missing[*]}"
  install_packages "${missing[@]}" ||
    fail "cannot install ${missing[*]}; LLVM and MLIR 22 must be among the" \
      "packages that apt knows (Debian 12 with its security updates has them)"
}

setup_venv() {
  local requirements=$root/python/requirements-dev.txt venv=$root/.venv
  local stamp=$venv/requirements-dev.txt
  # The stamp is what was installed last. A Python that is gone since leaves an
  # environment that does not start.
  if cmp -s "$requirements" "$stamp" && "$venv/bin/python" -c '' 2>/dev/null; then
    return
  fi
  echo "setup: making .venv from python/requirements-dev.txt"
  python3 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --retries 5 --requirement "$requirements"
  cp "$requirements" "$stamp"
}

setup_packages
setup_venv
