/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' quantities ("8", "500m", "16Gi", "1e3"), as resource.Quantity of apimachinery reads them. */
#ifndef MPIJOBD_MPIJOB_QUANTITY_H
#define MPIJOBD_MPIJOB_QUANTITY_H

#include "json/value.h"

/* The whole number that the text counts for, rounded away from zero as Quantity's Value() does; what is beyond an int64
 * is INT64_MAX or -INT64_MAX. False: the text is no quantity. */
bool quantity_parse(struct str text, int64_t *whole);

/* The same for a value in an object: a number, a string, or null, which is 0. False: Kubernetes' decoder refuses it. */
bool quantity_of(struct json value, int64_t *whole);

#endif
