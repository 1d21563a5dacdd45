#!/usr/bin/env bash
# Every way of using the library, from a tree that it was installed into.
# tier: all
set -uo pipefail

source_dir=$PJRT_TEST_SOURCE_DIR
here=$source_dir/tests/consumers
work=$PWD
prefix=$work/installed

# check NAME COMMAND...: one test case; a failure shows what the command said.
check() {
  local name=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    echo "ok $name"
  else
    cat "$work/log"
    echo "not ok $name: $* failed"
  fi
}

# Installed, then moved: nothing in the tree may remember where it was.
install_and_move() {
  cmake --install "$PJRT_TEST_BUILD_DIR" --prefix "$work/first" &&
    mv "$work/first" "$prefix"
}

run() { LD_LIBRARY_PATH=$libdir "$@"; }

# pkg_config COMPILER FILE [--static]
pkg_config() {
  local compiler=$1 file=$2 mode=${3:-} flags
  flags=$(PKG_CONFIG_PATH=$libdir/pkgconfig \
    pkg-config $mode --cflags --libs libpjrt) || return
  if [ "$mode" = --static ]; then
    flags=${flags//-lpjrt/-l:libpjrt.a}
  fi
  # shellcheck disable=SC2086
  $compiler -o "$work/consumer" "$file" $flags && run "$work/consumer"
}

find_package() {
  cmake -S "$here/find_package" -B "$work/find_package" \
    -DCMAKE_PREFIX_PATH="$prefix" &&
    cmake --build "$work/find_package" || return
  local program
  for program in c_pjrt cxx_pjrt c_pjrt_static cxx_pjrt_static; do
    "$work/find_package/$program" || return
  done
}

add_subdirectory() {
  cmake -S "$here/add_subdirectory" -B "$work/add_subdirectory" \
    -DPJRT_SOURCE_DIR="$source_dir" &&
    cmake --build "$work/add_subdirectory" &&
    "$work/add_subdirectory/consumer" &&
    "$work/add_subdirectory/stores"
}

# Who keeps nothing in Redis or PMIx needs neither, to link or to run.
stores_are_optional() {
  local files
  files=("$libdir/pkgconfig/libpjrt.pc" "$libdir"/cmake/pjrt/*.cmake)
  test -e "${files[1]}" && ! grep -E 'hiredis|pmix' "${files[@]}" &&
    ! readelf -d "$libdir/libpjrt.so" | grep -E 'NEEDED.*(hiredis|pmix)'
}

# The installed command finds the installed library beside it.
command_runs() { env -u LD_LIBRARY_PATH "$prefix/bin/pjrt" --version; }

# The soname is what programs record; it and the file's version must be there.
soname() {
  readelf -d "$libdir/libpjrt.so" | grep -q 'SONAME.*\[libpjrt\.so\.0\]' &&
    test -e "$libdir/libpjrt.so.0"
}

# Each installed header compiles with the installed tree alone.
headers_alone() {
  local header
  for header in $(cd "$prefix/include" && find pjrt -name '*.h'); do
    echo "#include <$header>" >"$work/header.c"
    cc -std=c99 -Wall -Wextra -pedantic -Werror -fsyntax-only \
      -I "$prefix/include" "$work/header.c" || return
  done
}

check install install_and_move
libdir=$(dirname "$(find "$prefix" -name libpjrt.a)")
cp "$here/consumer.c" "$work/consumer.cc"
check soname soname
check pkg_config_c pkg_config cc "$here/consumer.c"
check pkg_config_cxx pkg_config c++ "$work/consumer.cc"
check pkg_config_static pkg_config cc "$here/consumer.c" --static
check find_package find_package
check add_subdirectory add_subdirectory
check stores_are_optional stores_are_optional
check command_runs command_runs
check headers_alone headers_alone
