# A scripted server in the test itself: http_peer. Its certificates are made when the test starts.
set(HTTP_SUPPORT SOURCES http_peer.c http_fixture.c LIBS PkgConfig::OPENSSL pthread)
mpijobd_unit_test(http FLOORS http ${HTTP_SUPPORT})
mpijobd_unit_test(http_faults FLOORS http ${HTTP_SUPPORT})
