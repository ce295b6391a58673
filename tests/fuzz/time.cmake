mpijobd_fuzz(zone time)
mpijobd_fuzz(cron time)
