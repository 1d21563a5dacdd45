# What the build needs from the system. Required: threads, protobuf-c and its
# compiler. Optional: jansson (the JSON forms of plugin discovery), without
# which only the command cannot be built; the headers of hiredis (key-value
# stores in Redis) and of libpmix (in the launcher of a job). Those two are
# loaded when a store needs them, so nothing is linked with them.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig)
if(NOT PKG_CONFIG_FOUND)
  message(FATAL_ERROR "libpjrt needs pkg-config (Debian: apt-get install "
    "pkg-config; tools/bootstrap installs everything that is missing)")
endif()

pkg_check_modules(PROTOBUF_C IMPORTED_TARGET libprotobuf-c)
find_program(PROTOC_C protoc-c)
if(NOT PROTOBUF_C_FOUND OR NOT PROTOC_C)
  message(FATAL_ERROR "libpjrt needs protobuf-c and its compiler protoc-c "
    "(Debian: apt-get install libprotobuf-c-dev protobuf-c-compiler)")
endif()

pkg_check_modules(JANSSON IMPORTED_TARGET jansson)
if(PJRT_BUILD_CLI AND NOT JANSSON_FOUND)
  message(FATAL_ERROR "The command pjrt needs jansson (Debian: apt-get "
    "install libjansson-dev); or configure with -DPJRT_BUILD_CLI=OFF")
endif()

option(PJRT_WITH_HIREDIS "Stores in Redis, where hiredis is there" ON)
option(PJRT_WITH_PMIX "Stores in PMIx, where libpmix is there" ON)

# Sets PREFIX_SONAME, by which programs load the library, where it is there.
function(pjrt_loaded_library prefix name)
  pkg_check_modules(${prefix} ${name})
  find_library(${prefix}_FILE ${name} HINTS ${${prefix}_LIBRARY_DIRS})
  mark_as_advanced(${prefix}_FILE)
  if(NOT ${prefix}_FOUND OR NOT ${prefix}_FILE)
    return()
  endif()
  execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${${prefix}_FILE}
    OUTPUT_VARIABLE _headers ERROR_QUIET)
  if(_headers MATCHES "SONAME +([^ \n]+)")
    set(${prefix}_SONAME ${CMAKE_MATCH_1} PARENT_SCOPE)
    set(${prefix}_VERSION ${${prefix}_VERSION} PARENT_SCOPE)
    set(${prefix}_INCLUDE_DIRS ${${prefix}_INCLUDE_DIRS} PARENT_SCOPE)
  endif()
endfunction()

if(PJRT_WITH_HIREDIS)
  pjrt_loaded_library(HIREDIS hiredis)
endif()
if(PJRT_WITH_PMIX)
  pjrt_loaded_library(PMIX pmix)
endif()

if(PJRT_BUILD_TESTS)
  pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)
  if(NOT CMOCKA_FOUND)
    message(FATAL_ERROR "The tests need cmocka (Debian: apt-get install "
      "libcmocka-dev); or configure with -DPJRT_BUILD_TESTS=OFF")
  endif()
  find_package(Python3 3.9 COMPONENTS Interpreter REQUIRED)
endif()
