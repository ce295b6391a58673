/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd report --saved: the journals are read and summed; what came of it is printed, or sent. */
#include "cli/saved/cmd_saved.h"

#include <stdlib.h>
#include <string.h>

#include "cli/journal/several.h"
#include "cli/saved/saved_told.h"
#include "cli/session/session.h"
#include "history/since.h"
#include "outside/outbox.h"
#include "outside/outside.h"
#include "store/store.h"

#define DAY (24 * 3600 * CLOCK_SECOND)
#define PATIENCE (10 * 60 * CLOCK_SECOND) /* mail servers that do not know one say "later" for some minutes */

struct saving {
    struct session s;
    struct saved_options options;
    struct saved *saved;
    struct several journals;
    struct saved_price *prices;
    struct error failed; /* of the delivery */
};

static bool take(void *data, const struct store_change *change)
{
    struct saving *g = data;
    return saved_add(g->saved, change);
}

static int read_journals(struct saving *g)
{
    struct session *s = &g->s;
    struct options named = s->options;
    char path[4096];
    if (!named.states[0])
        named.states[0] = session_state_path(s, path);
    struct store_filter filter = saved_filter(g->saved);
    int rc = several_open(&named, &g->journals, &s->error);
    for (size_t i = 0; !rc && i < g->journals.count; i++)
        rc = journal_read_changes(store_journal(g->journals.files[i].store), &filter, take, g, &s->error);
    return rc ? rc : saved_sum(g->saved, &s->error);
}

/* The prices of the configuration, and what bounds a job's hours. */
static int set_prices(struct saving *g)
{
    const struct config_report *c = &g->s.config.report;
    size_t n = 0;
    g->options.at_most = c->at_most ? c->at_most : DAY;
    if (!c->priced && !c->cluster_count)
        return 0;
    g->prices = calloc(c->cluster_count + 1, sizeof *g->prices);
    if (!g->prices)
        return error_nomem(&g->s.error);
    if (c->priced)
        g->prices[n++] = (struct saved_price){NULL, c->gpu_hour};
    for (size_t i = 0; i < c->cluster_count; i++)
        g->prices[n++] = (struct saved_price){c->clusters[i].name, c->clusters[i].gpu_hour};
    g->options.prices = g->prices;
    g->options.price_count = n;
    return 0;
}

/* ---- sending ---- */

static void delivered(void *data, const struct error *err)
{
    struct saving *g = data;
    if (err)
        g->failed = *err;
    g->s.flag = true;
}

static void add_subject(const struct saving *g, struct buf *out)
{
    char from[32], until[32];
    clock_format(g->options.since, false, from);
    clock_format(g->options.now, false, until);
    buf_printf(out, "GPU-hours given back from %.10s to %.10s: %.1f", from, until, saved_total(g->saved)->hours);
}

static int send_text(struct saving *g, const char *text)
{
    struct session *s = &g->s;
    const struct outbox_sink *sink = NULL;
    for (size_t i = 0; i < s->config.sink_count; i++)
        sink = strcmp(s->config.sinks[i].name, s->options.notify) == 0 ? &s->config.sinks[i] : sink;
    if (!sink)
        return error_set(&s->error, ERR_NOT_FOUND, "the configuration's notify has no sink \"%s\"", s->options.notify);
    if (session_outside(s))
        return s->error.code;
    outbox_start(s->outside);
    struct notice notice = {
        .type = sink->notice.type, .created = clock_now(&s->clock), .surely = true, .patience = PATIENCE};
    buf_puts(&notice.parts[PART_SINK], sink->name);
    buf_puts(&notice.parts[PART_POLICY], "report");
    if (notice.type == NOTICE_EMAIL && !sink->notice.parts[PART_SUBJECT].len)
        add_subject(g, &notice.parts[PART_SUBJECT]);
    buf_puts(&notice.parts[PART_TEXT], text);
    s->flag = false;
    int rc = outbox_add(s->outside, &notice, delivered, g, &s->error);
    notice_free(&notice);
    if (rc)
        return rc;
    session_wait(s);
    if (g->failed.code)
        s->error = g->failed;
    return g->failed.code;
}

static int tell(struct saving *g)
{
    struct session *s = &g->s;
    struct saved_told told = {.saved = g->saved,
                              .options = &g->options,
                              .currency =
                                  g->prices ? s->config.report.currency ? s->config.report.currency : "worth" : NULL,
                              .journals = g->journals.count};
    if (!s->options.notify)
        return saved_tell(&told, s->options.output, stdout, &s->error);
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return error_nomem(&s->error);
    int rc = saved_tell(&told, s->options.output, memory, &s->error);
    if (fclose(memory) != 0 && !rc)
        rc = error_nomem(&s->error);
    if (!rc)
        rc = send_text(g, text);
    free(text);
    return rc;
}

static int work(struct saving *g)
{
    struct session *s = &g->s;
    int rc = saved_by_parse(s->options.by, &g->options, &s->error);
    g->options.now = clock_now(&s->clock);
    if (!rc)
        rc = since_parse(s->options.since ? s->options.since : "7d", g->options.now, &g->options.since, &s->error);
    if (rc) {
        fprintf(stderr, "mpijobd report: --%s\n", s->error.message);
        return EXIT_USAGE;
    }
    rc = set_prices(g);
    if (!rc) {
        g->saved = saved_new(&g->options);
        rc = g->saved ? read_journals(g) : error_nomem(&s->error);
    }
    if (!rc)
        rc = tell(g);
    return rc ? session_fail(s, &s->error) : EXIT_DONE;
}

int cmd_saved(const struct command *command, const struct options *o)
{
    if (o->argument_count || o->kinds || o->selector || o->name_space || o->all_namespaces)
        return command_usage(command,
                             "--saved is about all that the journal has; it takes no names, -n, -A, -l or --kind");
    if (o->output == OUTPUT_NAME || o->output == OUTPUT_YAML)
        return command_usage(command, "-o takes table, json, csv or markdown with --saved");
    struct saving *g = calloc(1, sizeof *g);
    int code = EXIT_FAILED;
    if (!g) {
        fprintf(stderr, "mpijobd report: out of memory\n");
        return code;
    }
    if ((code = session_open(&g->s, command->name, o)) == 0)
        code = session_close(&g->s, work(g));
    several_close(&g->journals);
    saved_free(g->saved);
    free(g->prices);
    free(g);
    return code;
}
