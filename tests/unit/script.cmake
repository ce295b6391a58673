mpijobd_unit_test(script FLOORS script)
mpijobd_unit_test(script_coroutine FLOORS script)
mpijobd_unit_test(script_library FLOORS script)
mpijobd_unit_test(script_hostile FLOORS script)
