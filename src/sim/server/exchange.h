/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer, while they are worked on. */
#ifndef SIM_SERVER_EXCHANGE_H
#define SIM_SERVER_EXCHANGE_H
#include "sim/server/message.h"
#include "sim/server/server.h"

enum verb {
    VERB_GET,
    VERB_LIST,
    VERB_WATCH,
    VERB_CREATE,
    VERB_UPDATE,
    VERB_PATCH,
    VERB_DELETE,
    VERB_DELETE_ALL,
    VERB_NONE
};
enum shape { SHAPE_WHOLE, SHAPE_PARTIAL, SHAPE_TABLE };
enum user { USER_ADMIN, USER_VIEW, USER_ANONYMOUS };

enum { SEGMENTS_MAX = 10, PARAMETERS_MAX = 24 };

struct exchange {
    struct sim *sim;
    const struct sim_request *req;
    struct sim_response *resp;
    char *scratch; /* holds the decoded path and query, which segment and parameter point into */
    char *segment[SEGMENTS_MAX];
    size_t segments;
    struct {
        char *name, *value;
    } parameter[PARAMETERS_MAX];
    size_t parameters;
    enum user user;
    char who[80];                /* how the user signed in, for the record */
    const struct resource *res;  /* NULL: the path names no resource */
    const char *version;         /* as the path has it */
    int mpijob_version;          /* V1ALPHA2 and so on; -1: a built-in kind */
    const char *ns, *name, *sub; /* "" where the path has no such part */
    enum verb verb;
    enum shape shape;
    bool pretty, dry_run;
    enum { VALIDATE_WARN, VALIDATE_STRICT, VALIDATE_IGNORE } validation;
};

/* Takes the target apart: segments and parameters. */
void exchange_split(struct exchange *x);
void exchange_free(struct exchange *x);
const char *param(const struct exchange *x, const char *name); /* of the query; NULL: it is not there */
bool param_true(const struct exchange *x, const char *name);   /* it is there, and not "", "0" or "false" */
bool media_type_is(const char *given, const char *wanted);     /* whatever its parameters are */
const char *request_header(const struct sim_request *req, const char *name); /* the first of that name; or NULL */
const struct schema *schema_of(const struct exchange *x);                    /* NULL: a built-in kind */

/* ---- the answer */
void respond_json(struct exchange *x, int code); /* finishes resp->body: adds a newline, or indents it */
void respond_plain(struct exchange *x, int code, const char *text);
void warn(struct exchange *x, const char *text); /* adds a Warning header */
#endif
