#!/usr/bin/env bash
# Runs one fuzz target for a short, repeatable while:  run.sh PROGRAM
# FUZZ_SECONDS and FUZZ_SEED make it a longer hunt; the input of a finding is
# printed in base64. Programs start from those in tests/data.
set -uo pipefail

name=$(basename "$1")
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
case $name in
  fuzz_mlir | fuzz_interp)
    for program in "$(dirname "$0")"/../data/programs/*/program.mlir; do
      cp "$program" "$seeds/$(basename "$(dirname "$program")")"
    done ;;
esac
if "$1" "$seeds" -seed="${FUZZ_SEED:-1}" -max_total_time="${FUZZ_SECONDS:-10}" \
  -max_len=4096 -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 2>&1; then
  echo "ok $name"
else
  echo "not ok $name: the input is above, and in base64"
fi
