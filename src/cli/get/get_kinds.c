/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs of several kinds, kind by kind. */
#include <stdio.h>

#include "cli/get/get_parts.h"
#include "cluster/cluster.h"

bool get_several(const struct get *g)
{
    return g->s.options.several.count > 1;
}

void get_kind_names(const struct get *g, struct buf *out)
{
    const struct kind_list *list = &g->s.options.several;
    for (size_t i = 0; i < list->count; i++)
        buf_printf(out, "%s%ss", !i ? "" : i + 1 < list->count ? ", " : " and ", mpijob_kind_info(list->of[i])->name);
}

/* absent: the server does not have the kind. */
static int look_up_one(struct get *g, bool *absent)
{
    struct session *s = &g->s;
    *absent = cluster_serves(s->cluster, s->options.job_kind, &s->error) != 0;
    if (*absent)
        return EXIT_FAILED;
    error_clear(&s->error);
    s->quiet = true;
    int code = jobs_look_up(s, &g->jobs);
    s->quiet = false;
    *absent = code && s->error.no_path;
    return code;
}

int get_look_up(struct get *g)
{
    struct session *s = &g->s;
    const struct kind_list *list = &s->options.several;
    size_t absent = 0;
    int code = 0;
    if (!get_several(g))
        return jobs_look_up(s, &g->jobs);
    for (size_t i = 0; i < list->count; i++) {
        bool lacks;
        s->options.job_kind = list->of[i];
        int rc = look_up_one(g, &lacks);
        absent += lacks;
        if (lacks && list->count < MPIJOB_KINDS_BUILT_IN) /* who asks for all means those that there are */
            fprintf(stderr, "mpijobd get: the server has no %ss\n", mpijob_kind_info(list->of[i])->name);
        if (!rc || lacks)
            continue;
        code = session_fail(s, &s->error);
        if (s->error.code == ERR_NOT_FOUND) /* there is no such namespace */
            return code;
    }
    return absent == list->count ? EXIT_FAILED : code;
}
