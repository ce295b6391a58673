# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(control FLOORS control ALLOC)
