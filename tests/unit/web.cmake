# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(event_ring FLOORS web ALLOC)
