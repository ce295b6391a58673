/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd state check: what is wrong with the file, with what helps, and what is in it. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cli/state/state_parts.h"
#include "cli/terminal/progress.h"
#include "store/store.h"
#include "store/whole/file_look.h"

struct checking {
    struct session *s;
    const char *path;
    bool json;
    int64_t told; /* faults */
    struct buf out;
    struct json_writer w;
    struct store_look look;
    bool held, brief;
    char pid[STORE_PID_SIZE];
};

static void fault(void *data, const char *what, const char *cure)
{
    struct checking *c = data;
    c->told++;
    if (!c->json) {
        fprintf(stderr, "mpijobd %s: %s: %s\n", c->s->command, what, cure);
        return;
    }
    json_write_object(&c->w);
    state_put_text(&c->w, "what", what);
    state_put_text(&c->w, "cure", cure);
    json_write_end(&c->w);
}

/* Whoever may read the file reads whole jobs and plans in it. */
static void look_at_mode(struct checking *c)
{
    struct stat is;
    char what[96];
    if (stat(c->path, &is) != 0 || !(is.st_mode & 07)) /* the group may be a volume's (fsGroup) */
        return;
    snprintf(what, sizeof what, "other users may open the file (mode %04o)", (unsigned)(is.st_mode & 07777));
    fault(c, what, "chmod 600 it");
    c->look.faults++;
}

static void look_for_holder(struct checking *c)
{
    char real[PATH_MAX]; /* the lock stands beside the file itself, not beside a link to it */
    if (store_holder(realpath(c->path, real) ? real : c->path, &c->held, &c->brief, c->pid) != 0)
        c->held = false;
}

/* ---- for people ---- */

