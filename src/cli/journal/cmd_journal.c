/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd journal and mpijobd runs: what was done, read beside a running daemon. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "cli/journal/cmd_journal.h"
#include "cli/journal/journal_parts.h"
#include "cli/journal/several.h"
#include "cli/session/shared_note.h"
#include "cli/terminal/table.h"
#include "cli/terminal/terminal.h"
#include "history/since.h"
#include "pause/pauses.h"
#include "store/store.h"

struct reading {
    struct session s;
    struct table table;
    struct fields fields;
    struct given_up given_up;
    const char *replica; /* whose row comes next; NULL: there is one journal */
    int64_t rows;
};

/* Where the configuration has several clusters, the tables have a column for the cluster. */
static bool of_several(const struct reading *r)
{
    return r->s.config.named;
}

static bool for_programs(const struct reading *r)
{
    return r->s.options.output == OUTPUT_JSON || r->s.options.output == OUTPUT_CSV;
}

static void number_cell(struct table *t, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, n);
    table_cell(t, n ? text : NULL);
}

static void time_cell(struct table *t, int64_t us)
{
    char text[32];
    terminal_time(us, text);
    table_cell(t, us ? text : NULL);
}

static void outcome_cell(struct table *t, const char *text)
{
    static const struct {
        const char *begins;
        enum tint tint;
    } tints[] = {{"done", TINT_PLAIN}, {"failed", TINT_BAD}, {"lost", TINT_BAD}, {"approved", TINT_PLAIN}};
    enum tint tint = TINT_HEED; /* in flight, partial, waiting... */
    for (size_t i = 0; i < sizeof tints / sizeof *tints; i++)
        tint = str_starts(str_of(text), tints[i].begins) ? tints[i].tint : tint;
    table_cell(t, text);
    table_tint(t, tint);
}

/* "alice (1000)"; without a number who is no user: "token:write", "the breaker" */
static void who_cell(struct table *t, const char *who, int64_t uid)
{
    char text[96];
    snprintf(text, sizeof text, uid < 0 ? "%.64s" : "%.64s (%" PRId64 ")", who ? who : "", uid);
    table_cell(t, who ? text : NULL);
}

static bool change_row(void *data, const struct store_change *c)
{
    struct reading *r = data;
    char job[520];
    r->rows++;
    if (for_programs(r)) {
        fields_change(&r->fields, c);
        return true;
    }
    if (r->replica)
        table_cell(&r->table, r->replica);
    bool other =
        c->resource && strcmp(c->resource, STORE_RESOURCE_DEFAULT) != 0; /* the launcher, another kind of job */
    snprintf(job, sizeof job, "%.*s%s%s%s%s", other ? (int)strcspn(c->resource, ".") : 0, other ? c->resource : "",
             other ? " " : "", or_empty(c->name_space), c->name_space ? "/" : "", or_empty(c->name));
    time_cell(&r->table, c->intended_at);
    number_cell(&r->table, c->run);
    table_cell(&r->table, *c->policy ? c->policy : STORE_BY_HAND);
    who_cell(&r->table, c->who, c->who_uid);
    if (of_several(r))
        table_cell(&r->table, c->cluster);
    table_cell(&r->table, job);
    struct buf change = BUF_INIT;
    change_cell(&change, c->diff);
    table_cell(&r->table, change.ptr);
    buf_free(&change);
    char text[96];
    const char *effect = effect_cell(c, text, sizeof text);
    table_cell(&r->table, effect);
    if (str_starts(str_of(or_empty(effect)), "inert"))
        table_tint(&r->table, TINT_HEED);
    outcome_cell(&r->table, c->outcome ? c->outcome : "in flight");
    char sent[400];
    table_cell(&r->table, given_up_sent(&r->given_up, c, sent, sizeof sent));
    return true;
}

static bool run_row(void *data, const struct store_run *row)
{
    struct reading *r = data;
    const struct store_run told = given_up_told(&r->given_up, row), *run = &told;
    r->rows++;
    if (for_programs(r)) {
        fields_run(&r->fields, run);
        return true;
    }
    if (r->replica)
        table_cell(&r->table, r->replica);
    number_cell(&r->table, run->id);
    table_cell(&r->table, run->policy);
    if (of_several(r))
        table_cell(&r->table, run->cluster);
    table_cell(&r->table, run->trigger);
    who_cell(&r->table, run->who, run->who_uid);
    time_cell(&r->table, run->scheduled_at);
    char outcome[64];
    snprintf(outcome, sizeof outcome, "%s%s", run->outcome ? run->outcome : "not ended",
             run->dry_run ? " (dry run)" : "");
    outcome_cell(&r->table, outcome);
    number_cell(&r->table, run->changed);
    number_cell(&r->table, run->unchanged);
    number_cell(&r->table, run->failed);
    table_cell(&r->table, run->message);
    return true;
}

