/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd report: GPUs and GPU-hours that finished jobs hold, by namespace, label or owner. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/texts.h"
#include "cli/report/cmd_report.h"
#include "cli/report/report_parts.h"
#include "cli/saved/cmd_saved.h"
#include "cli/terminal/table.h"
#include "store/store.h"
#include "yaml/convert.h"
#include "json/write.h"

#define DAY (24 * 3600 * CLOCK_SECOND)

void report_note(struct report *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct buf text = BUF_INIT;
    buf_vprintf(&text, format, args);
    va_end(args);
    if (text.failed)
        buf_free(&text);
    else
        r->notes[r->note_count++] = buf_take(&text, NULL);
}

/* The journal stands where the daemon runs. Elsewhere the report does without it, unless --state asks for it. */
static int read_journal(struct report *r)
{
    struct session *s = &r->s;
    session_state_path(s, r->journal);
    if (!s->options.state && access(r->journal, F_OK) != 0) {
        r->journal[0] = '\0';
        return 0;
    }
    int rc = store_open_reader(r->journal, &s->store, &s->error);
    if (!rc)
        rc = released_read(store_journal(s->store), r->now - 7 * DAY, &r->released, &s->error);
    if (!rc)
        return 0;
    if (s->options.state)
        return session_fail(s, &s->error);
    report_note(r, "The journal cannot be read, so what mpijobd has released is missing: %s", s->error.message);
    r->journal[0] = '\0';
    return 0;
}

static void note_kinds(struct report *r)
{
    struct buf names = BUF_INIT;
    for (size_t i = 0; i < r->read.count; i++)
        buf_printf(&names, "%s%ss", !i ? "" : i + 1 < r->read.count ? ", " : " and ", r->read.of[i]->name);
    if (r->kinds.count > 1)
        report_note(r, "Over %s%s.", or_empty(names.ptr),
                    r->every && kind_list_has(&r->read, KIND_JOB) ? ", of Jobs those that ask for GPUs" : "");
    buf_free(&names);
}

static void add_notes(struct report *r, const struct error *why)
{
    note_kinds(r);
    if (r->owned)
        report_note(r, "%" PRId64 " finished jobs are parts of others in this report, and are not counted again.",
                    r->owned);
    if (r->unpodded)
        report_note(
            r,
            "The pods cannot be listed (%.2000s): what jobs hold is worked out from their status and cleanPodPolicy, "
            "and for %" PRId64 " of %" PRId64 " jobs it is the most that they can hold.",
            why->message, r->seen.by_policy, r->groups.total.jobs);
    if (r->seen.deleting)
        report_note(r, "Of the jobs that hold GPUs %" PRId64 " are being deleted.", r->seen.deleting);
    if (r->journal[0])
        report_note(r,
                    "In the hours: what %" PRId64 " jobs held until mpijobd had their workers removed, by its journal.",
                    r->seen.released);
    report_note(
        r,
        "Not in the hours: jobs that have been deleted, and GPUs that were released by anything %s; the server keeps "
        "no trace of either.",
        r->journal[0] ? "else than mpijobd" : "within that time");
}

static void add_column_notes(struct report *r)
{
    const struct plugin_columns *columns = &r->columns.columns;
    if (*r->columns.problem)
        report_note(r, "The columns of plugins are missing: %s; mpijobd check tells all that is wrong with them.",
                    r->columns.problem);
    if (columns->more)
        report_note(r, "The plugins have more than %d columns; the rest is left out.", PLUGIN_COLUMNS_MAX);
    for (size_t i = 0; i < columns->count; i++) {
        const struct plugin_column *c = &columns->items[i];
        if (c->over)
            report_note(r, "The column %s of the plugin %s is missing: %s.", c->name, c->plugin, c->problem);
        else if (c->failed)
            report_note(r, "The column %s of the plugin %s has failed %" PRId64 " times, the first time with: %s.",
                        c->name, c->plugin, c->failed, c->problem);
    }
}

/* ---- telling ---- */

