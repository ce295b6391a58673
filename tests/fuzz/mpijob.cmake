mpijobd_fuzz(mpijob mpijob)
