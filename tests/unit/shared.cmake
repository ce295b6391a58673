# SPDX-License-Identifier: Apache-2.0
if(TARGET mpijob-sim)
  mpijobd_unit_test(store_state FLOORS shared SOURCES store_help.c shared_help.c state_memory.c)
  mpijobd_unit_test(shared FLOORS shared SOURCES store_help.c shared_help.c)
  foreach(name store_state shared)
    target_compile_definitions(test_${name} PRIVATE TEST_SIM="$<TARGET_FILE:mpijob-sim>")
    add_dependencies(test_${name} mpijob-sim)
  endforeach()
endif()

# Not a test: bench_shared KUBECONFIG [FOLDER] prints what the server gives.
add_executable(bench_shared EXCLUDE_FROM_ALL ../bench/bench_shared.c)
target_link_libraries(bench_shared PRIVATE floor_shared)
