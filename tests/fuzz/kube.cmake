# SPDX-License-Identifier: Apache-2.0
mpijobd_fuzz(watch kube)
mpijobd_fuzz(credential kube http)
