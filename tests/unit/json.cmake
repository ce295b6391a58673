# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(json_value FLOORS json ALLOC)
mpijobd_unit_test(json_suite FLOORS json)
mpijobd_unit_test(json_write FLOORS json ALLOC)
mpijobd_unit_test(json_edit FLOORS json ALLOC)
mpijobd_unit_test(json_patch FLOORS json ALLOC)
mpijobd_unit_test(jsonpath FLOORS json/path ALLOC)

# Generated documents and edits, compared with Python's own json module as an independent parser.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  add_executable(json_driver json_driver.c)
  target_link_libraries(json_driver PRIVATE floor_json)
  add_test(NAME unit/json_property
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/json_property.py $<TARGET_FILE:json_driver>)
  set_tests_properties(unit/json_property PROPERTIES TIMEOUT 300)
else()
  message(STATUS "unit/json_property is left out: python3 is missing")
endif()

add_executable(bench_json EXCLUDE_FROM_ALL ../bench/bench_json.c ../bench/bench_json_c.c)
target_link_libraries(bench_json PRIVATE floor_json PkgConfig::JSONC)
