# SPDX-License-Identifier: Apache-2.0
mpijobd_fuzz(plan plan)
