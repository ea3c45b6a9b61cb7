# The installed package: headers, libraries, tools and what find_package(LongNet)
# reads. Include it from the root after the last target.

include(CMakePackageConfigHelpers)

get_property(LONGNET_LIBS GLOBAL PROPERTY LONGNET_LIBS)
get_property(LONGNET_TOOLS GLOBAL PROPERTY LONGNET_TOOLS)
set(LONGNET_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/LongNet)

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "*.td")
install(DIRECTORY ${PROJECT_BINARY_DIR}/include/
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.inc"
  PATTERN CMakeFiles EXCLUDE)
install(TARGETS ${LONGNET_LIBS} EXPORT LongNetTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS ${LONGNET_TOOLS}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(EXPORT LongNetTargets NAMESPACE LongNet::
  DESTINATION ${LONGNET_INSTALL_CMAKEDIR})
configure_package_config_file(cmake/LongNetConfig.cmake.in LongNetConfig.cmake
  INSTALL_DESTINATION ${LONGNET_INSTALL_CMAKEDIR}
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(LongNetConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/LongNetConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/LongNetConfigVersion.cmake
  DESTINATION ${LONGNET_INSTALL_CMAKEDIR})
