/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd replace: one replacement by hand, or many with -l, or a whole object with -f. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change/change.h"
#include "cli/commands.h"
#include "cli/replace_file.h"
#include "cli/replace_print.h"
#include "cli/session/hand.h"
#include "cli/session/named_jobs.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/terminal.h"
#include "time/duration.h"

#define CONCURRENCY 8

struct replacing {
    struct session s;
    struct site site;
    struct mpijob_changes changes;
    struct jobs jobs;
    size_t at;
    unsigned active;
    int64_t changed, unchanged, failed, half; /* half: the job was changed, its launcher was not */
    struct buf json, version;
    struct json_writer w;
    uint64_t wait_effect_ms;
    bool colour;
    bool many;  /* the file has several objects */
    bool named; /* one job, by its name */
    struct progress progress;
};

struct one {
    struct replacing *all;
    char key[320];
};

static void start_more(struct replacing *r);

static void one_done(void *data, const struct change_result *result, const struct error *err)
{
    struct one *one = data;
    struct replacing *r = one->all;
    err = session_told(&r->s, err, &r->s.error);
    r->failed += err != NULL;
    *(err ? &r->half : &r->changed) += result->changed;
    r->unchanged += !err && !result->changed;
    progress_clear(&r->progress);
    if (r->s.options.output == OUTPUT_JSON)
        replace_print_json(&r->w, one->key, result, err);
    else
        replace_print_text(r->s.command, r->colour, r->s.options.dry_run, one->key, result, err);
    if (err && err->code == ERR_NOT_FOUND && !err->no_path && r->named && r->s.options.output != OUTPUT_JSON)
        fputs("another namespace is named by -n, or as NAMESPACE/NAME\n", stderr);
    free(one);
    fflush(stdout); /* before the line below it */
    progress_job(&r->progress, r->jobs.count);
    r->active--;
    start_more(r);
}

static int start_one(struct replacing *r, struct change_call *call)
{
    struct one *one = calloc(1, sizeof *one);
    struct change *change;
    struct mpijob_target target = {.kind = r->s.options.job_kind};
    if (!one)
        return error_nomem(&r->s.error);
    one->all = r;
    snprintf(one->key, sizeof one->key, "%s/%s", call->name_space, call->name);
    call->job = &target;
    call->kind = mpijob_kind_info(target.kind)->name;
    call->dry_run = call->server_dry_run = r->s.options.dry_run;
    call->destructive = r->s.options.destructive;
    call->wait_effect_ms = r->wait_effect_ms;
    call->through_child = r->s.options.through_child || r->s.options.through_launcher;
    call->resource_version = r->s.options.resource_version;
    call->done = one_done;
    call->data = one;
    if (change_start(&r->site, call, &change, &r->s.error)) {
        free(one);
        return ERR_NOMEM;
    }
    r->active++;
    return 0;
}

static int start_listed(struct replacing *r, const struct found_job *job)
{
    char name_space[256], name[256];
    struct mpijob_changes changes;
    int rc = mpijob_changes_copy(&r->changes, &changes, &r->s.error);
    snprintf(name_space, sizeof name_space, "%.*s", (int)job->view.name_space.len, job->view.name_space.ptr);
    snprintf(name, sizeof name, "%.*s", (int)job->view.name.len, job->view.name.ptr);
    struct change_call call = {
        .name_space = name_space, .name = name, .object = str_n(job->bytes, job->len), .changes = &changes};
    if (!rc)
        rc = start_one(r, &call);
    mpijob_changes_free(&changes);
    return rc;
}

static void start_more(struct replacing *r)
{
    while (r->active < CONCURRENCY && r->at < r->jobs.count) {
        if (start_listed(r, &r->jobs.items[r->at++])) {
            session_fail(&r->s, &r->s.error);
            r->failed++;
        }
    }
    if (!r->active && r->at >= r->jobs.count)
        r->s.flag = true;
}

static int by_selector(struct replacing *r)
{
    int count = r->s.options.argument_count;
    r->s.options.argument_count = 0; /* the arguments are the changes */
    int code = jobs_look_up(&r->s, &r->jobs);
    r->s.options.argument_count = count;
    if (code)
        return code;
    progress_begin(&r->progress);
    start_more(r);
    session_wait(&r->s);
    progress_end(&r->progress);
    return 0;
}

static int by_name(struct replacing *r, const char *name)
{
    struct change_call call = {.name_space = r->s.namespaces[0], .name = name, .changes = &r->changes};
    r->named = true;
    if (start_one(r, &call))
        return session_fail(&r->s, &r->s.error);
    session_wait(&r->s);
    return 0;
}

/* ---- whole objects ---- */

static void got_version(void *data, struct kube_request *request, const struct kube_answer *answer,
                        const struct error *err, bool lost)
{
    (void)request;
    (void)lost;
    struct replacing *r = data;
    error_clear(&r->s.error);
    if (err)
        r->s.error = *err;
    else
        json_decode(json_at(answer->body, "/metadata/resourceVersion"), &r->version);
    r->s.flag = true;
}

