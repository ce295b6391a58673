# SPDX-License-Identifier: Apache-2.0
mpijobd_fuzz(json json)
mpijobd_fuzz(json_edit json)
mpijobd_fuzz(json_patch json)
