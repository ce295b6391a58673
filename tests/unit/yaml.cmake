mpijobd_unit_test(yaml FLOORS yaml ALLOC)
