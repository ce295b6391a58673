# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(approvers FLOORS approval ALLOC)
