# SPDX-License-Identifier: Apache-2.0
mpijobd_fuzz(zone time)
mpijobd_fuzz(cron time)
