mpijobd_unit_test(admin FLOORS admin ALLOC)
