/* SPDX-License-Identifier: Apache-2.0 */
/* The names of versions and controllers. */
#include "mpijob/version.h"

#include "mpijob/dialect_rows.h"

static const char *const controller_names[] = {[CONTROLLER_UNKNOWN] = "unknown",
                                               [CONTROLLER_MPI_OPERATOR] = "mpi-operator",
                                               [CONTROLLER_TRAINING_OPERATOR] = "training-operator",
                                               [CONTROLLER_CCI] = "cci"};

#define GROUP MPIJOB_GROUP "/"

const char *mpijob_version_name(enum mpijob_version version)
{
    return mpijob_tables()->versions[version];
}

bool mpijob_version_parse(struct str text, enum mpijob_version *version)
{
    const struct mpijob_tables *t = mpijob_tables();
    if (str_starts(text, GROUP)) {
        text.ptr += strlen(GROUP);
        text.len -= strlen(GROUP);
    }
    for (size_t i = 0; i < t->version_count; i++) {
        if (str_is(text, t->versions[i])) {
            *version = (enum mpijob_version)i;
            return true;
        }
    }
    return false;
}

const char *mpijob_controller_name(enum mpijob_controller controller)
{
    return controller_names[controller];
}

bool mpijob_controller_parse(struct str text, enum mpijob_controller *controller)
{
    for (size_t i = 0; i < sizeof controller_names / sizeof *controller_names; i++) {
        if (str_is(text, controller_names[i])) {
            *controller = (enum mpijob_controller)i;
            return true;
        }
    }
    return false;
}

enum mpijob_controller mpijob_controller_at(const char *server)
{
    const char *host = strstr(server, "://");
    host = host ? host + 3 : server;
    struct str name = str_n(host, strcspn(host, ":/"));
    bool huawei = str_ends(name, ".myhuaweicloud.com") || str_ends(name, ".myhuaweicloud.eu");
    return huawei && str_starts(name, "cci.") ? CONTROLLER_CCI : CONTROLLER_UNKNOWN;
}
