mpijobd_unit_test(base FLOORS base ALLOC)
