mpijobd_unit_test(change_loops FLOORS change)
mpijobd_unit_test(change_write FLOORS change)
