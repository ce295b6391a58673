/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard's files, as they stand in src/web/dashboard. They reveal nothing, so everyone gets them: what they show
 * they ask of the API, with the token of the person who looks. */
#include <string.h>

#include "web/dashboard.h"

struct str dashboard_file(const char *name)
{
    const struct embedded_module *m = embedded_dashboard;
    while (m->name && strcmp(m->name, name) != 0)
        m++;
    return (struct str){m->bytes, m->len};
}

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        {".js", "text/javascript; charset=utf-8"}, {".css", "text/css; charset=utf-8"}, {".svg", "image/svg+xml"}};
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++) {
        if (strcmp(ending, types[i][0]) == 0)
            return types[i][1];
    }
    return NULL;
}

static void get_file(void *data, struct admin_request *r)
{
    char name[64];
    (void)data;
    admin_request_part(r, "file", name, sizeof name);
    const struct admin_file file = {.type = type_of(name), .bytes = dashboard_file(name)};
    if (file.type && file.bytes.ptr)
        admin_answer_file(r, &file);
    else
        admin_problem(r, 404, error_reason(ERR_NOT_FOUND), "the dashboard has no such file; it begins at /");
}

const struct admin_route dashboard_routes[] = {
    {"GET", "/", ADMIN_ANYONE, first_page_answer},
    {"GET", "/dashboard/{file}", ADMIN_ANYONE, get_file},
    {NULL, NULL, ADMIN_ANYONE, NULL},
};
