/* SPDX-License-Identifier: Apache-2.0 */
/* A table, Markdown, CSV and JSON of the same rows. */
#include "cli/saved/saved_told.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "cli/terminal/table.h"
#include "history/fields.h"
#include "json/member.h"
#include "json/write.h"

#define COLUMNS 7

static const char *group_head(const struct saved_told *t)
{
    static const char *const heads[] = {
        [SAVED_BY_POLICY] = NULL, [SAVED_BY_NAMESPACE] = "namespace", [SAVED_BY_CLUSTER] = "cluster"};
    return t->options->by == SAVED_BY_LABEL ? t->options->label : heads[t->options->by];
}

static const char *hours(double n, char out[32])
{
    snprintf(out, 32, "%.1f", n);
    return out;
}

static const char *worth(double n, char out[32])
{
    snprintf(out, 32, "%.2f", n);
    return out;
}

static const char *whole(int64_t n, char out[32])
{
    snprintf(out, 32, "%" PRId64, n);
    return out;
}

/* ---- what is said below a table ---- */

static void note(FILE *to, bool list, const char *text)
{
    fprintf(to, "%s%s\n", list ? "- " : "", text);
}

static void notes(const struct saved_told *t, FILE *to, bool list)
{
    const struct saved_row *total = saved_total(t->saved);
    char text[512], most[64];
    double most_hours = (double)t->options->at_most / 3600e6;
    snprintf(most, sizeof most, "%.15g hours", most_hours);
    snprintf(text, sizeof text,
             "Counted from the time at which a finished job's pods went, until its ttlSecondsAfterFinished would have "
             "ended it, at most %s a job: that without mpijobd a person would have freed them by then is assumed.",
             most);
    note(to, list, text);
    if (total->jobs > total->seen) {
        snprintf(text, sizeof text,
                 "Of %" PRId64 " of the %" PRId64 " jobs it was judged that the pods go, and not looked for.",
                 total->jobs - total->seen, total->jobs);
        note(to, list, text);
    }
    if (saved_cut(t->saved)) {
        snprintf(text, sizeof text, "%" PRId64 " jobs have reached the %s.", saved_cut(t->saved), most);
        note(to, list, text);
    }
    if (saved_not_seen(t->saved)) {
        snprintf(text, sizeof text, "Not counted: %" PRId64 " changes whose effect was looked for and did not come.",
                 saved_not_seen(t->saved));
        note(to, list, text);
    }
    if (saved_untold(t->saved)) {
        snprintf(text, sizeof text,
                 "Not counted: %" PRId64 " changes by an earlier version, which did not write down how many GPUs they "
                 "freed.",
                 saved_untold(t->saved));
        note(to, list, text);
    }
}

/* ---- a table ---- */

/* The cells of a row, as many as there are columns. Returns how many. */
static size_t cells(const struct saved_told *t, const struct saved_row *row, const char *policy,
                    char texts[COLUMNS][32], const char *out[COLUMNS])
{
    size_t n = 0;
    out[n++] = policy;
    if (group_head(t))
        out[n++] = row->group ? row->group : row->policy ? "<none>" : "";
    out[n] = whole(row->jobs, texts[n]);
    n++;
    out[n] = whole(row->gpus, texts[n]);
    n++;
    out[n] = hours(row->hours, texts[n]);
    n++;
    if (t->currency) {
        out[n] = worth(row->worth, texts[n]);
        n++;
    }
    return n;
}

static size_t heads(const struct saved_told *t, bool upper, char texts[COLUMNS][80], const char *out[COLUMNS])
{
    const char *names[COLUMNS] = {"policy"};
    size_t n = 1;
    if (group_head(t))
        names[n++] = group_head(t);
    names[n++] = "jobs";
    names[n++] = "GPUs";
    names[n++] = "GPU-hours";
    if (t->currency)
        names[n++] = t->currency;
    for (size_t i = 0; i < n; i++) {
        snprintf(texts[i], sizeof texts[i], "%s", names[i]);
        for (char *p = texts[i]; upper && *p; p++)
            *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
        out[i] = texts[i];
    }
    return n;
}

static void tell_table(const struct saved_told *t, FILE *to)
{
    char head_texts[COLUMNS][80], texts[COLUMNS][32];
    const char *row[COLUMNS];
    struct table table;
    size_t n = heads(t, true, head_texts, row);
    table_begin(&table, n, row);
    for (size_t i = 0; i <= saved_count(t->saved); i++) {
        bool last = i == saved_count(t->saved);
        const struct saved_row *one = last ? saved_total(t->saved) : saved_at(t->saved, i);
        cells(t, one, last ? "total" : one->policy, texts, row);
        for (size_t c = 0; c < n; c++)
            table_cell(&table, row[c]);
    }
    table_print(&table, to);
    fputc('\n', to);
    notes(t, to, false);
}

/* ---- Markdown ---- */

static void markdown_cell(FILE *to, const char *text)
{
    fputs(" ", to);
    for (const char *p = text; *p; p++) {
        if (strchr("|\\`*_<>[]", *p))
            fputc('\\', to);
        fputc(*p == '\n' || *p == '\r' ? ' ' : *p, to);
    }
    fputs(" |", to);
}

