/* SPDX-License-Identifier: Apache-2.0 */
/* What this floor needs to know of a URL, and how one is shown. */
#ifndef MPIJOBD_HTTP_URL_H
#define MPIJOBD_HTTP_URL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

struct url {
    bool tls;
    char *text; /* as given, or with another host (url_parse) */
    char *host; /* IPv4 in four decimal parts; IPv6 in brackets, without a zone ("%25eth0"); names as given */
    char *port; /* digits, the scheme's own where none was given */
};

/* http and https only, as libcurl reads them. server_name (may be NULL): takes the host's place in `text` where TLS is
 * spoken, because that is the name that libcurl checks and announces. Errors: ERR_INVALID, ERR_NOMEM; nothing is left
 * to free then. */
int url_parse(const char *text, const char *server_name, struct url *url, struct error *err);
void url_free(struct url *url);

/* Where a Location leads from a URL: *out is malloc'd. ERR_INVALID: it is no URL; ERR_NOMEM. */
int url_join(const char *base, const char *location, char **out);

/* For people and logs: without user and password, with "***" for the value of each query parameter whose name speaks of
 * a secret, and not longer than some hundred bytes. */
#define URL_SHOWN_MAX 600
void url_show(const char *text, char out[URL_SHOWN_MAX]);

#endif
