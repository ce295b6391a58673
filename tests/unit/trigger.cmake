mpijobd_unit_test(trigger_schedule FLOORS trigger)
mpijobd_unit_test(trigger_due FLOORS trigger ALLOC)
