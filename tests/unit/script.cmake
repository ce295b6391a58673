mpijobd_unit_test(script FLOORS script)
