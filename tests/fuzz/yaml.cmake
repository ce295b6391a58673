mpijobd_fuzz(yaml yaml)
