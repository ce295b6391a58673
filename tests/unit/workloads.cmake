# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(workload_table FLOORS workloads ALLOC)
mpijobd_unit_test(workload_watch FLOORS workloads SOURCES kube_server.c)
