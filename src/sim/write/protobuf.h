/* SPDX-License-Identifier: Apache-2.0 */
/* kubectl sends built-in kinds in protobuf. This reads the two that occur: a namespace and an access review. */
#ifndef SIM_WRITE_PROTOBUF_H
#define SIM_WRITE_PROTOBUF_H
#include "sim/server/exchange.h"

bool protobuf_wanted(const struct exchange *x);       /* the request has such a body, for such a kind */
json_object *protobuf_read(const struct exchange *x); /* a new document; NULL: the body is broken */
#endif
