#include "mpijob/field.h"

#define SPEC "/spec/"
#define RUN "/spec/runPolicy/"

/* Who reads which place. v1 has three sets, because two programs serve it and they read different places: while it is
 * not known which of them it is, both places of cleanPodPolicy are kept equal, which is right under either. */
enum dialect {
    V1ALPHA2_CCI,
    V1ALPHA2,
    V1_MPI_OPERATOR,
    V1_TRAINING_OPERATOR,
    V1_UNKNOWN,
    V2BETA1,
    SIBLING_CCI, /* TFJob, PyTorchJob and MXJob: on CCI flat, as its documentation has them */
    SIBLING,     /* ... and under training-operator, as MPIJob but without the second place of cleanPodPolicy */
    DIALECTS
};

#define NONE                                                                                                           \
    {                                                                                                                  \
        0                                                                                                              \
    }
#define AT(place)                                                                                                      \
    {                                                                                                                  \
        .has = true, .replaceable = true, .pointer = (place)                                                           \
    }
#define FIXED(place)                                                                                                   \
    {                                                                                                                  \
        .has = true, .pointer = (place)                                                                                \
    }
#define ALSO(place, second)                                                                                            \
    {                                                                                                                  \
        .has = true, .replaceable = true, .pointer = (place), .also = (second)                                         \
    }
#define OVERRIDDEN(place, winner)                                                                                      \
    {                                                                                                                  \
        .has = true, .replaceable = true, .pointer = (place), .overrides = (winner)                                    \
    }

/* clang-format off */
static const struct mpijob_place places[FIELD_COUNT][DIALECTS] = {
    [FIELD_CLEAN_POD_POLICY] = {
        [V1ALPHA2_CCI]         = AT(SPEC "cleanPodPolicy"),
        [V1ALPHA2]             = AT(SPEC "cleanPodPolicy"),
        [V1_MPI_OPERATOR]      = AT(SPEC "cleanPodPolicy"),
        [V1_TRAINING_OPERATOR] = ALSO(RUN "cleanPodPolicy", SPEC "cleanPodPolicy"),
        [V1_UNKNOWN]           = OVERRIDDEN(SPEC "cleanPodPolicy", RUN "cleanPodPolicy"),
        [V2BETA1]              = AT(RUN "cleanPodPolicy"),
        [SIBLING_CCI]          = AT(SPEC "cleanPodPolicy"),
        [SIBLING]              = AT(RUN "cleanPodPolicy"),
    },
    [FIELD_ACTIVE_DEADLINE_SECONDS] = {
        [V1ALPHA2_CCI]         = AT(SPEC "activeDeadlineSeconds"),
        [V1ALPHA2]             = OVERRIDDEN(SPEC "activeDeadlineSeconds", RUN "activeDeadlineSeconds"),
        [V1_MPI_OPERATOR]      = AT(RUN "activeDeadlineSeconds"),
        [V1_TRAINING_OPERATOR] = AT(RUN "activeDeadlineSeconds"),
        [V1_UNKNOWN]           = AT(RUN "activeDeadlineSeconds"),
        [V2BETA1]              = AT(RUN "activeDeadlineSeconds"),
        [SIBLING_CCI]          = AT(SPEC "activeDeadlineSeconds"),
        [SIBLING]              = AT(RUN "activeDeadlineSeconds"),
    },
    [FIELD_BACKOFF_LIMIT] = {
        [V1ALPHA2_CCI]         = FIXED(SPEC "backoffLimit"),
        [V1ALPHA2]             = OVERRIDDEN(SPEC "backoffLimit", RUN "backoffLimit"),
        [V1_MPI_OPERATOR]      = AT(RUN "backoffLimit"),
        [V1_TRAINING_OPERATOR] = AT(RUN "backoffLimit"),
        [V1_UNKNOWN]           = AT(RUN "backoffLimit"),
        [V2BETA1]              = AT(RUN "backoffLimit"),
        [SIBLING_CCI]          = FIXED(SPEC "backoffLimit"),
        [SIBLING]              = AT(RUN "backoffLimit"),
    },
    [FIELD_TTL_SECONDS_AFTER_FINISHED] = {
        [V1ALPHA2_CCI]         = NONE,
        [V1ALPHA2]             = AT(RUN "ttlSecondsAfterFinished"),
        [V1_MPI_OPERATOR]      = AT(RUN "ttlSecondsAfterFinished"),
        [V1_TRAINING_OPERATOR] = AT(RUN "ttlSecondsAfterFinished"),
        [V1_UNKNOWN]           = AT(RUN "ttlSecondsAfterFinished"),
        [V2BETA1]              = AT(RUN "ttlSecondsAfterFinished"),
        [SIBLING_CCI]          = AT(SPEC "ttlSecondsAfterFinished"),
        [SIBLING]              = AT(RUN "ttlSecondsAfterFinished"),
    },
    [FIELD_SUSPEND] = {
        [V1ALPHA2_CCI]         = NONE,
        [V1ALPHA2]             = NONE,
        [V1_MPI_OPERATOR]      = NONE,
        [V1_TRAINING_OPERATOR] = AT(RUN "suspend"),
        [V1_UNKNOWN]           = AT(RUN "suspend"),
        [V2BETA1]              = AT(RUN "suspend"),
        [SIBLING_CCI]          = NONE,
        [SIBLING]              = AT(RUN "suspend"),
    },
    [FIELD_MANAGED_BY] = {
        [V1ALPHA2_CCI]         = NONE,
        [V1ALPHA2]             = NONE,
        [V1_MPI_OPERATOR]      = NONE,
        [V1_TRAINING_OPERATOR] = AT(RUN "managedBy"),
        [V1_UNKNOWN]           = AT(RUN "managedBy"),
        [V2BETA1]              = AT(RUN "managedBy"),
        [SIBLING_CCI]          = NONE,
        [SIBLING]              = AT(RUN "managedBy"),
    },
    [FIELD_SCHEDULING_POLICY] = {
        [V1ALPHA2_CCI]         = NONE,
        [V1ALPHA2]             = AT(RUN "schedulingPolicy"),
        [V1_MPI_OPERATOR]      = AT(RUN "schedulingPolicy"),
        [V1_TRAINING_OPERATOR] = AT(RUN "schedulingPolicy"),
        [V1_UNKNOWN]           = AT(RUN "schedulingPolicy"),
        [V2BETA1]              = AT(RUN "schedulingPolicy"),
        [SIBLING_CCI]          = NONE,
        [SIBLING]              = AT(RUN "schedulingPolicy"),
    },
};

