/* SPDX-License-Identifier: Apache-2.0 */
/* Sums that a recording has, and those of today. */
#include "cli/test/recorded_plugins.h"

#include <string.h>

#include "record/record.h"

/* What is wrong in one is told where the policies are loaded. */
static void ignore(void *data, const char *file, int line, const char *message)
{
    (void)data;
    (void)file;
    (void)line;
    (void)message;
}

int recorded_plugins_compare(struct str recording, long long run, const struct plugin_place *places, size_t count,
                             bool needed, struct buf *told, struct error *err)
{
    struct plugins today = {0};
    struct record_entry e;
    char kind[16], name[PLUGIN_NAME_MAX + 1], sum[65];
    int rc = plugins_read(&today, places, count, ignore, NULL);
    if (rc)
        rc = error_nomem(err);
    for (size_t at = 0; !rc && record_next(recording, &at, &e);) {
        json_string_at(e.head, "/entry", kind, sizeof kind);
        if (strcmp(kind, "plugin") != 0)
            continue;
        json_string_at(e.head, "/name", name, sizeof name);
        json_string_at(e.head, "/sha256", sum, sizeof sum);
        const struct plugin *p = plugins_find(&today, name);
        if (!p && needed)
            rc = error_set(
                err, ERR_NOT_FOUND,
                "run %lld required the plugin %s, and it is not there: a recording has no plugins" RECORDED_PLUGIN_CURE,
                run, name);
        else if (p && strcmp(p->sha256, sum) != 0)
            buf_printf(told,
                       "the plugin %s is another one today (sha256 %.12s) than in run %lld (%.12s): what differs may "
                       "come from it\n",
                       name, p->sha256, run, sum);
    }
    plugins_free(&today);
    return rc;
}
