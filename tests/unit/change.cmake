# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(change_gate FLOORS change SOURCES kube_server.c)
mpijobd_unit_test(change_late FLOORS change)
mpijobd_unit_test(change_loops FLOORS change)
mpijobd_unit_test(change_write FLOORS change)