/* Their last runs do not show why there are no others. */
static int tell_paused(struct reading *r)
{
    struct session *s = &r->s;
    struct paused paused = {0};
    char when[32];
    int rc = pauses_read(s->store, &paused, &s->error);
    for (size_t i = 0; i < paused.count; i++) {
        const struct paused_mark *m = &paused.marks[i];
        if (s->options.policy && strcmp(s->options.policy, m->policy) != 0)
            continue;
        terminal_time(m->at, when);
        printf("%s is paused, by %s since %s\n", m->policy, *m->who ? m->who : "an unknown user", when);
    }
    paused_free(&paused);
    return rc ? session_fail(s, &s->error) : 0;
}

/* "train/bert" or "bert"; what it points to is in `job`. */
static int read_job(struct reading *r, struct store_filter *f, char job[520])
{
    const struct options *o = &r->s.options;
    if (!o->job)
        return 0;
    const char *first = strchr(o->job, '/');
    if (strlen(o->job) >= 520 || !*o->job || first == o->job || (first && (!first[1] || strchr(first + 1, '/')))) {
        fprintf(stderr, "mpijobd %s: --job takes NAMESPACE/NAME or NAME, not \"%.100s\"\n", r->s.command, o->job);
        return EXIT_USAGE;
    }
    snprintf(job, 520, "%s", o->job);
    char *slash = strchr(job, '/');
    if (slash)
        *slash = '\0';
    f->name = slash ? slash + 1 : job;
    f->name_space = slash ? job : f->name_space;
    return 0;
}

static int read_since(struct reading *r, struct store_filter *f)
{
    struct error err;
    if (!r->s.options.since || since_parse(r->s.options.since, clock_now(&r->s.clock), &f->since, &err) == 0)
        return 0;
    fprintf(stderr, "mpijobd %s: --%s\n", r->s.command, err.message);
    return EXIT_USAGE;
}

static void begin_table(struct reading *r, bool runs, bool several)
{
    static const char *const change_heads[] = {"REPLICA", "TIME",   "RUN",    "POLICY",  "WHO",     "CLUSTER",
                                               "JOB",     "CHANGE", "EFFECT", "OUTCOME", "MESSAGE", NULL};
    static const char *const run_heads[] = {"REPLICA", "RUN",     "POLICY",    "CLUSTER", "TRIGGER", "WHO", "SCHEDULED",
                                            "OUTCOME", "CHANGED", "UNCHANGED", "FAILED",  "MESSAGE", NULL};
    const char *heads[TABLE_COLUMNS_MAX];
    size_t n = 0;
    for (const char *const *head = runs ? run_heads : change_heads; *head; head++) {
        if ((several || strcmp(*head, "REPLICA") != 0) && (of_several(r) || strcmp(*head, "CLUSTER") != 0))
            heads[n++] = *head;
    }
    static const char *const fold[] = {"MESSAGE", "CHANGE", NULL};
    static const char *const drop[] = {"WHO", "UNCHANGED", "EFFECT", "TRIGGER", "RUN", NULL};
    table_begin(&r->table, n, heads);
    table_narrow(&r->table, fold, drop);
}

static void change_of(void *data, const char *replica, const struct store_change *change)
{
    struct reading *r = data;
    r->replica = r->fields.replica = replica;
    change_row(r, change);
}

static void run_of(void *data, const char *replica, const struct store_run *run)
{
    struct reading *r = data;
    r->replica = r->fields.replica = replica;
    run_row(r, run);
}

static int read_several(struct reading *r, bool runs, const struct store_filter *filter)
{
    struct session *s = &r->s;
    struct several several;
    struct several_reading reading = {.filter = filter,
                                      .unfinished_only = s->options.in_flight,
                                      .change = runs ? NULL : change_of,
                                      .run = runs ? run_of : NULL,
                                      .data = r};
    int rc = several_open(&s->options, &several, &s->error);
    if (!rc)
        rc = several_read(&several, &reading, &s->error);
    if (!rc && !r->rows)
        fprintf(stderr, "mpijobd %s: none of these %zu journals has such a row\n", s->command, several.count);
    several_close(&several);
    return rc;
}

static int read_one(struct reading *r, bool runs, const struct store_filter *filter)
{
    struct session *s = &r->s;
    char path[4096];
    int rc = store_open_reader(session_state_path(s, path), &s->store, &s->error);
    if (rc)
        return rc;
    given_up_begin(&r->given_up, path);
    return runs ? journal_read_runs(store_journal(s->store), filter, s->options.in_flight, run_row, r, &s->error)
                : journal_read_changes(store_journal(s->store), filter, change_row, r, &s->error);
}

