# SPDX-License-Identifier: Apache-2.0
# `cmake --install`: the command, libverbatim.so with verbatim.h for C, and for C++ the layers up to the
# machine with the few headers that machine.h needs. docs/embedding.md tells how to use them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/verbatim)
list(TRANSFORM VERBATIM_LIBRARY_LAYERS PREPEND verbatim_ OUTPUT_VARIABLE layers)

install(TARGETS verbatim RUNTIME COMPONENT command)
install(TARGETS ${layers} EXPORT verbatim ARCHIVE COMPONENT development)
foreach(header IN ITEMS
    base/address.h base/result.h devices/device.h devices/input_events.h devices/state.h
    machine/config.h machine/machine.h machine/statistic.h translator/optimisations.h)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${PROJECT_SOURCE_DIR}/${header}
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/verbatim/${folder} COMPONENT development)
endforeach()
if(VERBATIM_BUILD_CAPI)
  install(TARGETS verbatim_capi EXPORT verbatim
          LIBRARY COMPONENT library NAMELINK_COMPONENT development)
  install(FILES ${PROJECT_SOURCE_DIR}/capi/verbatim.h TYPE INCLUDE COMPONENT development)
  file(RELATIVE_PATH VERBATIM_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/verbatim.pc.in ${PROJECT_BINARY_DIR}/verbatim.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/verbatim.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
          COMPONENT development)
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/verbatim-config.cmake.in
                              ${PROJECT_BINARY_DIR}/verbatim-config.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/verbatim-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/verbatim-config.cmake
              ${PROJECT_BINARY_DIR}/verbatim-config-version.cmake
        DESTINATION ${package} COMPONENT development)
install(EXPORT verbatim NAMESPACE verbatim:: FILE verbatim-targets.cmake DESTINATION ${package}
        COMPONENT development)
