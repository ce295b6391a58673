/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd get: jobs with phase, policy, deadline, the GPUs they ask for and those they hold, and age. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/session/named_jobs.h"
#include "cli/session/session.h"
#include "cli/session/table.h"
#include "cli/terminal.h"
#include "mpijob/held_gpus.h"
#include "time/duration.h"
#include "yaml/convert.h"
#include "json/write.h"

struct get {
    struct session s;
    struct jobs jobs;
    struct table table;
    struct mpijob_pods *pods; /* NULL: they cannot be listed */
    bool namespaced;
};

static void cell_span(struct table *t, int64_t us)
{
    char text[32];
    if (us < 0) {
        table_cell(t, NULL);
        return;
    }
    duration_format(us - us % CLOCK_SECOND, true, text);
    table_cell(t, us < CLOCK_SECOND ? "0s" : text);
}

/* As the object has it: text without its quotes, everything else as in the object. */
static void cell_value(struct table *t, struct json value)
{
    char text[64];
    struct buf out = BUF_INIT;
    if (json_type(value) == JSON_STRING && !json_decode(value, &out))
        table_cell(t, "?");
    else if (json_exists(value))
        table_cell(t, out.ptr ? out.ptr
                              : (snprintf(text, sizeof text, "%.*s", (int)value.text.len, value.text.ptr), text));
    else
        table_cell(t, NULL);
    buf_free(&out);
}

static void deadline_cell(struct table *t, const struct mpijob_view *v)
{
    struct json value = mpijob_field_value(v->object, FIELD_ACTIVE_DEADLINE_SECONDS, v->target);
    int64_t seconds;
    if (json_int64(value, &seconds) && seconds >= 0 && seconds < INT64_C(3155760000))
        cell_span(t, seconds * CLOCK_SECOND);
    else
        cell_value(t, value);
}

static void add_row(struct get *g, const struct mpijob_view *v)
{
    char text[300];
    if (!g->namespaced) {
        snprintf(text, sizeof text, "%.*s", (int)v->name_space.len, v->name_space.ptr);
        table_cell(&g->table, text);
    }
    snprintf(text, sizeof text, "%.*s", (int)v->name.len, v->name.ptr);
    table_cell(&g->table, text);
    snprintf(text, sizeof text, "%s%s", mpijob_phase_name(v->phase), v->deleting ? ",deleting" : "");
    table_cell(&g->table, text);
    cell_value(&g->table, mpijob_field_value(v->object, FIELD_CLEAN_POD_POLICY, v->target));
    deadline_cell(&g->table, v);
    bool unread;
    int64_t gpus = mpijob_view_gpus(v, &unread);
    snprintf(text, sizeof text, "%" PRId64 "%s", gpus, unread ? "+?" : "");
    table_cell(&g->table, unread && !gpus ? "?" : text);
    struct mpijob_held_gpus hold;
    bool known = g->pods && mpijob_holds_gpus(v, g->pods, &hold);
    if (known)
        snprintf(text, sizeof text, "%" PRId64, hold.gpus);
    table_cell(&g->table, known ? text : NULL);
    cell_span(&g->table, mpijob_age(v, clock_now(&g->s.clock)));
}

static void print_table(struct get *g)
{
    static const char *const heads[] = {"NAMESPACE", "NAME", "PHASE", "POLICY", "DEADLINE", "GPUS", "HELD", "AGE"};
    if (!g->jobs.count) {
        fprintf(stderr, "No %ss found%s%s.\n", mpijob_kind_info(g->s.options.job_kind)->name,
                g->namespaced ? " in namespace " : "", g->namespaced ? g->s.namespaces[0] : "");
        return;
    }
    struct error why;
    g->pods = pods_count(&g->s, &why);
    if (!g->pods)
        fprintf(stderr, "mpijobd get: HELD stays empty, because the pods cannot be listed: %s\n", why.message);
    size_t skip = g->namespaced ? 1 : 0;
    table_begin(&g->table, sizeof heads / sizeof *heads - skip, heads + skip);
    for (size_t i = 0; i < g->jobs.count; i++)
        add_row(g, &g->jobs.items[i].view);
    table_print(&g->table, stdout);
    mpijob_pods_free(g->pods);
}

/* One job as it is; several as a List of the raw objects. */
static int print_objects(struct get *g)
{
    struct buf out = BUF_INIT, shown = BUF_INIT;
    bool list = g->s.options.argument_count != 1;
    if (list)
        buf_puts(&out, "{\"apiVersion\":\"v1\",\"items\":[");
    for (size_t i = 0; i < g->jobs.count; i++) {
        if (i)
            buf_putc(&out, ',');
        buf_add_str(&out, g->jobs.items[i].view.object.text);
    }
    if (list)
        buf_puts(&out, "],\"kind\":\"List\"}");
    struct json root;
    int rc = buf_result(&out, "the output", &g->s.error);
    if (!rc)
        rc = json_parse(buf_str(&out), "the output", &root, &g->s.error);
    if (!rc && g->s.options.output == OUTPUT_YAML)
        rc = json_to_yaml(root, &shown, &g->s.error);
    else if (!rc)
        json_pretty(&shown, root);
    if (g->s.options.output == OUTPUT_YAML)
        terminal_exact();
    if (!rc)
        printf("%s%s", shown.ptr ? shown.ptr : "", g->s.options.output == OUTPUT_YAML ? "" : "\n");
    buf_free(&out);
    buf_free(&shown);
    return rc ? session_fail(&g->s, &g->s.error) : 0;
}

static int print(struct get *g)
{
    switch (g->s.options.output) {
    case OUTPUT_TABLE:
        print_table(g);
        return 0;
    case OUTPUT_NAME:
        for (size_t i = 0; i < g->jobs.count; i++)
            printf("%s.%s/%.*s\n", mpijob_kind_info(g->s.options.job_kind)->singular,
                   mpijob_kind_info(g->s.options.job_kind)->group, (int)g->jobs.items[i].view.name.len,
                   g->jobs.items[i].view.name.ptr);
        return 0;
    default:
        return print_objects(g);
    }
}

static int run(int argc, char **argv, const struct command *command)
{
    struct get g = {.jobs.deleting = true};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.argument_count && o.selector)
        return command_usage(command, "names and a selector do not go together");
    code = session_open(&g.s, command->name, &o);
    if (code)
        return code;
    session_scope(&g.s, false);
    code = session_cluster(&g.s);
    if (!code) {
        g.namespaced = g.s.namespaces != NULL;
        code = session_connect(&g.s);
    }
    if (!code)
        code = jobs_look_up(&g.s, &g.jobs);
    if (!code || g.jobs.count)
        code = print(&g) || code ? EXIT_FAILED : 0;
    jobs_release(&g.jobs);
    return session_close(&g.s, code);
}

const struct command cmd_get = {
    "get",
    "[KIND] [NAME...] [-n NAMESPACE | -A] [-l SELECTOR] [-o FORMAT]",
    "Jobs with phase, policy, deadline, GPUs asked for and held, and age",
    TAKES_CLUSTER | TAKES_SCOPE | TAKES_SELECTOR | TAKES_OUTPUT | TAKES_KIND | TAKES_NAMES,
    run,
    "  mpijobd get -A\n  mpijobd get -n train bert-large -o yaml\n  mpijobd get pytorchjobs -A\n"};
