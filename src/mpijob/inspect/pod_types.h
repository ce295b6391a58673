/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the inspect floor only: the types of a pod template's fields, as Kubernetes' typed clients decode them. The
 * table (pod_types.c) is made by scripts/pod-types; how a value is held against it is in inspect_template.c. */
#ifndef MPIJOBD_MPIJOB_INSPECT_POD_TYPES_H
#define MPIJOBD_MPIJOB_INSPECT_POD_TYPES_H

#include <stddef.h>
#include <stdint.h>

enum pod_shape { SHAPE_ONE, SHAPE_LIST, SHAPE_MAP }; /* of kind; a map has any names */
enum pod_kind {
    POD_TEXT,
    POD_BOOL,
    POD_INT32,
    POD_INT64,
    POD_QUANTITY,
    POD_INT_OR_TEXT,
    POD_TIME,
    POD_ANYTHING,
    POD_OBJECT
};

struct pod_field {
    const char *name;
    uint8_t shape, kind; /* enum pod_shape, enum pod_kind */
    uint16_t type;       /* of POD_OBJECT: see pod_type_of */
};

struct pod_type {
    const char *name; /* Kubernetes' own: "Container" */
    const struct pod_field *fields;
    size_t count;
};

/* Of a field of kind POD_OBJECT in the table. */
const struct pod_type *pod_type_of(const struct pod_field *field);
/* The field `template` of what makes pods: a PodTemplateSpec. */
const struct pod_field *pod_template_field(void);

#endif
