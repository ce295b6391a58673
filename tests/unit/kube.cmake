mpijobd_unit_test(kube_request FLOORS kube SOURCES kube_server.c)
mpijobd_unit_test(kube_list FLOORS kube SOURCES kube_server.c)
mpijobd_unit_test(kube_discovery FLOORS kube SOURCES kube_server.c)
mpijobd_unit_test(kube_config FLOORS kube ALLOC)
