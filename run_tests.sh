#!/usr/bin/env bash
# Runs all tests; installs the project first where that is needed: ./run_tests.sh [--quick] [any argument of pytest]
# --quick leaves out the tests marked slow: whole commands and pipelines, servers, waits. CONTRIBUTING.md has the times.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
source ./install.sh "[test]"

arguments=()
for argument in "$@"; do
  if [ "$argument" = --quick ]; then arguments+=(-m "not slow"); else arguments+=("$argument"); fi
done
exec "$python" -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder ${arguments[@]+"${arguments[@]}"}
