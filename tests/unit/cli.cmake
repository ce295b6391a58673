# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(progress FLOORS cli/terminal)
