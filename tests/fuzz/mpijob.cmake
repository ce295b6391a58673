# SPDX-License-Identifier: Apache-2.0
mpijobd_fuzz(mpijob mpijob/match mpijob/inspect mpijob/effect mpijob/change)
