#!/usr/bin/env bash
# The benchmarks run to their end and measure every row; no number is judged.
# tier: all
set -uo pipefail

if [ -z "${PJRT_TEST_PLUGIN_CPU:-}" ]; then
  echo "skip hot_path: plugin cpu is not fetched"
  exit 0
fi
rows=$("$PJRT_TEST_BUILD_DIR/bench/hot_path" --rounds 2 \
  --plugin "$PJRT_TEST_PLUGIN_CPU" | grep -cE '( +[0-9]+\.[0-9]{2}){6}$')
if [ "$rows" = 7 ]; then
  echo "ok hot_path"
else
  echo "not ok hot_path: expected 7 rows, found $rows"
fi
