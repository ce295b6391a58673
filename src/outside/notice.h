/* SPDX-License-Identifier: Apache-2.0 */
/* One notification: what it says, and where to. A sink of the configuration is one too, without what is said. */
#ifndef MPIJOBD_OUTSIDE_NOTICE_H
#define MPIJOBD_OUTSIDE_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum notice_type {
    NOTICE_WEBHOOK,
    NOTICE_SLACK,
    NOTICE_TEAMS,
    NOTICE_DISCORD,
    NOTICE_TELEGRAM,
    NOTICE_WEBEX,
    NOTICE_EMAIL,
    NOTICE_TYPES
};

/* Its texts; those up to PART_PASSWORD are veiled (outside/secrets.h), and a sink has them. */
enum notice_part {
    PART_URL,
    PART_TOKEN,
    PART_CHAT,   /* of telegram */
    PART_ROOM,   /* of webex */
    PART_SERVER, /* of email: smtp://HOST:PORT or smtps://HOST:PORT */
    PART_FROM,
    PART_TO, /* addresses, separated by commas */
    PART_USER,
    PART_PASSWORD,
    PART_SUBJECT,
    PART_TEXT,
    PART_BODY,    /* of a webhook: JSON */
    PART_SINK,    /* a sink of the configuration, by its name; empty: the policy has said where to */
    PART_POLICY,  /* whose it is */
    PART_CLUSTER, /* of its run, for the log; empty: it has none */
    NOTICE_PARTS
};

struct notice {
    enum notice_type type;
    struct buf parts[NOTICE_PARTS]; /* empty: not given */
    int64_t run;                    /* id in the journal: what it has said is one message when it ends; 0: none */
    int64_t about;                  /* without a run: the one that it tells of, for the log; 0: none */
    int64_t created;                /* microseconds since 1970 */
    bool surely; /* outbox_add's done comes when it was delivered, or could not be; where its destination took another
                    one within the last minute, when it is durable. Not in its row */
    int64_t patience; /* microseconds, with `surely`: it is tried again for so long before it could not be; 0: once for
                         who waits, and then as any other. Not in its row */
};

#define NOTICE_TEXT_MAX 65536 /* bytes of a text or a body */

const char *notice_type_name(enum notice_type type);
/* False: there is no such type. */
bool notice_type_parse(struct str name, enum notice_type *type);
const char *notice_part_name(enum notice_part part); /* "url", as in the configuration and in Lua */
/* Bytes of a text that the service takes. */
size_t notice_text_max(enum notice_type type);
void notice_free(struct notice *notice); /* empties it */

/* What a sink gives and the notice does not have is copied. ERR_NOMEM. */
int notice_fill(struct notice *notice, const struct notice *sink, struct error *err);
/* Does it have what its type needs, and are the addresses of a mail ones? ERR_INVALID: names the part. */
int notice_check(const struct notice *notice, struct error *err);
/* What tells one destination from another. */
void notice_destination(const struct notice *notice, struct buf *out);

/* As a row of the state file, and back: ERR_SYNTAX, ERR_INVALID (a type of a newer mpijobd), ERR_NOMEM. */
void notice_write(const struct notice *notice, struct buf *out);
int notice_read(struct str row, struct notice *notice, struct error *err);

/* The body of its request, as JSON. Not for email. */
void notice_body(const struct notice *notice, struct buf *out);

#endif
