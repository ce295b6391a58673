/* What the core's files share: the server, one exchange, and the verbs. Not for callers outside src/sim. */
#ifndef SIM_SERVER_CORE_H
#define SIM_SERVER_CORE_H
#include "sim/core/sim.h"
#include "sim/doc/doc.h"
#include "sim/doc/schema.h"
#include "sim/store/kinds.h"
#include "sim/store/store.h"

struct credentials;
struct faults;
struct recorder;
struct life;

struct sim {
    struct sim_options opt;
    struct store store;
    struct schema *schema[MPIJOB_VERSIONS];
    struct schema *sibling_schema; /* of TFJobs, PyTorchJobs, MXJobs */
    bool served[MPIJOB_VERSIONS];
    bool deprecated[MPIJOB_VERSIONS]; /* its answers say so in a Warning */
    int stored_as;
    bool restored;   /* the stored version has been another one: what is stored is pruned when it is read */
    int64_t mono_ms; /* real time, for time-outs of watches */
    int64_t now_us;  /* simulated time, for time stamps and the life of jobs */
    int64_t mono_start, start_us;
    uint64_t random;
    struct sim_watch *watches;
    size_t watch_count;
    int64_t watches_due; /* mono_ms at which one of them has to be looked at */
    struct faults *faults;
    struct recorder *recorder;
    struct life *life;
    struct credentials *credentials;
    size_t generated; /* MPIJobs made so far, for their names */
};

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
enum { ETCD_MAX = 1572864 }; /* a larger object is refused by the real server's store */

struct exchange {
    struct sim *sim;
    const struct sim_request *req;
    struct sim_response *resp;
    char *scratch; /* the decoded path and query */
    char *segment[SEGMENTS_MAX];
    size_t segments;
    struct {
        char *name, *value;
    } parameter[PARAMETERS_MAX];
    size_t parameters;
    enum user user;
    char who[80]; /* how the user came in, for the record */
    const struct resource *res;
    const char *version;         /* as in the path */
    int mpijob_version;          /* V1ALPHA2...; of a built-in kind: -1 */
    const char *ns, *name, *sub; /* "" where there is none */
    enum verb verb;
    enum shape shape;
    bool pretty, dry_run;
    enum { VALIDATE_WARN, VALIDATE_STRICT, VALIDATE_IGNORE } validation;
};

/* exchange.c: sim_handle's steps */
const char *param(const struct exchange *x, const char *name); /* NULL when absent */
bool param_true(const struct exchange *x, const char *name);   /* present and neither "", "0" nor "false" */
void exchange_split(struct exchange *x);
void exchange_free(struct exchange *x);

/* authenticate.c */
const char *request_header(const struct sim_request *req, const char *name); /* the first of that name, or NULL */
int authenticate(struct exchange *x);                                        /* 401 */

/* iam.c, cci.c: what Huawei Cloud has */
bool iam(struct exchange *x); /* false: not its path */
int cci_check_request(struct exchange *x);
int cci_check_change(struct exchange *x, json_object *old, json_object *doc);

/* random.c */
uint64_t sim_random(struct sim *sim);
void sim_uuid(struct sim *sim, char out[37]);
void sim_suffix(struct sim *sim, char out[6]); /* five characters as generateName has them */
void sim_timestamp(const struct sim *sim, char out[32]);
size_t sim_job_count(const struct sim *sim);

/* status.c: every answer that is a Status. They fill the response and return -1, for `return fail_...`. */
struct details {
    const char *name, *group, *kind, *uid;
    int retry_after;
    bool empty; /* details are there and empty */
};
struct cause {
    const char *reason, *message, *field;
};
int fail_with(struct exchange *x, int code, const char *reason, const struct details *d, const struct cause *c,
              const char *fmt, ...) __attribute__((format(printf, 6, 7)));
int fail_bad_request(struct exchange *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int fail_not_found(struct exchange *x, const char *name);
int fail_conflict(struct exchange *x, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* 422 about an object: field and the rest of "FIELD: REST". */
int fail_invalid(struct exchange *x, const char *kind, const char *name, const char *cause, const char *field,
                 const char *fmt, ...) __attribute__((format(printf, 6, 7)));
int fail_options(struct exchange *x, const char *kind, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5))); /* 422 about CreateOptions, ListOptions... */
int fail_schema(struct exchange *x, const char *name, struct schema_problem *p); /* frees what p holds */
int fail_plain_404(struct exchange *x);
int fail_method(struct exchange *x, const char *verb);
void status_write(struct buf *out, int code, const char *reason, const char *message, const struct details *d,
                  const struct cause *c, const char *continue_token);
