mpijobd_unit_test(mpijob_change FLOORS mpijob ALLOC)
