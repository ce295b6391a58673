mpijobd_unit_test(store FLOORS store SOURCES store_help.c)
