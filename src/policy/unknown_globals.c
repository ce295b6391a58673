/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of globals that do not exist, and what to use in their place. */
#include "policy/unknown_globals.h"

#include <stdio.h>

#include "policy/load_errors.h"

/* What Lua has elsewhere, and policies do not. */
static const char *instead(const char *name)
{
    static const char *const cures[][2] = {
        {"os", "policies have the module time for clocks and dates, and no access to the system"},
        {"io", "policies reach no files; log.info(message) writes to the log, require \"lib.name\" reads Lua files"},
        {"package", "require \"lib.name\" finds lib/name.lua beside the policies"},
        {"debug", "error(message) and log.debug(message) tell what happens"},
        {"dofile", "require \"lib.name\" runs lib/name.lua beside the policies"},
        {"loadfile", "require \"lib.name\" runs lib/name.lua beside the policies"},
        {"loadstring", "use load(text)"},
        {"collectgarbage", "memory is given back by itself"},
        {"unpack", "use table.unpack"},
        {"setfenv", "use a local variable _ENV"},
        {"getfenv", "use a local variable _ENV"},
    };
    for (size_t i = 0; i < sizeof cures / sizeof *cures; i++)
        if (strcmp(cures[i][0], name) == 0)
            return cures[i][1];
    return NULL;
}

static void told(void *data, const char *path, int line, const char *name, const char *nearest)
{
    struct policy_file *f = data;
    char text[320];
    const char *cure = instead(name), *dot = strchr(name, '.');
    if (dot)
        snprintf(text, sizeof text, "%.*s has no \"%s\"%s%.60s%s", (int)(dot - name), name, dot + 1,
                 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    else if (cure)
        snprintf(text, sizeof text, "there is no global \"%s\"; %s", name, cure);
    else if (nearest)
        snprintf(text, sizeof text, "there is no global \"%s\"; did you mean \"%.60s\"?", name, nearest);
    else
        snprintf(text, sizeof text, "there is no global \"%s\"; a text stands in quotes, a module comes by require",
                 name);
    if (f->env->check || f->set->error_count) /* nothing is put in force; this may be what was meant */
        load_error_add(f->set, MISTAKE_GLOBAL, path, line, 0, text);
    else
        log_line(f->env->log, LOG_WARN, "%s:%d: %s", path, line, text);
}

void policy_unknown_globals(struct policy_file *file, bool ended_well)
{
    script_unknown_globals(file->script, ended_well, told, file);
}