static const char *const names[] = {
    [FIELD_CLEAN_POD_POLICY] = "cleanPodPolicy",
    [FIELD_ACTIVE_DEADLINE_SECONDS] = "activeDeadlineSeconds",
    [FIELD_BACKOFF_LIMIT] = "backoffLimit",
    [FIELD_TTL_SECONDS_AFTER_FINISHED] = "ttlSecondsAfterFinished",
    [FIELD_SUSPEND] = "suspend",
    [FIELD_MANAGED_BY] = "managedBy",
    [FIELD_SCHEDULING_POLICY] = "schedulingPolicy",
    "labels", "annotations", NULL,
};
/* clang-format on */

const char *mpijob_field_name(enum mpijob_field_id field)
{
    return names[field];
}

const char *const *mpijob_field_names(void)
{
    return names;
}

bool mpijob_field_find(struct str name, enum mpijob_field_id *field)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (str_is(name, names[i])) {
            *field = (enum mpijob_field_id)i;
            return true;
        }
    }
    return false;
}

static enum dialect dialect_of(struct mpijob_target target)
{
    if (target.kind != KIND_MPIJOB)
        return target.controller == CONTROLLER_CCI ? SIBLING_CCI : SIBLING;
    switch (target.version) {
    case MPIJOB_V1ALPHA2:
        return target.controller == CONTROLLER_CCI ? V1ALPHA2_CCI : V1ALPHA2;
    case MPIJOB_V1:
        return target.controller == CONTROLLER_MPI_OPERATOR        ? V1_MPI_OPERATOR
               : target.controller == CONTROLLER_TRAINING_OPERATOR ? V1_TRAINING_OPERATOR
                                                                   : V1_UNKNOWN;
    case MPIJOB_V2BETA1:
        break;
    }
    return V2BETA1;
}

const struct mpijob_place *mpijob_field_place(enum mpijob_field_id field, struct mpijob_target target)
{
    return &places[field][dialect_of(target)];
}

struct json mpijob_value_at(struct json object, const char *pointer)
{
    struct json value = pointer ? json_at(object, pointer) : (struct json){0};
    return json_type(value) == JSON_NULL ? (struct json){0} : value;
}

struct json mpijob_field_value(struct json object, enum mpijob_field_id field, struct mpijob_target target)
{
    const struct mpijob_place *place = mpijob_field_place(field, target);
    const char *const order[] = {place->overrides, place->pointer, place->also};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct json value = mpijob_value_at(object, order[i]);
        if (json_exists(value))
            return value;
    }
    return (struct json){0};
}
