#!/usr/bin/env bash
# Launchers that do with published keys what mpirun does not.
# tier: all
set -uo pipefail

here=$PJRT_TEST_SOURCE_DIR/tests/kv/odd_pmix
library=$PJRT_TEST_BUILD_DIR
cases="srun taken alien"

skip_all() {
  local name
  for name in $cases; do echo "skip $name: $*"; done
  exit 0
}

build() {
  # shellcheck disable=SC2046
  cc -shared -fPIC -Wall -Werror $(pkg-config --cflags pmix) \
    -Wl,-soname,libpmix.so.2 -o libpmix.so.2 "$here/libpmix.c" &&
    cc -Wall -Werror -I "$PJRT_TEST_SOURCE_DIR/include" -o put "$here/put.c" \
      -L "$library" -lpjrt
}

# check NAME TEXT: what such a launcher makes of a put has the text in it.
check() {
  local said
  said=$(PMIX_NAMESPACE=odd ODD=$1 LD_LIBRARY_PATH=$PWD:$library ./put 2>&1)
  case $said in
    *"$2"*) echo "ok $1" ;;
    *) echo "not ok $1: expected '$2', got: $said" ;;
  esac
}

grep -q 'libpmix\.so\.2' "$library/libpjrt.so" ||
  skip_all "the library has no libpmix"
build || { echo "not ok build: see above"; exit 1; }
check srun "UNIMPLEMENTED: PMIx_Lookup: ODD (-47); this launcher does not"
check taken "ALREADY_EXISTS: cannot put key 'key' in pmix:, job job: it has"
check alien "DATA_LOSS: cannot put key 'key' in pmix:, job job: it was"
