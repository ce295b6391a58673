mpijobd_unit_test(policy_trigger FLOORS policy)
mpijobd_unit_test(policy_due FLOORS policy ALLOC)
mpijobd_unit_test(policy_loops FLOORS policy)
mpijobd_unit_test(policy_write FLOORS policy)
