# A scripted server in the test itself: http_peer. Its certificates are made when the test starts.
set(HTTP_SUPPORT http_peer.c http_fixture.c)
mpijobd_unit_test(http FLOORS http SOURCES ${HTTP_SUPPORT} LIBS PkgConfig::OPENSSL pthread)
mpijobd_unit_test(http_faults FLOORS http SOURCES ${HTTP_SUPPORT} LIBS PkgConfig::OPENSSL pthread)
mpijobd_unit_test(http_tls FLOORS http SOURCES ${HTTP_SUPPORT} certificates.c LIBS PkgConfig::OPENSSL pthread)
