mpijobd_fuzz(watch kube)
mpijobd_fuzz(credential kube http)
