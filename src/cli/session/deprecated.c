/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what goes away, and who uses it. */
#include "cli/session/deprecated.h"

#include <stdio.h>
#include <string.h>

#include "cli/session/source_needs.h"

static const struct deprecated {
    const char *module, *function; /* as policies write them */
    const char *since, *until;     /* minor releases: it is deprecated in the first, and gone in the second */
    const char *instead;
} calls[] = {
    {"fault", "crash", "0.1", "0.2", "fault.hang"}, /* made up, for the specs: nothing is deprecated yet */
};

struct telling {
    const struct deprecated *call;
    const char *file;
    struct str text;
    void (*tell)(void *data, const char *file, int line, struct str text, size_t at, const char *message);
    void *data;
};

static void found(void *data, size_t at)
{
    const struct telling *t = data;
    char message[256];
    int line = 1;
    for (size_t i = 0; i < at; i++)
        line += t->text.ptr[i] == '\n';
    snprintf(message, sizeof message, "%s.%s is deprecated since %s and goes with %s; use %s", t->call->module,
             t->call->function, t->call->since, t->call->until, t->call->instead);
    t->tell(t->data, t->file, line, t->text, at, message);
}

static void look(struct telling *t, const char *file, struct str text)
{
    t->file = file;
    t->text = text;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        t->call = &calls[i];
        source_uses(text, t->call->module, t->call->function, found, t);
    }
}

/* A plugin is looked at where it is tried, and not once more for each policy that requires it. */
static bool of_plugin(const struct policy_file *f, const char *path)
{
    for (size_t i = 0; i < f->required_count && !f->tries; i++) {
        const char *folder = f->required[i]->path;
        if (str_starts(str_of(path), folder) && path[strlen(folder)] == '/')
            return true;
    }
    return false;
}

void deprecated_uses(const struct policy_set *set,
                     void (*tell)(void *data, const char *file, int line, struct str text, size_t at,
                                  const char *message),
                     void *data)
{
    struct telling t = {.tell = tell, .data = data};
    for (size_t i = 0; i < set->file_count; i++) {
        const struct policy_file *f = set->files[i];
        if (!f->tries)
            look(&t, f->path, buf_str(&f->text));
        for (size_t k = 0; k < f->source_count; k++) {
            if (!of_plugin(f, f->sources[k].path))
                look(&t, f->sources[k].path, buf_str(&f->sources[k].text));
        }
    }
}
