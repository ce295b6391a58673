mpijobd_unit_test(kube_request FLOORS kube SOURCES kube_server.c)
