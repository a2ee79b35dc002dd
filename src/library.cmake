# libbrushcast, static and shared: the folders that stand behind brushcast.h, installed with a pkg-config file and a CMake package.
include(CMakePackageConfigHelpers)

set(parts)
foreach(folder base kernels model generator stabilizer paint)
  list(APPEND parts $<TARGET_OBJECTS:bc_${folder}>)
endforeach()

function(bc_add_public_library target type)
  add_library(${target} ${type} ${parts})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME brushcast VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    EXPORT_NAME ${type})
  target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PRIVATE Threads::Threads PkgConfig::JANSSON PkgConfig::NETTLE m)
  install(TARGETS ${target} EXPORT brushcast
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libbrushcast${PROJECT_VERSION_MAJOR} NAMELINK_COMPONENT libbrushcast-dev
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libbrushcast-dev)
endfunction()

bc_add_public_library(brushcast SHARED)
# Functions that are compiled for several instruction sets are exported whatever their visibility: the header says what is public.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/brushcast.h)
file(STRINGS brushcast.h declarations REGEX "^BC_API")
string(REGEX MATCHALL "bc_[a-z_]+[(]" symbols "${declarations}")
list(TRANSFORM symbols REPLACE "[(]" "\\\\;")
list(JOIN symbols " " symbols)
string(REPLACE "\\;" ";" symbols "${symbols}")
file(CONFIGURE OUTPUT brushcast.map CONTENT "{ global: ${symbols} local: *; };\n")
target_link_options(brushcast PRIVATE -Wl,--version-script=${CMAKE_CURRENT_BINARY_DIR}/brushcast.map)
bc_add_public_library(brushcast_static STATIC)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/brushcast)
configure_package_config_file(brushcastConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/brushcastConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/brushcastConfigVersion.cmake COMPATIBILITY SameMinorVersion)
# Relative, so that the installed tree may be moved.
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(brushcast.pc.in ${CMAKE_CURRENT_BINARY_DIR}/brushcast.pc @ONLY)

install(FILES brushcast.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libbrushcast-dev)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/brushcast.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libbrushcast-dev)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/brushcastConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/brushcastConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT libbrushcast-dev)
install(EXPORT brushcast NAMESPACE brushcast:: FILE brushcastTargets.cmake DESTINATION ${package_dir}
  COMPONENT libbrushcast-dev)