/* The server refuses a PUT without resourceVersion: the newest is filled in, as kubectl replace does. */
static int find_version(struct replacing *r, const char *name_space, const char *name)
{
    struct session *s = &r->s;
    struct kube_request *request;
    struct kube_call call = {.resource = cluster_resource(s->cluster, s->options.job_kind),
                             .name_space = name_space,
                             .name = name,
                             .done = got_version,
                             .data = r};
    buf_reset(&r->version);
    int rc = kube_get(cluster_kube(s->cluster), &call, &request, &s->error);
    if (rc)
        return rc;
    session_wait(s);
    return s->error.code ? s->error.code : buf_result(&r->version, "the resourceVersion", &s->error);
}

static int decode_name(struct session *s, struct json root, const char *pointer, char out[256])
{
    int rc = json_string_at(root, pointer, out, 256);
    return rc ? error_set(&s->error, ERR_INVALID, "%s: the object has no %s", s->options.file, pointer) : 0;
}

/* The object names its kind, which wins over --kind. */
static int take_kind(struct session *s, struct json root)
{
    char kind[256];
    if (json_string_at(root, "/kind", kind, sizeof kind) == ERR_NOT_FOUND ||
        mpijob_kind_parse(str_of(kind), &s->options.job_kind))
        return 0;
    return mpijob_kind_unknown(kind, &s->error);
}

/* The object's own namespace, else that of -n or of the context. As kubectl does, -n and an object that disagree are a
 * mistake. */
static int find_namespace(struct session *s, struct json root, char name_space[256])
{
    const char *wanted = s->options.name_space;
    struct json own = json_at(root, "/metadata/namespace");
    int rc = json_string_at(own, "", name_space, 256);
    if (rc == ERR_LIMIT || (json_type(own) > JSON_NULL && json_type(own) != JSON_STRING))
        return error_set(&s->error, ERR_INVALID, "%s: the object's /metadata/namespace is no name", s->options.file);
    if (rc || !*name_space)
        snprintf(name_space, 256, "%s", s->namespaces ? s->namespaces[0] : "default");
    if (wanted && strcmp(wanted, name_space) != 0)
        return error_set(&s->error, ERR_INVALID,
                         "%s: the object is of the namespace \"%s\", and -n says \"%s\"; write -n %s, or leave it out",
                         s->options.file, name_space, wanted, name_space);
    return 0;
}

/* What the object lacks and its place on the server tells: the comparison then says nothing of it. */
static int complete(struct replacing *r, struct json root, const char *name_space, const char *name, struct buf *whole)
{
    struct json_edits edits = {0};
    int rc = 0;
    if (!json_string_is(json_at(root, "/metadata/namespace"), str_of(name_space)))
        json_edit_set_string(&edits, "/metadata/namespace", str_of(name_space));
    if (!json_exists(json_at(root, "/metadata/resourceVersion"))) {
        rc = find_version(r, name_space, name);
        if (!rc)
            json_edit_set_string(&edits, "/metadata/resourceVersion", buf_str(&r->version));
    }
    if (!rc)
        rc = json_edit_apply(&edits, root, whole, &r->s.error);
    json_edits_free(&edits);
    return rc;
}

/* key: for messages, as far as it is known where this fails. */
static int replace_object(struct replacing *r, struct json root, struct buf *whole, char key[600])
{
    struct session *s = &r->s;
    char name_space[256] = "", name[256] = "";
    int rc = take_kind(s, root);
    if (!rc)
        rc = decode_name(s, root, "/metadata/name", name);
    if (!rc)
        rc = find_namespace(s, root, name_space);
    snprintf(key, 600, "%s/%s", name_space, name);
    if (!rc)
        rc = complete(r, root, name_space, name, whole);
    struct change_call call = {.verb = CHANGE_REPLACE, .name_space = name_space, .name = name, .body = buf_str(whole)};
    if (!rc)
        rc = start_one(r, &call);
    if (!rc)
        session_wait(s);
    return rc;
}

static int by_file(struct replacing *r)
{
    struct replace_file file = {0};
    int rc = replace_file_read(&file, r->s.options.file, &r->s.error);
    r->many = replace_file_count(&file) > 1;
    for (size_t i = 0; !rc && i < replace_file_count(&file); i++) {
        struct buf whole = BUF_INIT;
        char key[600];
        r->s.flag = false;
        if (replace_object(r, replace_file_object(&file, i), &whole, key)) {
            r->failed++;
            if (r->s.options.output == OUTPUT_JSON)
                replace_print_failed(&r->w, key, &r->s.error);
            else
                session_fail(&r->s, &r->s.error);
        }
        buf_free(&whole);
    }
    buf_free(&r->version);
    replace_file_free(&file);
    return rc ? session_fail(&r->s, &r->s.error) : 0;
}

/* ---- the command ---- */

static int read_changes(struct replacing *r, const struct command *command, char **arguments)
{
    for (; *arguments; arguments++) {
        if (mpijob_changes_parse(&r->changes, *arguments, &r->s.error))
            return command_usage(command, "%s", r->s.error.message);
    }
    return 0;
}

