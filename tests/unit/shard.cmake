# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(shard FLOORS shard)
mpijobd_unit_test(share FLOORS shard)
