/* SPDX-License-Identifier: Apache-2.0 */
/* From the texts of lua/policies to a policy of another name. */
#include "cli/plugins/cookbook.h"

#include <stdio.h>
#include <string.h>

/* Made by CMake from lua/policies. */
struct embedded_module {
    const char *name; /* "free-gpus", "free-gpus_spec", "debug-by-day_jobs" */
    const char *bytes;
    size_t len;
};
extern const struct embedded_module embedded_cookbook[]; /* ends in a NULL name */

#define NAMES_MOST 128

/* The others belong to one: its spec, and the jobs that this begins with. */
static bool is_policy(const struct embedded_module *m)
{
    return !strchr(m->name, '_');
}

/* The policy is named in quotation marks, and its file without its ending. */
static void rename_in(struct buf *out, struct str text, const char *policy, const char *name)
{
    size_t len = strlen(policy);
    while (text.len) {
        const char *at = memchr(text.ptr, '"', text.len);
        size_t n = at ? (size_t)(at - text.ptr) + 1 : text.len;
        buf_add(out, text.ptr, n);
        text = str_n(text.ptr + n, text.len - n);
        struct str behind = text.len > len ? str_n(text.ptr + len, text.len - len) : (struct str){NULL, 0};
        if (!at || !str_starts(text, policy) ||
            !(str_starts(behind, "\"") || str_starts(behind, ".lua\"") || str_starts(behind, "_jobs.yaml\"")))
            continue;
        buf_puts(out, name);
        text = behind;
    }
}

bool cookbook_text(const char *policy, const char *part, const char *name, struct buf *out)
{
    char wanted[128];
    snprintf(wanted, sizeof wanted, "%.100s%s", policy, part);
    for (const struct embedded_module *m = embedded_cookbook; m->name && !strchr(policy, '_'); m++) {
        if (strcmp(m->name, wanted) != 0)
            continue;
        rename_in(out, str_n(m->bytes, m->len), policy, name);
        return true;
    }
    return false;
}

const char *cookbook_nearest(const char *word)
{
    const char *names[NAMES_MOST + 1];
    size_t n = 0;
    for (const struct embedded_module *m = embedded_cookbook; m->name && n < NAMES_MOST; m++) {
        if (is_policy(m))
            names[n++] = m->name;
    }
    names[n] = NULL;
    return str_nearest(word, names);
}

void cookbook_list(struct buf *out)
{
    static const char about[] = "about = \"";
    for (const struct embedded_module *m = embedded_cookbook; m->name; m++) {
        if (!is_policy(m))
            continue;
        const char *at = strstr(m->bytes, about); /* CMake ends each text with a NUL */
        at = at ? at + sizeof about - 1 : "";
        buf_printf(out, "%-22s %.*s\n", m->name, (int)strcspn(at, "\"\n"), at);
    }
}
