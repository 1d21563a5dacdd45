# What the build needs from the system. Required: threads, protobuf-c and its
# compiler. Optional: jansson (the JSON forms of plugin discovery), without
# which only the command cannot be built.

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

if(PJRT_BUILD_TESTS)
  pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)
  if(NOT CMOCKA_FOUND)
    message(FATAL_ERROR "The tests need cmocka (Debian: apt-get install "
      "libcmocka-dev); or configure with -DPJRT_BUILD_TESTS=OFF")
  endif()
  find_package(Python3 3.9 COMPONENTS Interpreter REQUIRED)
endif()