static void text_row(const struct report *r, struct table *t, const char *name, const struct report_row *row, size_t at)
{
    char text[32];
    table_cell(t, name);
    snprintf(text, sizeof text, "%" PRId64, row->jobs);
    table_cell(t, text);
    snprintf(text, sizeof text, "%" PRId64, row->holding);
    table_cell(t, text);
    snprintf(text, sizeof text, "%" PRId64, row->gpus);
    table_cell(t, text);
    snprintf(text, sizeof text, "%.1f", row->day);
    table_cell(t, text);
    snprintf(text, sizeof text, "%.1f", row->week);
    table_cell(t, text);
    for (size_t i = 0; i < r->columns.columns.count; i++)
        table_cell(t, report_columns_text(&r->columns, at, i));
}

static void tell_text(struct report *r)
{
    const char *heads[6 + PLUGIN_COLUMNS_MAX] = {report_key_head(&r->key), "FINISHED",      "HOLDING", "GPUS",
                                                 "GPU-HOURS-DAY",          "GPU-HOURS-WEEK"};
    char names[PLUGIN_COLUMNS_MAX][64];
    struct table t;
    for (size_t i = 0; i < r->columns.columns.count; i++)
        heads[6 + i] = report_columns_head(&r->columns, i, names[i]);
    table_begin(&t, 6 + r->columns.columns.count, heads);
    for (size_t i = 0; i < r->groups.count; i++)
        text_row(r, &t, r->groups.items[i]->name, &r->groups.items[i]->row, i);
    text_row(r, &t, "total", &r->groups.total, r->groups.count);
    table_print(&t, stdout);
    putchar('\n');
    for (size_t i = 0; i < r->note_count; i++)
        puts(r->notes[i]);
}

static double rounded(double hours)
{
    return round(hours * 100) / 100;
}

static void json_columns(const struct report *r, struct json_writer *w, const double *sums)
{
    const struct plugin_columns *columns = &r->columns.columns;
    if (!columns->count)
        return;
    json_write_key(w, "columns");
    json_write_object(w);
    for (size_t i = 0; i < columns->count; i++) {
        json_write_key(w, columns->items[i].name);
        if (columns->items[i].over || !sums || !isfinite(sums[i]))
            json_write_null(w);
        else
            json_write_double(w, rounded(sums[i]));
    }
    json_write_end(w);
}

static void json_row(const struct report *r, struct json_writer *w, const struct report_row *row, const double *sums)
{
    const struct {
        const char *key;
        int64_t number;
    } numbers[] = {{"finished", row->jobs}, {"holding", row->holding}, {"gpus", row->gpus}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        json_write_key(w, numbers[i].key);
        json_write_int(w, numbers[i].number);
    }
    json_write_key(w, "gpu_hours_day");
    json_write_double(w, rounded(row->day));
    json_write_key(w, "gpu_hours_week");
    json_write_double(w, rounded(row->week));
    json_columns(r, w, sums);
    json_write_end(w);
}

static void write_json(struct report *r, struct buf *out)
{
    struct json_writer w;
    char at[32];
    clock_format(r->now, false, at);
    json_writer_init(&w, out);
    json_write_object(&w);
    json_write_key(&w, "at");
    json_write_string(&w, at);
    json_write_key(&w, "by");
    json_write_string(&w, r->s.options.by ? r->s.options.by : "namespace");
    json_write_key(&w, "counted");
    json_write_string(&w, r->unpodded ? "status" : "pods");
    json_write_key(&w, "kinds");
    json_write_array(&w);
    for (size_t i = 0; i < r->read.count; i++)
        json_write_string(&w, r->read.of[i]->name);
    json_write_end(&w);
    json_write_key(&w, "journal");
    json_write_string(&w, r->journal[0] ? r->journal : NULL);
    json_write_key(&w, "groups");
    json_write_array(&w);
    for (size_t i = 0; i < r->groups.count; i++) {
        json_write_object(&w);
        json_write_key(&w, "group");
        json_write_string(&w, r->groups.items[i]->named ? r->groups.items[i]->name : NULL);
        json_row(r, &w, &r->groups.items[i]->row, r->groups.items[i]->columns);
    }
    json_write_end(&w);
    json_write_key(&w, "total");
    json_write_object(&w);
    json_row(r, &w, &r->groups.total, r->columns.totals);
    json_write_key(&w, "notes");
    json_write_array(&w);
    for (size_t i = 0; i < r->note_count; i++)
        json_write_string(&w, r->notes[i]);
    json_write_end(&w);
    json_write_end(&w);
}

