/* GET of one object. */
#include "sim/server/core.h"

#include <stdlib.h>
#include <string.h>

#include "sim/read/list.h"

void verb_get(struct exchange *x)
{
    uint64_t version = 0;
    const char *rv = param(x, "resourceVersion");
    if (rv && *rv && version_read(x, rv, &version))
        return;
    if (version > x->sim->store.version) {
        fail_future_version(x, version);
        return;
    }
    struct revision *rev = store_get(&x->sim->store, (int)x->res->kind, x->ns, x->name);
    if (!rev) {
        fail_not_found(x, x->name);
        return;
    }
    if (x->shape == SHAPE_TABLE)
        table_one(x, rev);
    else
        respond_object(x, 200, rev);
}
