# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(yaml FLOORS yaml ALLOC)
mpijobd_unit_test(yaml_kubectl FLOORS yaml)