char *resource_label(const struct resource *r);               /* "mpijobs.kubeflow.org" or "pods"; free it */
char *kind_label(const struct exchange *x, const char *kind); /* "MPIJob.kubeflow.org"; free it */

/* view.c: objects on their way out */
void view_revision(struct exchange *x, struct revision *rev, struct buf *out, bool in_list);
/* The same for a text that is not stored; rv: NULL, or what to put in place of its resourceVersion */
void view_text(struct exchange *x, const char *text, size_t len, const struct marks *marks, struct buf *out);
void view_prefix(const struct exchange *x, struct buf *out); /* {"apiVersion":...,"kind":..., */
int view_negotiate(struct exchange *x);                      /* Accept and pretty; 406 */
void respond_object(struct exchange *x, int code, struct revision *rev);
void respond_text(struct exchange *x, int code, const struct buf *text, const struct marks *marks);
void respond_json(struct exchange *x, int code); /* finishes resp->body: newline or indentation */
void respond_plain(struct exchange *x, int code, const char *text);
void warn(struct exchange *x, const char *text);

/* versions.c */
const struct schema *schema_of(const struct exchange *x); /* of a custom resource */
void versions_choose(struct sim *sim);                    /* by the options */
void versions_free(struct sim *sim);
/* Another definition of MPIJobs takes the place of the one before, as when an operator is upgraded. Open watches have
 * to be ended by the caller. */
void versions_change(struct sim *sim);

/* object.c: between trees and stored texts */
json_object *object_read(struct exchange *x,
                         struct revision *rev); /* as the exchange's version shows it; no apiVersion, kind */
void object_write(struct exchange *x, json_object *doc, struct buf *out, struct marks *marks);
void object_write_doc(json_object *doc, struct buf *out, struct marks *marks);
void object_write_metadata(json_object *meta, struct buf *out, struct marks *marks);
json_object *object_parse(const struct revision *rev); /* as it is stored */
bool object_converts(const struct exchange *x);        /* the stored form differs from this resource's */
void object_to_stored(const struct exchange *x, json_object *doc);
void object_remove(struct sim *sim, struct revision *rev);
/* The text of rev with another resourceVersion. */
void object_renumber(const struct revision *rev, uint64_t version, struct buf *out, struct marks *marks);

/* routing and the verbs; each fills the response */
void discovery(struct exchange *x);
bool openapi(struct exchange *x); /* false: no such document */
bool route(struct exchange *x);   /* fills res, ns, name, sub, verb; false: answered already */
int authorize(struct exchange *x);
int options_check(struct exchange *x);
void verb_get(struct exchange *x);
void verb_list(struct exchange *x);
void verb_watch(struct exchange *x);
void verb_create(struct exchange *x);
void verb_update(struct exchange *x);
void verb_patch(struct exchange *x);
void verb_delete(struct exchange *x);
void verb_delete_all(struct exchange *x);
void review(struct exchange *x);

/* body.c: the request's body as a document of the right kind, or a failure */
struct body {
    json_object *doc;
    struct doc_findings duplicates, unknown;
    bool whole_float;
};
bool media_type_is(const char *given, const char *wanted); /* parameters do not matter */
int body_read(struct exchange *x, struct body *b);
int body_check_type(struct exchange *x);                                   /* 413, 415 */
int body_report(struct exchange *x, struct body *b, json_object *patched); /* Warnings, or the refusal under Strict */
int body_clean(struct exchange *x, struct body *b, bool patch);            /* shapes metadata, prunes, reports */
void body_free(struct body *b);

/* metadata.c */
int metadata_shape(struct exchange *x, json_object *doc,
                   struct doc_findings *unknown); /* types; drops what is unknown */
int metadata_validate(struct exchange *x, json_object *doc);

/* update.c: the part that PUT and PATCH share. Takes doc over. */
void update_object(struct exchange *x, struct revision *old, json_object *doc, bool patch, bool forced_change);
void create_object(struct exchange *x, json_object *doc);

/* builtin.c: what built-in kinds check, default and look like */
int builtin_prepare(struct exchange *x, json_object *doc, json_object *old);
void namespace_make(struct sim *sim, const char *name);
int namespace_check(struct exchange *x);                 /* may something be created there? */
void namespace_removed(struct sim *sim, const char *ns); /* after a delete within: does a terminating one end? */
void namespace_empty(struct exchange *x);

/* remove.c */
bool finalizers_left(json_object *doc);

/* watch.c */
void watch_notify(struct sim *sim, struct revision *rev);
int64_t watch_tick(struct sim *sim);
void watch_all_end(struct sim *sim);

/* watches and lists select by these */
struct selector;

/* admin.c */
void admin(struct exchange *x); /* /_sim/... */
#endif
