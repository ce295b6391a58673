/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with plugin.lua is a plugin of that folder's name. */
#include "cli/check/check_plugins.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/texts.h"

static bool is_named(const struct config *c, const char *real)
{
    bool is = false;
    for (size_t i = 0; i < c->plugin_count && !is; i++) {
        char *other = realpath(c->plugins[i].path, NULL);
        is = other && strcmp(other, real) == 0;
        free(other);
    }
    return is;
}

static int add(struct config *c, const char *path, const char *name, struct error *err)
{
    struct plugin_place *places = realloc(c->plugins, (c->plugin_count + 1) * sizeof *places);
    if (!places)
        return error_nomem(err);
    c->plugins = places;
    struct plugin_place p = {.name = str_dup(str_of(name)), .path = str_dup(str_of(path))};
    places[c->plugin_count++] = p;
    return p.name && p.path ? 0 : error_nomem(err);
}

int check_plugins_add(struct session *s, char *const *paths)
{
    char file[PATH_MAX];
    int rc = 0;
    for (; *paths && !rc; paths++) {
        int n = snprintf(file, sizeof file, "%s/" PLUGIN_FILE, *paths);
        char *real = n < (int)sizeof file && access(file, R_OK) == 0 ? realpath(*paths, NULL) : NULL;
        const char *name = real ? strrchr(real, '/') : NULL;
        if (name && !is_named(&s->config, real))
            rc = add(&s->config, *paths, name + 1, &s->error);
        free(real);
    }
    return rc;
}
