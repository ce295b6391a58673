mpijobd_unit_test(mpijob_field FLOORS mpijob)
mpijobd_unit_test(mpijob_view FLOORS mpijob)
mpijobd_unit_test(mpijob_change FLOORS mpijob ALLOC)
