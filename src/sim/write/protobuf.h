/* kubectl sends the built-in kinds in protobuf. This reads the two that people meet: a namespace and an access review.
 */
#ifndef SIM_WRITE_PROTOBUF_H
#define SIM_WRITE_PROTOBUF_H
#include "sim/server/exchange.h"

bool protobuf_wanted(const struct exchange *x);       /* such a body came, and for such a kind */
json_object *protobuf_read(const struct exchange *x); /* NULL: it makes no sense */
#endif