static void tell_markdown(const struct saved_told *t, FILE *to)
{
    char head_texts[COLUMNS][80], texts[COLUMNS][32], from[32], until[32];
    const char *row[COLUMNS];
    clock_format(t->options->since, false, from);
    clock_format(t->options->now, false, until);
    fprintf(to, "**GPU-hours given back** from %s to %s\n\n", from, until);
    size_t n = heads(t, false, head_texts, row);
    fputc('|', to);
    for (size_t c = 0; c < n; c++)
        markdown_cell(to, row[c]);
    fputs("\n|", to);
    for (size_t c = 0; c < n; c++)
        fputs(c <= (group_head(t) != NULL) ? "---|" : "--:|", to);
    fputc('\n', to);
    for (size_t i = 0; i <= saved_count(t->saved); i++) {
        bool last = i == saved_count(t->saved);
        const struct saved_row *one = last ? saved_total(t->saved) : saved_at(t->saved, i);
        cells(t, one, last ? "total" : one->policy, texts, row);
        fputc('|', to);
        for (size_t c = 0; c < n; c++)
            markdown_cell(to, row[c]);
        fputc('\n', to);
    }
    fputc('\n', to);
    notes(t, to, true);
}

/* ---- for programs ---- */

static void csv_row(const struct saved_told *t, struct fields *f, const struct saved_row *row)
{
    char text[32];
    fields_row(f);
    fields_text(f, "policy", row->policy);
    fields_text(f, "group", row->group);
    fields_number(f, "jobs", row->jobs);
    fields_number(f, "jobs_seen", row->seen);
    fields_number(f, "gpus", row->gpus);
    snprintf(text, sizeof text, "%.2f", row->hours);
    fields_text(f, "gpu_hours", text);
    if (t->currency) {
        fields_text(f, "worth", worth(row->worth, text));
        fields_text(f, "currency", t->currency);
    }
}

static void tell_csv(const struct saved_told *t, FILE *to)
{
    struct fields f;
    fields_begin(&f, true, to);
    for (size_t i = 0; i < saved_count(t->saved); i++) {
        csv_row(t, &f, saved_at(t->saved, i));
        fields_row_end(&f);
    }
    if (!saved_count(t->saved)) {
        csv_row(t, &f, saved_total(t->saved));
        fields_row_names(&f);
    }
    fields_end(&f);
}

static void json_row(const struct saved_told *t, struct json_writer *w, const struct saved_row *row)
{
    json_member_int(w, "jobs", row->jobs);
    json_member_int(w, "jobs_seen", row->seen);
    json_member_int(w, "gpus", row->gpus);
    json_write_key(w, "gpu_hours");
    json_write_double(w, round(row->hours * 100) / 100);
    if (t->currency) {
        json_write_key(w, "worth");
        json_write_double(w, round(row->worth * 100) / 100);
    }
    json_write_end(w);
}

static void write_json(const struct saved_told *t, struct buf *out)
{
    struct json_writer w;
    char at[32];
    json_writer_init(&w, out);
    json_write_object(&w);
    clock_format(t->options->since, false, at);
    json_member_text(&w, "since", at);
    clock_format(t->options->now, false, at);
    json_member_text(&w, "until", at);
    json_member_text(&w, "by", group_head(t));
    json_member_text(&w, "currency", t->currency);
    json_member_int(&w, "at_most_seconds", t->options->at_most / CLOCK_SECOND);
    json_member_int(&w, "journals", (int64_t)t->journals);
    json_write_key(&w, "rows");
    json_write_array(&w);
    for (size_t i = 0; i < saved_count(t->saved); i++) {
        const struct saved_row *row = saved_at(t->saved, i);
        json_write_object(&w);
        json_member_text(&w, "policy", row->policy);
        json_member_text(&w, "group", row->group);
        json_row(t, &w, row);
    }
    json_write_end(&w);
    json_write_key(&w, "total");
    json_write_object(&w);
    json_row(t, &w, saved_total(t->saved));
    json_member_int(&w, "jobs_at_most", saved_cut(t->saved));
    json_member_int(&w, "changes_not_seen", saved_not_seen(t->saved));
    json_member_int(&w, "changes_untold", saved_untold(t->saved));
    json_write_end(&w);
}

static int tell_json(const struct saved_told *t, FILE *to, struct error *err)
{
    struct buf out = BUF_INIT;
    write_json(t, &out);
    int rc = buf_result(&out, "the output", err);
    if (!rc)
        fprintf(to, "%s\n", out.ptr);
    buf_free(&out);
    return rc;
}

int saved_tell(const struct saved_told *t, enum output output, FILE *to, struct error *err)
{
    if (output == OUTPUT_JSON)
        return tell_json(t, to, err);
    if (output == OUTPUT_CSV)
        tell_csv(t, to);
    else if (output == OUTPUT_MARKDOWN)
        tell_markdown(t, to);
    else
        tell_table(t, to);
    return 0;
}
