/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a request: as they were asked for, and with the secrets in them. */
#ifndef MPIJOBD_OUTSIDE_WEB_FILL_H
#define MPIJOBD_OUTSIDE_WEB_FILL_H

#include "http/http.h"
#include "outside/secrets.h"
#include "outside/web.h"

struct web_text { /* all but `shown` is veiled */
    struct buf url, user, password, body;
    struct buf names[WEB_HEADERS_MAX], values[WEB_HEADERS_MAX];
    size_t header_count;
    struct buf shown; /* the URL, as errors say it */
    bool url_veiled, body_veiled, basic;
};

struct web_full { /* wiped when it is freed */
    struct buf url, body;
    struct buf values[WEB_HEADERS_MAX + 1];
    struct http_header headers[WEB_HEADERS_MAX + 3]; /* ends at a NULL name; names are those of the web_text */
    bool secret[WEB_HEADERS_MAX + 1];                /* the header holds a secret */
    size_t header_count;
};

/* ERR_LIMIT: too many headers; ERR_NOMEM. It is freed either way. */
int web_text_copy(struct web_text *text, const struct web_call *call, struct error *err);
void web_text_free(struct web_text *text);
void web_text_show(struct web_text *text, const char *url); /* from now on, errors say this one */

/* Blocks: reads the secrets. Errors as of secrets_fill. */
int web_fill(const struct web_text *text, const struct secrets *secrets, struct web_full *full, struct error *err);
void web_full_free(struct web_full *full);
void web_full_move(struct web_full *full, const char *url);
void web_full_drop_body(struct web_full *full);
void web_full_drop_credentials(struct web_full *full);

#endif
