/* SPDX-License-Identifier: Apache-2.0 */
/* The plugins of a spec: those in its folder and in the folder `plugins` there, and those that it names. */
#ifndef MPIJOBD_CLI_TEST_SPEC_PLUGINS_H
#define MPIJOBD_CLI_TEST_SPEC_PLUGINS_H

#include "plugin/plugin.h"

/* Where one is missing. */
#define SPEC_PLUGIN_CURE                                                                                               \
    "; a spec names the plugins of its policies by policy.plugin(\"PATH\") at the top of its file, or has them in "    \
    "the "                                                                                                             \
    "folder plugins beside it"

struct spec_plugins {
    struct plugin_place places[PLUGINS_MAX]; /* each with a name; those of the file first, then those of the test */
    size_t of_file, count;
    struct plugins read; /* those of the file, for the spec's own `require` */
};

/* Finds those in the folder (with a slash at its end, or ""), and reads them. ERR_INVALID: the first thing that is
 * wrong in one; ERR_NOT_FOUND, ERR_LIMIT, ERR_NOMEM. */
int spec_plugins_find(struct spec_plugins *s, const char *folder, struct error *err);
/* Adds one by the path of its folder, with options as JSON; takes the place of another one of its name. test: until
 * spec_plugins_forget; else the spec's own are read again. Errors as of spec_plugins_find. */
int spec_plugins_add(struct spec_plugins *s, const char *path, const char *options, bool test, struct error *err);
/* Those of the world's policies: of two with one name the test's. Returns how many; what they point to stays s's. */
size_t spec_plugins_list(const struct spec_plugins *s, struct plugin_place out[PLUGINS_MAX]);
/* The test is over. */
void spec_plugins_forget(struct spec_plugins *s);
void spec_plugins_free(struct spec_plugins *s);

#endif