static int work(struct replacing *r)
{
    struct session *s = &r->s;
    session_scope(s, false);
    int code = session_cluster(s);
    if (code)
        return code;
    code = session_connect(s);
    if (code)
        return code;
    code = hand_open(s);
    if (code)
        return code;
    r->site = session_site(s);
    session_events(s, &r->site);
    if (s->options.file)
        code = by_file(r);
    else if (s->options.selector || s->options.all_namespaces || s->options.all)
        code = by_selector(r);
    else
        code = by_name(r, s->options.arguments[0]);
    session_events_end(s, &r->site);
    return code;
}

static int finish(struct replacing *r, int code)
{
    if (r->s.options.output == OUTPUT_JSON) {
        json_write_end(&r->w);
        puts(r->json.ptr ? r->json.ptr : "[]");
    } else if (!code && (r->s.options.selector || r->s.options.all || r->many)) {
        printf("%" PRId64 " %s, %" PRId64 " as they should be, %" PRId64 " failed\n", r->changed + r->half,
               r->s.options.dry_run ? "would be changed" : "changed", r->unchanged, r->failed);
        if (!r->jobs.count && !r->s.options.file)
            fputs("mpijobd replace: no job matches\n", stderr);
    }
    if (code || !r->failed)
        return code;
    return r->changed || r->unchanged ? EXIT_SOME_FAILED : EXIT_FAILED;
}

int replace_by_options(const struct command *command, const struct options *o)
{
    struct replacing r = {.colour = colour_wanted(STDOUT_FILENO)};
    bool many = o->selector || o->all_namespaces || o->all;
    int code;
    int64_t wait = 0;
    struct error err;
    if (o->wait_effect && duration_parse(o->wait_effect, &wait, &err))
        return command_usage(command, "--wait-effect: %s", err.message);
    r.wait_effect_ms = (uint64_t)(wait / 1000);
    if ((code = replace_child_usage(command, o)))
        return code;
    if (o->output == OUTPUT_YAML || o->output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    r.changes.kind = o->job_kind;
    code = read_changes(&r, command, o->arguments + (o->file || many ? 0 : 1));
    if (!code)
        code = session_open(&r.s, command->name, o);
    if (!code) {
        if (o->output == OUTPUT_JSON) {
            json_writer_init(&r.w, &r.json);
            json_write_array(&r.w);
        }
        code = finish(&r, work(&r));
        code = session_close(&r.s, code);
    }
    mpijob_changes_free(&r.changes);
    jobs_release(&r.jobs);
    buf_free(&r.json);
    return code;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    bool many = o.selector || o.all_namespaces || o.all;
    bool every = many && (!o.selector || !str_trim(str_of(o.selector)).len);
    if (o.all_namespaces && !o.selector && !o.all)
        return command_usage(command, "-A needs a selector: -l SELECTOR, or --all for every job");
    if (every && !o.all)
        return command_usage(command, "an empty selector is every job of %s; say --all if that is meant",
                             o.all_namespaces ? "all namespaces" : "the namespace");
    if (o.file ? o.argument_count != 0 || many : o.argument_count < (many ? 1 : 2))
        return command_usage(
            command, o.file ? "-f gives the whole object; no names or fields beside it"
                     : many ? "name at least one change, as cleanPodPolicy=All"
                            : "name the job and at least one change: mpijobd replace my-job cleanPodPolicy=All");
    struct error unknown;
    const char *first = many && !o.file ? o.arguments[0] : "=";
    if (!strchr(first, '=') && (!*first || first[strlen(first) - 1] != '-')) {
        mpijob_kind_unknown(first, &unknown);
        return command_usage(command,
                             "\"%s\" is neither a change (FIELD=VALUE, or FIELD- to remove it) nor a kind of job;%s",
                             first, strrchr(unknown.message, ';') + 1);
    }
    return replace_by_options(command, &o);
}

const struct command cmd_replace = {
    "replace",
    "[KIND] NAME FIELD=VALUE... | -l SELECTOR FIELD=VALUE... | --all FIELD=VALUE... | -f FILE",
    "Replace fields of a job (or of many), and say what that does",
    TAKES_CLUSTER | TAKES_SCOPE | TAKES_SELECTOR | TAKES_OUTPUT | TAKES_REPLACE | TAKES_DRY_RUN | TAKES_KIND |
        TAKES_HAND,
    run,
    "  mpijobd replace -n train bert-large cleanPodPolicy=All\n"
    "  mpijobd replace -n train bert-large activeDeadlineSeconds=7200 labels.team=vision annotations.note-\n"
    "  mpijobd replace -A -l purpose=debug cleanPodPolicy=None --dry-run\n"
    "  mpijobd replace -n train trainjob/gpt activeDeadlineSeconds=12h --through-child --destructive\n"

    "  mpijobd replace -n train pytorchjob/gpt cleanPodPolicy=All\n"};
