/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd get: jobs with phase, policy, deadline, the GPUs they ask for and those they hold, and age; or as the person
 * wants them. */
#include "cli/get/cmd_get.h"

#include <stdio.h>
#include <string.h>

#include "cli/get/get_parts.h"
#include "cli/terminal/terminal.h"
#include "workloads/workload_list.h"
#include "yaml/convert.h"
#include "json/write.h"

static bool as_table(const struct get *g)
{
    enum output o = g->s.options.output;
    return o == OUTPUT_TABLE || o == OUTPUT_WIDE || o == OUTPUT_COLUMNS;
}

static void print_table(struct get *g)
{
    if (!g->jobs.count) {
        struct buf names = BUF_INIT;
        get_kind_names(g, &names);
        fprintf(stderr, "No %s found%s%s.\n", names.failed ? "jobs" : names.ptr, g->namespaced ? " in namespace " : "",
                g->namespaced ? g->s.namespaces[0] : "");
        buf_free(&names);
        return;
    }
    bool shaped = g->shape.column_count != 0;
    if (shaped)
        shape_begin(&g->shape, &g->table);
    else
        get_rows_begin(g);
    for (size_t i = 0; i < g->jobs.count; i++) {
        if (shaped)
            shape_row(&g->shape, g->jobs.items[i].view.object, &g->table);
        else
            get_row(g, &g->jobs.items[i].view, "");
    }
    table_print(&g->table, stdout);
}

int get_print_object(struct get *g, struct str json)
{
    struct buf shown = BUF_INIT;
    struct json root;
    bool yaml = g->s.options.output == OUTPUT_YAML;
    int rc = json_parse(json, "the output", &root, &g->s.error);
    if (!rc && yaml)
        rc = json_to_yaml(root, &shown, &g->s.error);
    else if (!rc && g->shape.whole)
        rc = jsonpath_print(g->shape.whole, root, &shown, &g->s.error);
    else if (!rc)
        json_pretty(&shown, root);
    if (!rc)
        rc = buf_result(&shown, "the output", &g->s.error);
    if (yaml)
        terminal_exact();
    if (!rc)
        printf("%s%s", shown.ptr ? shown.ptr : "", yaml || g->shape.whole ? "" : "\n");
    buf_free(&shown);
    return rc ? session_fail(&g->s, &g->s.error) : 0;
}

/* One job as it is; several as a List of the raw objects. */
static int print_objects(struct get *g)
{
    struct buf out = BUF_INIT;
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
    int code = buf_result(&out, "the output", &g->s.error) ? session_fail(&g->s, &g->s.error)
                                                           : get_print_object(g, buf_str(&out));
    buf_free(&out);
    return code;
}

void get_print_name(struct get *g, const struct mpijob_view *view)
{
    const struct mpijob_kind *kind = mpijob_kind_info(view->target.kind);
    (void)g;
    printf("%s.%s/%.*s\n", view->target.kind == KIND_JOB ? "job" : kind->singular, kind->group, (int)view->name.len,
           view->name.ptr);
}

static int print(struct get *g)
{
    if (sort_jobs(g, &g->s.error))
        return session_fail(&g->s, &g->s.error);
    if (as_table(g))
        print_table(g);
    else if (g->s.options.output != OUTPUT_NAME)
        return print_objects(g);
    for (size_t i = 0; g->s.options.output == OUTPUT_NAME && i < g->jobs.count; i++)
        get_print_name(g, &g->jobs.items[i].view);
    return 0;
}

static int look_up_and_print(struct get *g)
{
    int code = get_look_up(g);
    if (!code || g->jobs.count) {
        if (g->jobs.count)
            get_count_pods(g);
        get_list_workloads(g);
        code = print(g) || code ? EXIT_FAILED : 0;
    }
    get_free_pods(g);
    workload_list_free(g->workloads);
    jobs_release(&g->jobs);
    return code;
}

static const char *not_together(const struct options *o)
{
    if (o->argument_count && o->selector)
        return "names and a selector do not go together";
    if (o->watch && o->sort_by)
        return "-w and --sort-by do not go together: with -w rows come as jobs change";
    if (o->watch && o->argument_count > 1)
        return "-w takes one name, or a selector";
    if (o->several.count > 1 && o->watch)
        return "-w takes one kind";
    if (o->several.count > 1 && o->argument_count)
        return "names go with one kind; of each its own: KIND/NAME";
    return NULL;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct get g = {.jobs.deleting = true};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (not_together(&o))
        return command_usage(command, "%s", not_together(&o));
    struct error err;
    int rc = shape_read(&g.shape, &o, &err);
    if (!rc)
        rc = sorting_read(&g.sorting, o.sort_by, &err);
    code = rc ? command_usage(command, "%s", err.message) : session_open(&g.s, command->name, &o);
    if (!code) {
        session_scope(&g.s, false);
        code = session_cluster(&g.s);
        g.namespaced = g.s.namespaces != NULL;
        if (!code)
            code = session_connect(&g.s);
        if (!code)
            code = o.watch ? get_watch(&g) : look_up_and_print(&g);
        code = session_close(&g.s, code);
    }
    shape_free(&g.shape);
    sorting_free(&g.sorting);
    return code;
}

const struct command cmd_get = {
    "get",
    "[KIND,...] [NAME...] [-n NAMESPACE | -A] [-l SELECTOR] [-o FORMAT] [--sort-by COLUMN|PATH] [-w]",
    "Jobs with phase, policy, deadline, GPUs asked for and held, and age",
    TAKES_CLUSTER | TAKES_SCOPE | TAKES_SELECTOR | TAKES_OUTPUT | TAKES_KIND | TAKES_NAMES | TAKES_GET,
    run,
    "  mpijobd get -A --sort-by held\n"
    "  mpijobd get -n train bert-large -o yaml\n"
    "  mpijobd get pytorchjobs -A -w\n"
    "  mpijobd get trainjobs,mpijobs -A       (all: every kind)\n"
    "  mpijobd get -o jsonpath='{range .items[*]}{.metadata.name}{\"\\n\"}{end}'\n"
    "  mpijobd get -o custom-columns=NAME:.metadata.name,TEAM:.metadata.labels.team\n",
};
