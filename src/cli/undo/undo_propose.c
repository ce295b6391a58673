/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon that has approvers, or the run's policy with `approval`, has an undo wait: it works it out and keeps it. */
#include <inttypes.h>
#include <stdio.h>

#include "base/texts.h"
#include "cli/session/daemon.h"
#include "cli/session/hand.h"
#include "cli/undo/undoing.h"
#include "json/member.h"

struct asked {
    struct undoing *u;
    bool waits;
    int code;
};

static void write_args(void *data, struct json_writer *w)
{
    const struct undoing *u = ((struct asked *)data)->u;
    json_write_key(w, "run");
    json_write_int(w, u->undo.number);
    json_member_text_if(w, "job", u->undo.job_name);
    json_member_text_if(w, "namespace", u->undo.job_namespace);
    json_member_bool(w, "destructive", u->s.options.destructive);
    json_member_bool(w, "override", u->s.options.override);
    json_member_bool(w, "propose", true);
}

static int64_t number_of(struct json json, const char *key)
{
    int64_t n = 0;
    json_int64(json_get(json, key), &n);
    return n;
}

static void print_text(FILE *to, struct json value)
{
    struct buf out = BUF_INIT;
    if (!json_exists(value))
        fputs("unset", to);
    else if (json_type(value) == JSON_STRING && json_decode(value, &out))
        fprintf(to, "%.*s", (int)out.len, or_empty(out.ptr));
    else
        fprintf(to, "%.*s", (int)value.text.len, value.text.ptr);
    buf_free(&out);
}

static void print_raw(struct json value)
{
    if (json_exists(value))
        printf("%.*s", (int)value.text.len, value.text.ptr);
    else
        fputs("unset", stdout);
}

static bool says(struct json object, struct json sentence)
{
    for (struct json_iter it = json_iter(json_get(object, "does_not_come_back")); json_next(&it);)
        if (str_eq(it.value.text, sentence.text))
            return true;
    return false;
}

/* A sentence once, with the first object that it is about, the one at `at`, and how many others there are. */
static void print_past(struct json objects, size_t at, struct json key, struct json sentence)
{
    size_t i = 0, others = 0;
    for (struct json_iter it = json_iter(objects); json_next(&it); i++) {
        bool same = i != at && says(it.value, sentence);
        if (same && i < at)
            return;
        others += same;
    }
    fputs("does not come back: what the run did to ", stdout);
    print_text(stdout, key);
    if (others)
        printf(" and %zu other%s", others, others == 1 ? "" : "s");
    fputs(" (", stdout);
    print_text(stdout, sentence);
    puts(")");
}

static void print_pasts(struct json objects)
{
    size_t at = 0;
    for (struct json_iter it = json_iter(objects); json_next(&it); at++)
        for (struct json_iter past = json_iter(json_get(it.value, "does_not_come_back")); json_next(&past);)
            print_past(objects, at, json_get(it.value, "object"), past.value);
}

static void print_object(const struct undoing *u, struct json o)
{
    struct json key = json_get(o, "object");
    if (json_exists(json_get(o, "left_because"))) {
        fputs("left: ", stdout);
        print_text(stdout, key);
        fputs(": ", stdout);
        print_text(stdout, json_get(o, "left_because"));
        putchar('\n');
    }
    for (struct json_iter it = json_iter(json_get(o, "left")); json_next(&it);) {
        fputs("left: ", stdout);
        print_text(stdout, key);
        putchar(' ');
        print_text(stdout, json_get(it.value, "path"));
        fputs(": it is ", stdout);
        print_raw(json_get(it.value, "after"));
        fputs(" now, and the run had written ", stdout);
        print_raw(json_get(it.value, "before"));
        putchar('\n');
    }
    if (json_exists(json_get(o, "error"))) {
        fprintf(stderr, "mpijobd %s: ", u->s.command);
        print_text(stderr, key);
        fputs(": ", stderr);
        print_text(stderr, json_get(o, "error"));
        fputc('\n', stderr);
    }
}

static void print_waiting(const struct undoing *u, struct json result)
{
    int64_t run = number_of(result, "undo_run"), more = number_of(result, "more_objects");
    int64_t changes = number_of(result, "changes");
    print_pasts(json_get(result, "objects"));
    for (struct json_iter it = json_iter(json_get(result, "objects")); json_next(&it);)
        print_object(u, it.value);
    if (more)
        printf("%" PRId64 " further objects are not listed\n", more);
    if (!run) {
        printf("nothing is to be put back: %" PRId64 " as before the run, %" PRId64
               " left in whole or in part, %" PRId64 " failed\n",
               number_of(result, "unchanged"), number_of(result, "left"), number_of(result, "failed"));
        return;
    }
    printf("run %" PRId64 " waits for approval, as ", run);
    print_text(stdout, json_get(result, "because"));
    printf(": %" PRId64 " change%s, %" PRId64 " destructive, %" PRId64 " inert; mpijobd approve %" PRId64
           " --dry-run shows it\n",
           changes, changes == 1 ? "" : "s", number_of(result, "destructive"), number_of(result, "inert"), run);
    undo_print_unknown(u);
}

static void answered(void *data, struct json result)
{
    struct asked *a = data;
    a->waits = json_is_true(json_get(result, "waits"));
    undo_take_limits(a->u, result);
    if (!a->waits)
        return;
    a->code = number_of(result, "undo_run") ? EXIT_LIMITED : number_of(result, "failed") ? EXIT_FAILED : EXIT_DONE;
    if (a->u->s.options.output == OUTPUT_JSON)
        printf("%.*s\n", (int)result.text.len, result.text.ptr);
    else
        print_waiting(a->u, result);
}

int undo_propose(struct undoing *u, bool *waits)
{
    struct asked a = {.u = u};
    struct daemon_question q = {.verb = "undo", .more = write_args, .answered = answered, .data = &a};
    bool reached;
    int rc = daemon_ask(&u->s, &q, &reached);
    *waits = a.waits;
    if (!reached) /* without a daemon nobody could approve it */
        rc = session_check_unheld(&u->s);
    if (!rc)
        return a.code;
    session_fail(&u->s, &u->s.error);
    return u->s.error.code == ERR_LIMIT ? EXIT_LIMITED : EXIT_FAILED;
}
