# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(lease FLOORS lead ALLOC)
