# SPDX-License-Identifier: Apache-2.0
# A scripted server in the test itself: http_peer. Its certificates are made when the test starts.
set(HTTP_SUPPORT http_peer.c http_fixture.c)
mpijobd_unit_test(http FLOORS http SOURCES ${HTTP_SUPPORT} LIBS PkgConfig::OPENSSL pthread)
mpijobd_unit_test(http_proxy FLOORS http)
mpijobd_unit_test(http_faults FLOORS http SOURCES ${HTTP_SUPPORT} moved_clock.c LIBS PkgConfig::OPENSSL pthread)
mpijobd_unit_test(http_tls FLOORS http SOURCES ${HTTP_SUPPORT} certificates.c LIBS PkgConfig::OPENSSL pthread)
mpijobd_unit_test(http_roots FLOORS http SOURCES ${HTTP_SUPPORT} certificates.c LIBS PkgConfig::OPENSSL pthread)
mpijobd_unit_test(http_alloc ALLOC FLOORS http SOURCES ${HTTP_SUPPORT} certificates.c LIBS PkgConfig::OPENSSL pthread)

# Requests a second, by hand: ninja bench_http && tests/unit/bench_http
add_executable(bench_http EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/bench/bench_http.c http_peer.c certificates.c)
target_include_directories(bench_http PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(bench_http PRIVATE floor_http PkgConfig::OPENSSL pthread)
