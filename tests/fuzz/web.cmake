# SPDX-License-Identifier: Apache-2.0
mpijobd_fuzz(web web)