static const char *many(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void print_schema(const struct checking *c)
{
    const struct store_look *l = &c->look;
    printf("schema   %d", l->version);
    if (l->version < l->newest)
        printf(", of an older mpijobd: the next start brings it to %d, and keeps a copy as it is now\n", l->newest);
    else
        puts(", the newest that this mpijobd knows");
}

static void print_size(const struct store_look *l)
{
    char file[PROGRESS_SIZE], unused[PROGRESS_SIZE], wal[PROGRESS_SIZE];
    printf("size     %s, %s of it unused; %s in its -wal\n", progress_bytes(l->file_bytes, file),
           progress_bytes(l->unused_bytes, unused), progress_bytes(l->wal_bytes, wal));
}

static void print_holder(const struct checking *c)
{
    if (!c->held)
        puts("in use   no");
    else
        printf("in use   by %s (process %s)\n", c->brief ? "a command, for a moment" : "a daemon",
               *c->pid ? c->pid : "unknown");
}

static void print_open(const struct checking *c)
{
    const struct store_look *l = &c->look;
    char since[32];
    printf("journal  %" PRId64 " run%s and %" PRId64 " change%s\n", l->runs, many(l->runs), l->changes,
           many(l->changes));
    if (!l->runs_open && !l->changes_open)
        return;
    printf("open     %" PRId64 " run%s without an end, %" PRId64 " change%s in flight", l->runs_open,
           many(l->runs_open), l->changes_open, many(l->changes_open));
    clock_format(l->open_since, false, since);
    if (l->changes_open)
        printf(", the oldest since %s", since);
    puts(c->held ? "" : "; the next start looks them up");
}

static void print_state(const struct store_look *l)
{
    char size[PROGRESS_SIZE];
    printf("state    %" PRId64 " handled job%s, %" PRId64 " mark%s of schedules, %" PRId64 " kept text%s\n", l->handled,
           many(l->handled), l->marks, many(l->marks), l->kept, many(l->kept));
    if (l->recordings)
        printf("recorded %" PRId64 " run%s, %s\n", l->recordings, many(l->recordings),
               progress_bytes(l->recorded_bytes, size));
}

static void print_chain(const struct store_look *l)
{
    char since[32], until[32];
    if (!l->chained) {
        puts("chain    it has none: the next start begins one");
        return;
    }
    clock_format(l->chain.since, false, since);
    clock_format(l->chain.until, false, until);
    if (l->chain.faults)
        printf("chain    not as it was written: %" PRId64 " fault%s\n", l->chain.faults, many(l->chain.faults));
    else if (l->chain.entries)
        printf("chain    as it was written: %" PRId64 " entries from %s to %s\n", l->chain.entries, since, until);
    else
        puts("chain    it has no entry yet");
    printf("head     %s\n", l->chain.head);
}

static int tell_people(const struct checking *c)
{
    const struct store_look *l = &c->look;
    char command[STATE_SHARED_SIZE];
    printf("file     %s\n", c->path);
    print_schema(c);
    print_size(l);
    print_holder(c);
    if (!l->damaged) {
        print_open(c);
        print_state(l);
        print_chain(l);
    }
    if (state_shared(c->s, command))
        printf("shared   not in this file, but in ConfigMaps; to save them: %s\n", command);
    if (l->faults > c->told)
        fprintf(stderr, "mpijobd %s: and %" PRId64 " more\n", c->s->command, l->faults - c->told);
    if (l->faults)
        printf("%" PRId64 " thing%s wrong\n", l->faults, l->faults == 1 ? " is" : "s are");
    else
        puts("nothing is wrong");
    return EXIT_DONE;
}

/* ---- for programs ---- */

static int tell_json(struct checking *c)
{
    struct json_writer *w = &c->w;
    const struct store_look *l = &c->look;
    char command[STATE_SHARED_SIZE];
    bool shared = state_shared(c->s, command);
    json_write_end(w); /* of the faults */
    state_put_number(w, "fault_count", l->faults);
    state_put_text(w, "file", c->path);
    state_put_number(w, "schema", l->version);
    state_put_number(w, "newest_schema", l->newest);
    state_put_number(w, "bytes", l->file_bytes);
    state_put_number(w, "bytes_unused", l->unused_bytes);
    state_put_number(w, "bytes_wal", l->wal_bytes);
    state_put_text(w, "used_by", !c->held ? NULL : c->brief ? "command" : "daemon");
    json_write_key(w, "damaged");
    json_write_bool(w, l->damaged);
    state_put_number(w, "runs", l->runs);
    state_put_number(w, "runs_open", l->runs_open);
    state_put_number(w, "changes", l->changes);
    state_put_number(w, "changes_open", l->changes_open);
    state_put_time(w, "open_since", l->open_since);
    state_put_number(w, "handled", l->handled);
    state_put_number(w, "marks", l->marks);
    state_put_number(w, "kept", l->kept);
    state_put_number(w, "recordings", l->recordings);
    state_put_number(w, "bytes_recorded", l->recorded_bytes);
    state_put_number(w, "entries", l->chain.entries);
    state_put_text(w, "head", l->chained && !l->damaged ? l->chain.head : NULL);
    state_put_text(w, "shared", shared ? command : NULL);
    return state_put_end(c->s, w, &c->out);
}

int state_check(struct session *s, const char *path)
{
    struct checking c = {.s = s, .path = path, .json = s->options.output == OUTPUT_JSON};
    const struct store_looking looking = {.path = path, .head = s->options.head, .fault = fault, .data = &c};
    json_writer_init(&c.w, &c.out);
    json_write_object(&c.w);
    json_write_key(&c.w, "faults");
    json_write_array(&c.w);
    int rc = store_look(&looking, &c.look, &s->error);
    if (rc) {
        buf_free(&c.out);
        return session_fail(s, &s->error);
    }
    look_at_mode(&c);
    look_for_holder(&c);
    int code = c.json ? tell_json(&c) : tell_people(&c);
    buf_free(&c.out);
    return code ? code : c.look.faults ? EXIT_FAILED : EXIT_DONE;
}
