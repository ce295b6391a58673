/* kube: objects of any kind, by apiVersion and kind (lua/types/kube.lua). */
#include "binding/kube.h"

#include "binding/modules.h"

static const struct binding_function functions[] = {
    {"get", l_kube_get, MAY_OTHERS},         {"list", l_kube_list, MAY_OTHERS},
    {"watch", l_kube_watch, MAY_OTHERS},     {"patch", l_kube_patch, MAY_OTHERS},
    {"replace", l_kube_replace, MAY_OTHERS}, {"create", l_kube_create, MAY_OTHERS},
    {"delete", l_kube_delete, MAY_OTHERS},   {NULL, NULL, 0}};
const struct binding_module module_kube = {
    .name = "kube", .annotations = "kube.lua", .functions = functions, .needs = MAY_OTHERS};
