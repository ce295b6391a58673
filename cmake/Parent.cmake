# SPDX-License-Identifier: Apache-2.0
# mpijobd-parent, the process above a running daemon: static, so that it takes little memory. Where a static libc is missing, and in
# builds for tests of memory, mpijobd does without it: what it does is in the floor `guard`.
include(CheckCSourceCompiles)
set(CMAKE_REQUIRED_FLAGS -static-pie)
set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie)
check_c_source_compiles("int main(void) { return 0; }" MPIJOBD_HAS_STATIC_LIBC)
unset(CMAKE_REQUIRED_FLAGS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)

if(MPIJOBD_HAS_STATIC_LIBC AND NOT MPIJOBD_SANITIZE AND NOT MPIJOBD_FUZZ)
  add_executable(mpijobd-parent src/parent_main.c src/guard/parent.c)
  target_link_libraries(mpijobd-parent PRIVATE mpijobd_flags)
  target_compile_options(mpijobd-parent PRIVATE -fPIE)
  target_link_options(mpijobd-parent PRIVATE -static-pie)
  set_target_properties(mpijobd-parent PROPERTIES MPIJOBD_STATIC ON)
  add_dependencies(mpijobd mpijobd-parent)
  install(TARGETS mpijobd-parent RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/mpijobd)
endif()
