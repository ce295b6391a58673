/* SPDX-License-Identifier: Apache-2.0 */
/* A job copied out of its view, and back. */
#include "run/blamed.h"

#include <stdio.h>

static void text(struct str from, char *out, size_t size)
{
    snprintf(out, size, "%.*s", (int)from.len, from.ptr ? from.ptr : "");
}

void blamed_set(struct blamed *b, const struct mpijob_view *job)
{
    b->target = job->target;
    text(job->name_space, b->name_space, sizeof b->name_space);
    text(job->name, b->name, sizeof b->name);
    text(job->uid, b->uid, sizeof b->uid);
}

struct mpijob_view blamed_view(const struct blamed *b)
{
    return (struct mpijob_view){
        .target = b->target, .name_space = str_of(b->name_space), .name = str_of(b->name), .uid = str_of(b->uid)};
}
