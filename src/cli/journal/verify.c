/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd journal --verify: is the journal as it was written? */
#include <inttypes.h>

#include "base/clock.h"
#include "base/texts.h"
#include "cli/journal/journal_parts.h"
#include "cli/journal/several.h"
#include "store/journal_chain.h"
#include "store/store.h"

struct verifying {
    struct session *s;
    bool json;
    const char *replica; /* NULL: there is one journal */
    struct json_writer w;
    struct buf out;
};

static void fault(void *data, const char *text)
{
    struct verifying *v = data;
    if (v->json)
        json_write_string(&v->w, text);
    else
        fprintf(stderr, "mpijobd %s: %s%s%s\n", v->s->command, or_empty(v->replica), v->replica ? ": " : "", text);
}

static void time_of(struct json_writer *w, const char *key, int64_t us)
{
    char text[32];
    clock_format(us, false, text);
    json_write_key(w, key);
    json_write_string(w, us ? text : NULL);
}

static void number_of(struct json_writer *w, const char *key, int64_t n)
{
    json_write_key(w, key);
    json_write_int(w, n);
}

static void tell_json(struct verifying *v, const struct chain_report *r)
{
    struct json_writer *w = &v->w;
    json_write_end(w); /* of the faults */
    number_of(w, "fault_count", r->faults);
    number_of(w, "entries", r->entries);
    number_of(w, "changes", r->changes);
    number_of(w, "runs", r->runs);
    number_of(w, "left", r->left);
    time_of(w, "since", r->since);
    time_of(w, "until", r->until);
    time_of(w, "head_at", r->head_at);
    json_write_key(w, "head");
    json_write_string(w, r->head);
    json_write_end(w);
    puts(v->out.ptr ? v->out.ptr : "");
}

static void tell_people(const struct verifying *v, const struct chain_report *r)
{
    char since[32], until[32], at[32];
    clock_format(r->since, false, since);
    clock_format(r->until, false, until);
    clock_format(r->head_at, false, at);
    if (r->faults > CHAIN_FAULTS_MOST)
        fprintf(stderr, "mpijobd %s: and %" PRId64 " more\n", v->s->command, r->faults - CHAIN_FAULTS_MOST);
    if (v->replica)
        printf("%s: ", v->replica);
    if (r->faults)
        printf("the journal is not as it was written: %" PRId64 " fault%s\n", r->faults, r->faults == 1 ? "" : "s");
    else if (r->entries)
        printf("the journal is as it was written: %" PRId64 " change%s and %" PRId64 " run%s, %" PRId64
               " entries from %s to %s\n",
               r->changes, r->changes == 1 ? "" : "s", r->runs, r->runs == 1 ? "" : "s", r->entries, since, until);
    else
        puts("the journal has no rows");
    if (r->left)
        printf("%" PRId64 " older rows have left, as `journal.keep` and `journal.max_size` have it\n", r->left);
    if (!r->faults && v->s->options.head && r->head_at)
        printf("the given head is in it, of %s\n", at);
    else if (!r->faults && v->s->options.head)
        puts("the given head is where the journal begins");
    printf("head %s\n", r->head);
}

/* replica NULL: there is one journal. */
static int verify(struct session *s, const char *replica, struct store *store)
{
    struct verifying v = {.s = s, .json = s->options.output == OUTPUT_JSON, .replica = replica};
    struct chain_report report;
    json_writer_init(&v.w, &v.out);
    json_write_object(&v.w);
    if (replica) {
        json_write_key(&v.w, "replica");
        json_write_string(&v.w, replica);
    }
    json_write_key(&v.w, "faults");
    json_write_array(&v.w);
    int rc = journal_verify(store_journal(store), s->options.head, fault, &v, &report, &s->error);
    if (rc == 0 && v.json)
        tell_json(&v, &report);
    else if (rc == 0)
        tell_people(&v, &report);
    buf_free(&v.out);
    return rc == ERR_INVALID ? (session_fail(s, &s->error), EXIT_USAGE)
           : rc              ? session_fail(s, &s->error)
           : report.faults   ? EXIT_FAILED
                             : EXIT_DONE;
}

int journal_command_verify(struct session *s)
{
    char path[4096];
    if (store_open_reader(session_state_path(s, path), &s->store, &s->error))
        return session_fail(s, &s->error);
    return verify(s, NULL, s->store);
}

/* The worst of what they come to. In JSON it is an array. */
int journal_command_verify_each(struct session *s)
{
    struct several several;
    bool json = s->options.output == OUTPUT_JSON;
    int worst = several_open(&s->options, &several, &s->error) ? session_fail(s, &s->error) : EXIT_DONE;
    bool opened = worst == EXIT_DONE;
    if (opened && json)
        puts("[");
    for (size_t i = 0; opened && i < several.count; i++) {
        if (json && i)
            puts(",");
        int code = verify(s, several.files[i].replica, several.files[i].store);
        worst = code > worst ? code : worst;
    }
    if (opened && json)
        puts("]");
    several_close(&several);
    return worst;
}
