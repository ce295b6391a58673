#include "mpijob/kind.h"

#include <strings.h>

#define BIT(version) (1u << (version))

/* Replicas where a role has none: the controllers' own defaults (mpi-operator: one launcher, no workers;
 * training-operator: one of each role that is there). MXJob left training-operator with v1.8. */
static const struct mpijob_kind_info kinds[MPIJOB_KINDS] = {
    [KIND_MPIJOB] = {.name = "MPIJob",
                     .article = "an",
                     .plural = "mpijobs",
                     .singular = "mpijob",
                     .definition = "mpijobs.kubeflow.org",
                     .short_name = "mj",
                     .versions = "v1alpha2, v1 and v2beta1",
                     .version_bits = BIT(MPIJOB_V1ALPHA2) | BIT(MPIJOB_V1) | BIT(MPIJOB_V2BETA1),
                     .specs = "mpiReplicaSpecs",
                     .roles = {{"Launcher", 1}, {"Worker", 0}}},
    [KIND_TFJOB] = {.name = "TFJob",
                    .article = "a",
                    .plural = "tfjobs",
                    .singular = "tfjob",
                    .definition = "tfjobs.kubeflow.org",
                    .versions = "v1",
                    .version_bits = BIT(MPIJOB_V1),
                    .specs = "tfReplicaSpecs",
                    .roles = {{"Chief", 1}, {"Master", 1}, {"PS", 1}, {"Worker", 1}, {"Evaluator", 1}}},
    [KIND_PYTORCHJOB] = {.name = "PyTorchJob",
                         .article = "a",
                         .plural = "pytorchjobs",
                         .singular = "pytorchjob",
                         .definition = "pytorchjobs.kubeflow.org",
                         .versions = "v1",
                         .version_bits = BIT(MPIJOB_V1),
                         .specs = "pytorchReplicaSpecs",
                         .roles = {{"Master", 1}, {"Worker", 1}}},
    [KIND_MXJOB] = {.name = "MXJob",
                    .article = "an",
                    .plural = "mxjobs",
                    .singular = "mxjob",
                    .definition = "mxjobs.kubeflow.org",
                    .versions = "v1",
                    .version_bits = BIT(MPIJOB_V1),
                    .specs = "mxReplicaSpecs",
                    .roles = {{"Scheduler", 1},
                              {"Server", 1},
                              {"Worker", 1},
                              {"TunerTracker", 1},
                              {"TunerServer", 1},
                              {"Tuner", 1}}},
};

const struct mpijob_kind_info *mpijob_kind_info(enum mpijob_kind kind)
{
    return &kinds[kind];
}

bool mpijob_kind_parse(struct str text, enum mpijob_kind *kind)
{
    for (int i = 0; i < MPIJOB_KINDS; i++) {
        if (str_is(text, kinds[i].name)) {
            *kind = (enum mpijob_kind)i;
            return true;
        }
    }
    return false;
}

static bool same(struct str text, const char *word)
{
    return word && text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

bool mpijob_kind_find(struct str text, enum mpijob_kind *kind)
{
    static const char group[] = "." MPIJOB_GROUP;
    if (str_ends(text, group))
        text.len -= sizeof group - 1;
    for (int i = 0; i < MPIJOB_KINDS; i++) {
        const struct mpijob_kind_info *k = &kinds[i];
        if (same(text, k->name) || same(text, k->plural) || same(text, k->short_name)) {
            *kind = (enum mpijob_kind)i;
            return true;
        }
    }
    return false;
}

int mpijob_kind_unknown(const char *text, struct error *err)
{
    const char *names[MPIJOB_KINDS + 1] = {NULL};
    for (int i = 0; i < MPIJOB_KINDS; i++)
        names[i] = kinds[i].name;
    const char *near = str_nearest(text, names);
    return error_set(err, ERR_INVALID,
                     "there is no kind \"%.80s\" here%s%s%s; there are MPIJob, TFJob, PyTorchJob, MXJob", text,
                     near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

bool mpijob_kind_has(enum mpijob_kind kind, enum mpijob_version version)
{
    return (kinds[kind].version_bits & BIT(version)) != 0;
}

enum mpijob_version mpijob_kind_version(enum mpijob_kind kind)
{
    return kind == KIND_MPIJOB ? MPIJOB_V2BETA1 : MPIJOB_V1;
}
