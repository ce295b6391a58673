# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(timer FLOORS loop ALLOC)
mpijobd_unit_test(signals FLOORS loop)
mpijobd_unit_test(defer FLOORS loop)
