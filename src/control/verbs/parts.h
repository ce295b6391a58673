/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef MPIJOBD_CONTROL_VERBS_PARTS_H
#define MPIJOBD_CONTROL_VERBS_PARTS_H

#include "base/clock.h"
#include "control/control.h"
#include "control/verbs/control_verbs.h"
#include "control/verbs/given_out.h"
#include "loop/work.h"
#include "json/write.h"

struct policy_set;
struct reload_changes;

struct verbs {
    struct verbs_options o;
    struct state *state;      /* of the store */
    struct given_out rows;    /* of changes by hand, of which something may still be said */
    struct given_out runs;    /* that people have begun, and not ended */
    size_t sessions;          /* of Lua that are open (prompt/prompt.h) */
    struct sitting *sittings; /* those that a person holds open */
    int64_t last_session;
    size_t walks;      /* over the jobs that are under way */
    size_t reports;    /* the same */
    size_t looks_back; /* into the journal that are under way */
    size_t undoes;     /* that are worked out, or made */
    size_t under_way;  /* of what needs this memory */
    bool closed;
};
/* Something that needs the memory begins, or has ended. */
void verbs_hold(struct verbs *v);
void verbs_release(struct verbs *v);

/* ---- people.c ---- */

#define PERSON_NAME 64
/* A person who asks for something: the user's number is the kernel's, the name is looked up on another thread. */
struct person {
    struct work work;
    uid_t uid;
    int64_t number;         /* the same for the journal; CONTROL_NAMED_UID: no user of the system */
    char name[PERSON_NAME]; /* without a name: the number */
    void (*known)(struct person *person);
};
/* Who has made the request. known comes on the loop, once, maybe within the call. The memory stays until then. */
void person_look_up(uv_loop_t *loop, struct person *person, const struct control_request *request,
                    void (*known)(struct person *person));

/* ---- texts_of.c ---- */

/* A text of the args; NULL: it has no such text. Cut at `size`. */
const char *args_text(struct json args, const char *key, char *out, size_t size);
void write_text(struct json_writer *w, const char *key, const char *text); /* NULL: null */
void write_number(struct json_writer *w, const char *key, int64_t number);
void write_uid(struct json_writer *w, int64_t uid);                  /* below 0, no user: null */
void write_time(struct json_writer *w, const char *key, int64_t us); /* 0, INT64_MAX: null */
/* Ends the writer's only value, and the request with it; frees the buffer. */
void answer_with(struct control_request *r, struct json_writer *w);

/* Clusters that an answer leaves out, and why. {0}: none. */
struct left_out {
    struct buf text;
    struct json_writer w;
};
void left_out_add(struct left_out *left, const char *cluster, const struct error *why);
void left_out_write(struct left_out *left,
                    struct json_writer *w); /* as the member left_out; a failure is the writer's */
void left_out_free(struct left_out *left);

/* ---- act.c, standings.c ---- */

extern const struct control_verb act_verbs[], status_verbs[]; /* data: the struct verbs */

/* ---- log_levels_told.c ---- */

extern const struct control_verb log_level_verbs[]; /* data: the struct verbs */

/* ---- decisions.c ---- */

extern const struct control_verb approval_verbs[]; /* data: the struct verbs */

/* ---- undos.c ---- */

extern const struct control_verb undo_verbs[]; /* data: the struct verbs */

/* ---- parts_told.c ---- */

struct engine_part;
void part_write(void *writer, const struct engine_part *part); /* writer: a struct json_writer */

/* ---- loaded.c ---- */

/* Begins an object, which is not ended: what was loaded, and what of it is another. */
void write_loaded(struct json_writer *w, const struct policy_set *set, const struct reload_changes *changes);

/* ---- reasons.c ---- */

extern const struct control_verb why_verbs[]; /* data: the struct verbs */

/* ---- evals.c ---- */

struct prompt_answer;
struct prompt_call;
extern const struct control_verb eval_verbs[]; /* data: the struct verbs */
/* Tells what a call has printed; and appends its answer. */
void eval_printed(struct control_request *r, struct str text);
void eval_write(struct buf *out, const struct prompt_answer *answer);
/* A verb that is a text of Lua: one call, in a session of its own. */
struct eval_verb {
    struct buf text; /* taken over, where 0 is returned */
    bool write, json;
    /* Makes the answer of the text's value, which is parsed; NULL: as of `eval`. Its error is answered in its place. */
    int (*shape)(struct json value, struct buf *out, struct error *err);
};
/* args: cluster, override. 0: the request waits for its end; ERR_REFUSED: there is a freeze; ERR_NOMEM. */
int eval_begin(struct verbs *v, struct control_request *r, struct json args, const struct eval_verb *verb,
               struct error *err);

/* ---- sessions.c ---- */

extern const struct control_verb session_verbs[]; /* data: the struct verbs */
/* A call (its text and form) of the session that the args name. 0: the request waits for its end; ERR_NOT_FOUND: the
 * connection has no such session; ERR_LIMIT: it does not read; errors of prompt_ask. */
int session_eval(struct verbs *v, struct control_request *r, struct json args, const struct prompt_call *call,
                 struct error *err);

/* ---- frozen.c ---- */

/* May a person change something by hand now? 0, or ERR_REFUSED: the configuration has a freeze, and override is false.
 * *frozen: it has one. */
int verbs_check_freeze(const struct verbs *v, bool override, bool *frozen, struct error *err);

/* ---- journal_rows.c ---- */

extern const struct control_verb journal_verbs[]; /* data: the struct verbs */

/* ---- log_told.c ---- */

extern const struct control_verb log_verbs[]; /* data: the struct verbs */

/* ---- holds.c ---- */

extern const struct control_verb hold_verbs[]; /* data: the struct verbs */

/* ---- jobs_told.c ---- */

extern const struct control_verb jobs_verbs[]; /* data: the struct verbs */

/* ---- report_told.c ---- */

extern const struct control_verb report_verbs[]; /* data: the struct verbs */

/* ---- rows.c ---- */

extern const struct control_verb rows_verbs[]; /* data: the struct verbs */

/* ---- hand_runs.c ---- */

extern const struct control_verb hand_run_verbs[]; /* data: the struct verbs */

#endif
