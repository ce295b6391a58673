mpijobd_unit_test(store FLOORS store SOURCES store_help.c)
mpijobd_unit_test(store_kill FLOORS store SOURCES store_help.c)
mpijobd_unit_test(store_trouble FLOORS store SOURCES store_help.c)
mpijobd_unit_test(store_alloc FLOORS store SOURCES store_help.c ALLOC)
