#include "mpijob/version.h"

static const char *const version_names[MPIJOB_VERSIONS] = {"v1alpha2", "v1", "v2beta1"};
static const char *const controller_names[] = {"unknown", "mpi-operator", "training-operator", "cci"};

#define GROUP "kubeflow.org/"

const char *mpijob_version_name(enum mpijob_version version)
{
    return version_names[version];
}

bool mpijob_version_parse(struct str text, enum mpijob_version *version)
{
    if (str_starts(text, GROUP)) {
        text.ptr += strlen(GROUP);
        text.len -= strlen(GROUP);
    }
    for (int i = 0; i < MPIJOB_VERSIONS; i++) {
        if (str_is(text, version_names[i])) {
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

enum mpijob_controller mpijob_controller_of(enum mpijob_kind kind, enum mpijob_version version)
{
    if (kind != KIND_MPIJOB)
        return CONTROLLER_TRAINING_OPERATOR;
    return version == MPIJOB_V1 ? CONTROLLER_UNKNOWN : CONTROLLER_MPI_OPERATOR;
}

enum mpijob_controller mpijob_controller_at(const char *server)
{
    const char *host = strstr(server, "://");
    host = host ? host + 3 : server;
    struct str name = str_n(host, strcspn(host, ":/"));
    bool huawei = str_ends(name, ".myhuaweicloud.com") || str_ends(name, ".myhuaweicloud.eu");
    return huawei && str_starts(name, "cci.") ? CONTROLLER_CCI : CONTROLLER_UNKNOWN;
}
