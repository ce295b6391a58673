mpijobd_fuzz(script script)
