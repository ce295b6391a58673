# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(store FLOORS store SOURCES store_help.c)
mpijobd_unit_test(store_recorded FLOORS record store SOURCES store_help.c)
mpijobd_unit_test(store_chain FLOORS store SOURCES store_help.c)
mpijobd_unit_test(store_soon FLOORS store SOURCES store_help.c)
mpijobd_unit_test(store_epoch FLOORS store SOURCES store_help.c)
mpijobd_unit_test(store_kill FLOORS store SOURCES store_help.c)
mpijobd_unit_test(store_trouble FLOORS store SOURCES store_help.c)
mpijobd_unit_test(store_alloc FLOORS store SOURCES store_help.c ALLOC)

# Not a test: bench_store [FOLDER] prints what the disk gives.
add_executable(bench_store EXCLUDE_FROM_ALL ../bench/bench_store.c)
target_link_libraries(bench_store PRIVATE floor_store)
# What the benchmarks compare with: the store without its chain.
add_library(chain_off MODULE EXCLUDE_FROM_ALL ../bench/chain_off.c)
set_target_properties(chain_off PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
target_link_libraries(chain_off PRIVATE mpijobd_flags PkgConfig::SQLITE ${CMAKE_DL_LIBS})
mpijobd_unit_test(saved FLOORS saved ALLOC)
