add_executable(bench_cache EXCLUDE_FROM_ALL ../bench/bench_cache.c)
target_link_libraries(bench_cache PRIVATE floor_cache)
mpijobd_unit_test(cache FLOORS cache SOURCES kube_server.c)
