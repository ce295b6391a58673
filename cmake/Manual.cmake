# SPDX-License-Identifier: Apache-2.0
# Manual pages of each command, of the configuration and of policies, made from docs/reference and --help by scripts/man-pages. Without lowdown
# or Python there are only those that are written by hand.
find_program(LOWDOWN lowdown)
find_package(Python3 COMPONENTS Interpreter)
if(LOWDOWN AND Python3_Interpreter_FOUND AND NOT CMAKE_CROSSCOMPILING)
  set(pages ${PROJECT_BINARY_DIR}/man)
  file(GLOB reference CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/reference/*.md)
  add_custom_command(OUTPUT ${pages}/made
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${pages}
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/man-pages --program $<TARGET_FILE:mpijobd> --to ${pages}
    COMMAND ${CMAKE_COMMAND} -E touch ${pages}/made
    DEPENDS mpijobd ${PROJECT_SOURCE_DIR}/scripts/man-pages ${PROJECT_BINARY_DIR}/docs/man/mpijobd.1 ${reference} VERBATIM)
  add_custom_target(manual ALL DEPENDS ${pages}/made)
  install(DIRECTORY ${pages}/ DESTINATION ${CMAKE_INSTALL_MANDIR} PATTERN made EXCLUDE)
else()
  message(STATUS "the manual pages of single commands are left out: lowdown or python3 is missing")
endif()
