/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the modules here, each in the file of its module. */
#ifndef MPIJOBD_BINDING_OUTSIDE_OUTSIDE_MODULES_H
#define MPIJOBD_BINDING_OUTSIDE_OUTSIDE_MODULES_H

#include "binding/base/module.h"

extern const struct binding_module module_secret, module_http, module_store, module_metrics, module_notify,
    module_prometheus;

#endif
