# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(base FLOORS base ALLOC)
mpijobd_unit_test(reserve FLOORS base ALLOC)
mpijobd_unit_test(outlet FLOORS base)
mpijobd_unit_test(metrics FLOORS base ALLOC)
mpijobd_unit_test(trace FLOORS base)
mpijobd_unit_test(log_journal FLOORS base)
mpijobd_unit_test(log_fold FLOORS base ALLOC)
