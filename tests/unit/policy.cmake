mpijobd_unit_test(policy_trigger FLOORS policy)
