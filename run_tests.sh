#!/usr/bin/env bash
# From a fresh machine to the result of all tests: ./run_tests.sh [--quick] [any argument of pytest]
# --quick leaves out whole pipelines and servers.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
source ./install.sh "[test]"

arguments=()
for argument in "$@"; do
  if [ "$argument" = --quick ]; then arguments+=(-m "not slow"); else arguments+=("$argument"); fi
done
exec "$python" -m pytest --numprocesses=auto --dist=loadfile ${arguments[@]+"${arguments[@]}"}
