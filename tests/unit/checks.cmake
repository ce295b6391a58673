# SPDX-License-Identifier: Apache-2.0
# The checkers of scripts/lint, tried on small trees with one thing wrong in each; and what was built, read.
find_program(PYTHON3 python3)
if(PYTHON3)
  add_test(NAME unit/floors COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/check_floors.py)
  set_tests_properties(unit/floors PROPERTIES TIMEOUT 120)
  if(MPIJOBD_HARDENED)
    set(parent)
    if(TARGET mpijobd-parent)
      set(parent --static $<TARGET_FILE:mpijobd-parent>)
    endif()
    add_test(NAME unit/hardened COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/check_hardened.py ${PROJECT_BINARY_DIR}
      $<TARGET_FILE:mpijobd> $<TARGET_FILE:mpijob-sim> ${parent})
  endif()
endif()
