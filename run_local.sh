#!/usr/bin/env bash
# From a fresh machine to an Arabic news dataset: ./run_local.sh            the sample dumps, into out/
#                                                ./run_local.sh DUMP… [--output DIR] [any flag of warraq ingest]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/install.sh" ""

output=out
inputs=()
while (($#)); do
  case $1 in
    --output) output=${2:?"--output needs a folder"}; shift 2 ;;
    --output=*) output=${1#*=}; shift ;;
    *) inputs+=("$1"); shift ;;
  esac
done
((${#inputs[@]})) || inputs=("$here/samples/dumps" --read_fetched_at 2025-06-20T06:00:00Z)

"$warraq" ingest "${inputs[@]}" --output "$output" || (($? == 4)) # 4: nothing new

sql="SELECT name, count(DISTINCT article_id) AS articles FROM entities WHERE kind = 'place' GROUP BY name ORDER BY articles DESC, name LIMIT 5"
printf '\nthe five places named in most articles\n    warraq query %s "%s"\n' "$output" "$sql"
"$warraq" query "$output" "$sql"
