# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(hour FLOORS limit ALLOC)
mpijobd_unit_test(hour_kept FLOORS limit)
mpijobd_unit_test(rate FLOORS limit ALLOC)
