mpijobd_unit_test(policy_trigger FLOORS trigger)
mpijobd_unit_test(policy_due FLOORS trigger ALLOC)
mpijobd_unit_test(policy_loops FLOORS change)
mpijobd_unit_test(policy_write FLOORS change)
