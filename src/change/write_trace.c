/* SPDX-License-Identifier: Apache-2.0 */
/* After a lost answer, or a kill during a write: does the object show that the write was done? */
#include "base/clock.h"
#include "change/write.h"

#include "mpijob/effect/others.h"
#include <string.h>

/* The server's timestamps are whole seconds, and its clock may be some seconds off. */
#define SLACK (5 * CLOCK_SECOND)

static enum write_trace created(int64_t intended_at, struct json object)
{
    char text[64];
    int64_t at;
    if (!json_exists(object))
        return WRITE_WAS_NOT_DONE;
    if (json_string_at(object, "/metadata/creationTimestamp", text, sizeof text) || !clock_parse(text, &at))
        return WRITE_UNKNOWN;
    return at >= intended_at - SLACK ? WRITE_WAS_DONE : WRITE_WAS_NOT_DONE; /* older: it was there before */
}

/* Another writer may have changed the object since, also in what this write was to change. So a difference that is not
 * there proves nothing, unless the object is as it was read or has all the earlier values. */
const char *write_in_steps(const char *resource)
{
    char plural[64];
    size_t n = strcspn(resource, ".");
    if (n >= sizeof plural || !resource[n])
        return NULL;
    memcpy(plural, resource, n);
    plural[n] = '\0';
    return mpijob_other_in_steps(resource + n + 1, plural);
}

static enum write_trace changed(const struct write_row *row, struct json object)
{
    struct str text = str_of(row->diff), read_at = str_of(row->resource_version);
    struct mpijob_diff diff = {0};
    struct json array;
    enum write_trace trace = WRITE_UNKNOWN;
    int rc = json_parse(text, "the journal's diff", &array, NULL);
    if (!rc)
        rc = mpijob_diff_read(&diff, array, NULL);
    if (!rc && diff.count && *diff.items[0].pointer) {
        if (mpijob_diff_done(&diff, object))
            trace = WRITE_WAS_DONE;
        else if (json_string_is(json_at(object, "/metadata/resourceVersion"), read_at) ||
                 mpijob_diff_not_done(&diff, object))
            trace = WRITE_WAS_NOT_DONE;
        else if (row->removed && mpijob_diff_half_done(&diff, row->removed, object))
            trace = WRITE_WAS_BEGUN;
    }
    mpijob_diff_free(&diff);
    return rc == ERR_NOMEM ? WRITE_NO_MEMORY : trace;
}

enum write_trace write_trace(enum write_verb verb, const struct write_row *row, struct json object)
{
    bool same = json_exists(object) && json_string_is(json_at(object, "/metadata/uid"), str_of(row->uid));
    switch (verb) {
    case WRITE_CREATE:
        return created(row->intended_at, object);
    case WRITE_DELETE:
        return !same || json_exists(json_at(object, "/metadata/deletionTimestamp")) ? WRITE_WAS_DONE
                                                                                    : WRITE_WAS_NOT_DONE;
    case WRITE_PATCH:
    case WRITE_REPLACE:
        break;
    }
    return same ? changed(row, object) : WRITE_WAS_NOT_DONE;
}