static int tell_data(struct report *r)
{
    struct session *s = &r->s;
    struct buf out = BUF_INIT, shown = BUF_INIT;
    struct json root;
    write_json(r, &out);
    int rc = buf_result(&out, "the output", &s->error);
    if (!rc)
        rc = json_parse(buf_str(&out), "the output", &root, &s->error);
    if (!rc && s->options.output == OUTPUT_YAML)
        rc = json_to_yaml(root, &shown, &s->error);
    else if (!rc)
        json_pretty(&shown, root);
    if (!rc)
        printf("%s%s", shown.ptr ? shown.ptr : "", s->options.output == OUTPUT_YAML ? "" : "\n");
    buf_free(&out);
    buf_free(&shown);
    return rc ? session_fail(s, &s->error) : 0;
}

/* ---- the command ---- */

static int work(struct report *r)
{
    struct session *s = &r->s;
    struct error why;
    int code = session_cluster(s);
    if (code)
        return code;
    session_scope(s, false);
    r->now = clock_now(&s->clock);
    code = session_connect(s);
    if (!code)
        code = read_journal(r);
    if (code)
        return code;
    if (report_columns_open(&r->columns, s, &r->groups, &s->error))
        return session_fail(s, &s->error);
    code = report_read(r, &why);
    if (code)
        return code;
    report_groups_sort(&r->groups);
    if (report_columns_end(&r->columns, &s->error))
        return session_fail(s, &s->error);
    add_notes(r, &why);
    add_column_notes(r);
    if (s->options.output != OUTPUT_TABLE)
        return tell_data(r);
    tell_text(r);
    return 0;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct report *r = calloc(1, sizeof *r);
    struct options o;
    struct error err;
    int code = EXIT_FAILED;
    if (!r) {
        fprintf(stderr, "mpijobd report: out of memory\n");
        return code;
    }
    if (!command_begin(argc, argv, command, &o, &code))
        ;
    else if (o.saved)
        code = cmd_saved(command, &o);
    else if (o.since || o.notify || o.output == OUTPUT_CSV || o.output == OUTPUT_MARKDOWN)
        code = command_usage(command, "--since, --notify, -o csv and -o markdown go with --saved");
    else if (o.argument_count)
        code = command_usage(command, "takes no names; choose jobs with -n, -A and -l");
    else if (o.output == OUTPUT_NAME)
        code = command_usage(command, "-o takes table, json or yaml here");
    else if (report_kinds_parse(o.kinds, &r->kinds, &err))
        code = command_usage(command, "--kind: %s", err.message);
    else if (report_key_parse(o.by, &r->key, &err))
        code = command_usage(command, "--%s", err.message);
    else if (r->every = !o.kinds, (code = session_open(&r->s, command->name, &o)) == 0)
        code = session_close(&r->s, work(r));
    report_columns_free(&r->columns);
    report_groups_free(&r->groups);
    report_owners_free(&r->owners);
    for (size_t i = 0; i < r->note_count; i++)
        free(r->notes[i]);
    released_free(r->released);
    mpijob_pods_free(r->pods);
    free(r);
    return code;
}

const struct command cmd_report = {
    "report",
    "[--kind KIND,...|all] [-n NAMESPACE | -A] [-l SELECTOR] [--by namespace|kind|owner|label:KEY] [-o "
    "table|json|yaml]\n       mpijobd report --saved [--since TIME] [--by policy|namespace|cluster|label:KEY] [-o "
    "table|json|csv|markdown] [--notify "
    "SINK]",
    "GPUs and GPU-hours that finished jobs hold now, and held over the last day and week",
    TAKES_CLUSTER | TAKES_SCOPE | TAKES_SELECTOR | TAKES_OUTPUT | TAKES_STATE | TAKES_BY | TAKES_KINDS | TAKES_SAVED,
    run,
    "  mpijobd report -A\n  mpijobd report -A --kind MPIJob,TrainJob,JobSet --by kind\n  mpijobd report -A --by "
    "label:team -o json\n  mpijobd report --saved --since 30d --by label:team\n  mpijobd report --saved --state a.db "
    "--state b.db -o "
    "markdown\n"};
