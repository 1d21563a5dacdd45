# Installs the headers, both libraries, the command, and what pkg-config and
# find_package need. tests/consumers proves each way of using them.

include(CMakePackageConfigHelpers)
set(_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pjrt)

install(DIRECTORY include/pjrt DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(TARGETS pjrt EXPORT pjrt
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS pjrt_static EXPORT pjrt_static
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET pjrt_cli)
  set_target_properties(pjrt_cli PROPERTIES
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  install(TARGETS pjrt_cli DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

if(TARGET pjrt_sim)
  install(TARGETS pjrt_sim LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  # Its controls. They stand alone: whoever loads the plugin finds them in it.
  install(FILES sim/plugin/sim.h
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pjrt)
endif()

# Two export sets: only a user of the static library needs protobuf-c.
foreach(_set pjrt pjrt_static)
  install(EXPORT ${_set} FILE ${_set}-targets.cmake NAMESPACE pjrt::
    DESTINATION ${_package_dir})
endforeach()
set(PJRT_CONFIG_OPTIONAL "")
if(JANSSON_FOUND)
  string(APPEND PJRT_CONFIG_OPTIONAL " jansson")
endif()
configure_package_config_file(
  cmake/pjrt-config.cmake.in ${PROJECT_BINARY_DIR}/pjrt-config.cmake
  INSTALL_DESTINATION ${_package_dir})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/pjrt-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/pjrt-config.cmake
  ${PROJECT_BINARY_DIR}/pjrt-config-version.cmake
  DESTINATION ${_package_dir})

# The prefix in libpjrt.pc is relative to the file, so that a tree installed
# anywhere, or moved, still works.
file(RELATIVE_PATH PJRT_PC_PREFIX
  /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" PJRT_PC_PREFIX "${PJRT_PC_PREFIX}")
set(PJRT_PC_REQUIRES_PRIVATE "libprotobuf-c")
if(JANSSON_FOUND)
  string(APPEND PJRT_PC_REQUIRES_PRIVATE ", jansson")
endif()
configure_file(cmake/libpjrt.pc.in ${PROJECT_BINARY_DIR}/libpjrt.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libpjrt.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
