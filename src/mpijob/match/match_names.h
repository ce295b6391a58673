/* SPDX-License-Identifier: Apache-2.0 */
/* Names and globs of which any one has to fit: inside the match floor only. Whatever a policy gives, holding a name
 * against them takes time by the name's length alone: names without * and ? are found in order, and each of the few
 * globs goes over the name once. */
#ifndef MPIJOBD_MPIJOB_MATCH_MATCH_NAMES_H
#define MPIJOBD_MPIJOB_MATCH_MATCH_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

#define NAMES_LENGTH 253 /* bytes of a name or namespace in Kubernetes */
#define NAMES_GLOBS 64   /* with * or ? */

struct glob;
struct match_names {
    char **items; /* as given, each once; NULL-terminated; NULL while count is 0 */
    size_t count;
    char **sorted; /* views of those without * and ? */
    size_t sorted_count;
    struct glob *globs[NAMES_GLOBS];
    size_t glob_count;
    size_t bytes; /* of memory, about */
};

/* what: "name" or "namespace", for messages. 0; ERR_INVALID: it could never match; ERR_LIMIT: too many globs;
 * ERR_NOMEM.
 */
int match_names_add(struct match_names *names, const char *what, const char *text, struct error *err);
bool match_names_fit(const struct match_names *names, struct str text); /* without any: all do */
void match_names_free(struct match_names *names);

#endif
