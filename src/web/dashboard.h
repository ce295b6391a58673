/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the dashboard share: its files, and the page that it begins with. */
#ifndef MPIJOBD_WEB_DASHBOARD_H
#define MPIJOBD_WEB_DASHBOARD_H

#include "web/api_parts.h"

/* Made by CMake from src/web/dashboard. */
struct embedded_module {
    const char *name; /* "main.js" */
    const char *bytes;
    size_t len;
};
extern const struct embedded_module embedded_dashboard[]; /* ends in a NULL name */

/* One of them, which stands in the program; ptr NULL: no file has that name. */
struct str dashboard_file(const char *name);

/* ---- first_page.c ---- */

/* Answers with index.html, and in it the overview as HTML, for who reads it without JavaScript. Who may not read gets
 * it without the overview. data: the struct web. */
void first_page_answer(void *data, struct admin_request *r);

#endif
