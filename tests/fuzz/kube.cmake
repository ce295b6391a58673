mpijobd_fuzz(watch kube)
