# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(script FLOORS script)
mpijobd_unit_test(script_coroutine FLOORS script)
mpijobd_unit_test(script_library FLOORS script)
mpijobd_unit_test(script_hostile FLOORS script)
mpijobd_unit_test(script_alloc FLOORS script ALLOC)
mpijobd_unit_test(script_chaos FLOORS script)
mpijobd_unit_test(script_globals FLOORS script)
mpijobd_unit_test(script_function FLOORS script)
