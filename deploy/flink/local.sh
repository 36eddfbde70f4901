#!/usr/bin/env bash
# A Flink cluster on this machine, without Docker, and the sample dumps ingested on it; needs Java and Maven.
#   deploy/flink/local.sh                                                  the samples, into deploy/flink/out/
#   deploy/flink/local.sh DUMP… --output DIR [any flag of warraq ingest]   other dumps
#   deploy/flink/local.sh --keep                                           only the cluster, until it is interrupted
# Nothing is left running. The first time, it fetches Flink and the job server into the user's cache (390 MB).
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
source "$here/install.sh" ""

cluster=("$python" "$here/deploy/flink/cluster.py")
if [ "${1-}" = --keep ]; then exec "${cluster[@]}"; fi
if ! (($#)); then set -- "$here/samples/dumps" --read_fetched_at 2025-06-01T00:00:00Z --output "$here/deploy/flink/out"; fi
exec "${cluster[@]}" "$warraq" ingest "$@"