static int read_rows(struct reading *r, bool runs)
{
    struct session *s = &r->s;
    struct options *o = &s->options;
    struct store_filter filter = {.policy = o->policy,
                                  .cluster = o->cluster,
                                  .name_space = o->name_space,
                                  .in_flight = o->in_flight,
                                  .with_run = for_programs(r),
                                  .limit = o->limit >= 0 ? o->limit : 100};
    bool several = several_named(o);
    char job[520];
    if (read_job(r, &filter, job) || read_since(r, &filter))
        return EXIT_USAGE;
    if (o->argument_count)
        command_run_number(o->arguments[0], &filter.run);
    if (for_programs(r))
        fields_begin(&r->fields, o->output == OUTPUT_CSV, stdout);
    else
        begin_table(r, runs, several);
    if (!several)
        session_tell_shared(
            s, "each daemon keeps a journal of its own runs",
            "--state FILE --state FILE reads those of several as one, where their files are on this host");
    int rc = several ? read_several(r, runs, &filter) : read_one(r, runs, &filter);
    if (rc) {
        table_free(&r->table);
        fields_free(&r->fields);
        return session_fail(s, &s->error);
    }
    if (for_programs(r)) {
        fields_end(&r->fields);
    } else {
        table_print(&r->table, stdout);
    }
    if (o->limit < 0 && r->rows == filter.limit && r->rows)
        fprintf(stderr, "mpijobd %s: the newest %" PRId64 " rows; --limit 0 shows all\n", s->command, r->rows);
    if (several)
        return 0;
    rc = r->rows ? 0 : journal_tell_empty(s, runs, &filter);
    return !rc && runs && !for_programs(r) ? tell_paused(r) : rc;
}

static int run_either(int argc, char **argv, const struct command *command, bool runs)
{
    struct reading r = {0};
    struct options o;
    int64_t number;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.argument_count > 1 || (o.argument_count && !command_run_number(o.arguments[0], &number)))
        return command_usage(command, "takes the number of one run; --policy NAME chooses those of a policy");
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table, json or csv here");
    if (o.verify && o.output == OUTPUT_CSV)
        return command_usage(command,
                             "--verify tells of the whole journal, and has no rows: -o takes table or json with it");
    if (o.head && !o.verify)
        return command_usage(command, "--head goes with --verify");
    if (o.verify && (o.argument_count || o.policy || o.since || o.job || o.name_space || o.in_flight || o.limit >= 0))
        return command_usage(command,
                             "--verify looks at the whole journal: it takes --head, --state and -o json alone");
    if (o.head && several_named(&o))
        return command_usage(command, "--head is of one journal: name one with --state");
    code = session_open(&r.s, command->name, &o);
    if (code)
        return code;
    if (!o.verify)
        code = read_rows(&r, runs);
    else
        code = several_named(&o) ? journal_command_verify_each(&r.s) : journal_command_verify(&r.s);
    return session_close(&r.s, code);
}

static int run_journal(int argc, char **argv, const struct command *command)
{
    return run_either(argc, argv, command, false);
}

static int run_runs(int argc, char **argv, const struct command *command)
{
    return run_either(argc, argv, command, true);
}

const struct command cmd_journal = {
    "journal",
    "[RUN] [--policy NAME] [--job [NAMESPACE/]NAME] [--since TIME] | --verify [--head HEAD]",
    "The changes that were made: what, why, and what became of them; newest first",
    TAKES_STATE | TAKES_OUTPUT | TAKES_FILTER | TAKES_NAMESPACE | TAKES_ROWS | TAKES_VERIFY | TAKES_TIMES,
    run_journal,
    "  mpijobd journal --policy free-gpus --limit 20\n"
    "  mpijobd journal 42 -o json\n"
    "  mpijobd journal --since 30d --limit 0 -o csv >november.csv\n"
    "  mpijobd journal --verify\n"
    "  mpijobd journal --state a.db --state b.db    of two replicas, by time; a folder names all .db files in it\n"};
const struct command cmd_runs = {"runs",
                                 "[RUN] [--policy NAME] [--since TIME]",
                                 "The runs of the policies, newest first",
                                 TAKES_STATE | TAKES_OUTPUT | TAKES_FILTER | TAKES_ROWS | TAKES_TIMES,
                                 run_runs,
                                 "  mpijobd runs --policy free-gpus --limit 5\n"
                                 "  mpijobd runs --since 2h --in-flight\n"
                                 "  mpijobd runs 42 -o json\n"};
