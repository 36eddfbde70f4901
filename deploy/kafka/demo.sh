#!/usr/bin/env bash
# Streams the samples: starts a Kafka broker here, sends it the sample pages one by one, and reads them with `warraq stream`.
#   deploy/kafka/demo.sh            all in a new folder, which is removed at the end
#   deploy/kafka/demo.sh FOLDER     the dataset stays, in FOLDER/dataset
# It prints a second command, which asks DuckDB while the stream runs. Ctrl-C ends all. Needs Java 17 and Maven, not
# Docker. The first time, it fetches the broker into the user's cache (44 MB).
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
target=${1:+$(realpath -m -- "$1")}
source "$here/install.sh" "[kafka]"
cd "$here"
exec "$python" -m deploy.kafka.demo ${target:+"$target"}
