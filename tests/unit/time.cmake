# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(duration FLOORS time)
mpijobd_unit_test(zone FLOORS time ALLOC)
mpijobd_unit_test(cron FLOORS time)
mpijobd_unit_test(windows FLOORS time)

# Against Python's zoneinfo as an independent source; skipped by name where Python or its zoneinfo is missing.
add_executable(probe_time probe_time.c)
target_link_libraries(probe_time PRIVATE floor_time)
find_program(PYTHON3 python3)
if(PYTHON3)
  add_test(NAME unit/time-zoneinfo COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/check_time.py $<TARGET_FILE:probe_time>)
else()
  add_test(NAME unit/time-zoneinfo COMMAND sh -c "echo skipped: python3 is missing; exit 77")
endif()
set_tests_properties(unit/time-zoneinfo PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
