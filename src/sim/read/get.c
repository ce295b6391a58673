/* GET of one object, and the versions that reads may ask for. */
#include "sim/read/get.h"

#include "sim/read/table.h"
#include "sim/server/status.h"
#include "sim/server/view.h"

#include <errno.h>
#include <stdlib.h>

int version_read(struct exchange *x, const char *text, uint64_t *version)
{
    char *end;
    errno = 0;
    *version = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && !errno)
        return 0;
    return fail_bad_request(x, "invalid resource version: strconv.ParseUint: parsing \"%s\": invalid syntax", text);
}

/* A real server waits three seconds for the version to come. */
int fail_future_version(struct exchange *x, uint64_t version)
{
    struct details d = {.retry_after = 1};
    struct cause c = {.reason = "ResourceVersionTooLarge", .message = "Too large resource version"};
    x->resp->wire.delay_ms += 3000;
    return fail_with(x, 504, "Timeout", &d, &c, "Timeout: Too large resource version: %llu, current: %llu",
                     (unsigned long long)version, (unsigned long long)x->sim->store.version);
}

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
