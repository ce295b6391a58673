/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd why: why a policy acts on a job, or does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/texts.h"
#include "cli/commands.h"
#include "cli/paused/paused_shared.h"
#include "cli/session/daemon.h"
#include "cli/session/named_jobs.h"
#include "cli/session/policies.h"
#include "cli/session/shared_note.h"
#include "cli/terminal/terminal.h"
#include "guard/quarantine.h"
#include "store/store.h"
#include "why/why.h"
#include "json/write.h"

#define NAMES_MOST 5000 /* looked at for one that is near */

struct asking {
    struct session s;
    struct quarantine quarantine;
    struct paused paused;
    struct store *reader; /* of the state; NULL: not known */
    struct error unread;  /* why */
    const char *policy, *job, *name_space;
    char other[256]; /* where a job of this name is; "": not looked for, or nowhere */
    bool guessed;    /* nobody has named the namespace */
    bool of_kind;    /* the job is named with its kind */
    bool several;    /* it is not, and the policy is about several */
    const struct mpijob_kind *kind;
    struct why *why;
    struct error error;
    char **names;
    size_t name_count;
    int code; /* of the daemon's answer */
};

/* ---- what the command line names ---- */

/* "NAME", "NAMESPACE/NAME", and "KIND/" in front of either. */
static int read_job(struct asking *a, const struct command *command, char *text)
{
    char *slash = strchr(text, '/');
    a->of_kind = slash && mpijob_kind_find(str_n(text, (size_t)(slash - text)), &a->kind);
    if (a->of_kind) {
        text = slash + 1;
        slash = strchr(text, '/');
    }
    if (slash) {
        *slash = '\0';
        if (a->name_space && strcmp(a->name_space, text) != 0)
            return command_usage(command, "\"%s\" and \"%s\" are two namespaces; name one", a->name_space, text);
        a->name_space = text;
        text = slash + 1;
    }
    a->job = text;
    if (!*text || strchr(text, '/') || (a->name_space && !*a->name_space))
        return command_usage(command, "a job is named NAME (with -n), or NAMESPACE/NAME");
    return 0;
}

/* ---- a job that is not there ---- */

/* Of that name in another namespace, where none was named. */
static int keep_other(void *data, struct str object)
{
    struct asking *a = data;
    struct json root;
    char name[256], space[256];
    if (!*a->other && !json_parse(object, "", &root, NULL) &&
        !json_string_at(root, "/metadata/name", name, sizeof name) && strcmp(name, a->job) == 0 &&
        !json_string_at(root, "/metadata/namespace", space, sizeof space))
        memcpy(a->other, space, sizeof space);
    return 0;
}

static bool find_other(struct asking *a)
{
    struct mpijob_match *match = a->guessed ? mpijob_match_new() : NULL;
    if (match) {
        mpijob_match_deleting(match, DELETING_TOO);
        a->s.quiet = true;
        jobs_each(&a->s, match, keep_other, a);
        a->s.quiet = false;
    }
    mpijob_match_free(match);
    if (*a->other)
        error_append(&a->error, "; there is one in \"%s\": %s/%s", a->other, a->other, a->job);
    return *a->other;
}

static int keep_name(void *data, struct str object)
{
    struct asking *a = data;
    struct json root;
    char name[256];
    if (a->name_count == NAMES_MOST || json_parse(object, "", &root, NULL) ||
        json_string_at(root, "/metadata/name", name, sizeof name))
        return 0;
    a->names[a->name_count] = str_dup(str_of(name));
    a->name_count += a->names[a->name_count] != NULL;
    return 0;
}

static void find_near(struct asking *a)
{
    struct mpijob_match *match = mpijob_match_new();
    a->names = calloc(NAMES_MOST + 1, sizeof *a->names);
    if (!a->names || !match || mpijob_match_namespace(match, a->name_space, NULL)) {
        mpijob_match_free(match);
        return;
    }
    mpijob_match_deleting(match, DELETING_TOO);
    a->s.quiet = true; /* what is wrong with the job's name is said; that others cannot be listed is another matter */
    jobs_each(&a->s, match, keep_name, a);
    a->s.quiet = false;
    mpijob_match_free(match);
    const char *near = str_nearest(a->job, (const char *const *)a->names);
    if (near)
        error_append(&a->error, "; did you mean \"%s\"?", near);
    for (size_t i = 0; i < a->name_count; i++)
        free(a->names[i]);
}

static int no_job(struct asking *a)
{
    a->s.options.name_space = a->name_space;
    if (a->error.code != ERR_NOT_FOUND || a->error.no_path || a->several)
        return session_fail(&a->s, &a->error);
    if (namespace_check(&a->s))
        return EXIT_FAILED;
    error_set(&a->error, ERR_NOT_FOUND, "there is no %s \"%s\" in namespace \"%s\"",
              mpijob_kind_info(a->s.options.job_kind)->name, a->job, a->name_space);
    if (!find_other(a))
        find_near(a);
    free(a->names);
    return session_fail(&a->s, &a->error);
}

/* ---- asking ---- */

static void told(void *data, struct why *why, const struct error *err)
{
    struct asking *a = data;
    a->why = why;
    if (err)
        a->error = *err;
    a->s.flag = true;
}

/* What was handled is read beside a running daemon. Without a state the rest can be told all the same, unless it was
 * asked for by name. */
static int open_state(struct asking *a)
{
    char path[4096];
    session_tell_shared(&a->s, "what was handled and warned of is as it was here",
                        a->s.config.lead.shards
                            ? "ask the daemon that has the job's shard, on its host or with --control; mpijobd status "
                              "tells which shards a daemon has"
                            : "ask the daemon that leads, on its host or with --control");
    session_state_path(&a->s, path);
    if (quarantine_open(&a->quarantine, path, NULL, &a->s.error))
        return session_fail(&a->s, &a->s.error);
    int rc = store_open_reader(path, &a->reader, &a->unread);
    int unknown = paused_read(&a->s, &a->paused);
    if (unknown && !rc && !paused_is_shared(&a->s))
        return session_fail(&a->s, &a->s.error);
    if (unknown && paused_is_shared(&a->s))
        fprintf(stderr, "mpijobd why: it is not known whether the policy is paused: %s\n", a->s.error.message);
    if (!rc)
        return 0;
    if (a->s.options.state)
        return session_fail(&a->s, &a->unread);
    if (a->unread.code == ERR_NOT_FOUND)
        error_set(&a->unread, ERR_NOT_FOUND, "there is no state at %s; --state FILE names the daemon's", path);
    return 0;
}

static int load(struct asking *a, char **paths)
{
    struct session *s = &a->s;
    struct engine_options e = {.dry_run = true, .once = true, .quarantine = &a->quarantine, .paused = &a->paused};
    s->log.level = s->options.log_level ? s->log.level : LOG_ERROR + 1; /* told in the tree instead */
    return policies_load(s, &e, paths);
}

static const struct mpijob_kind *kind_of(struct asking *a, const struct policy_kinds *kinds)
{
    a->several = !a->of_kind && kinds->count > 1;
    return a->of_kind ? a->kind : kinds->of[0].kind;
}

/* For the names of those that are there. */
static void take_kind(struct asking *a)
{
    const struct policy_set *set = engine_policies(a->s.engine);
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->entries[i].policy->name, a->policy) == 0)
            a->s.options.job_kind = kind_of(a, &set->entries[i].policy->kinds);
    }
}

static int ask(struct asking *a)
{
    struct session *s = &a->s;
    struct engine_why call = {
        .policy = a->policy,
        .name_space = a->name_space,
        .name = a->job,
        .kind = a->of_kind ? &a->kind : NULL,
        .state = store_state(a->reader),
        .journal = store_journal(a->reader),
        .unread = a->reader ? NULL : a->unread.message,
        .reviews = true,
        .done = told,
        .data = a,
    };
    if (engine_why(s->engine, &call, NULL, &s->error))
        return session_fail(s, &s->error);
    session_wait(s);
    return a->why ? 0 : no_job(a);
}

/* From files and a cluster. */
static int work(struct asking *a)
{
    struct session *s = &a->s;
    session_scope(s, true);
    int code = session_cluster(s);
    if (!code)
        code = session_connect(s);
    if (!code)
        code = open_state(a);
    if (!code)
        code = load(a, s->options.arguments + 2);
    if (code)
        return code;
    take_kind(a);
    a->guessed = !a->name_space;
    if (!a->name_space)
        a->name_space = s->kube_config->name_space ? s->kube_config->name_space : "default";
    return ask(a);
}

static int print(const struct asking *a)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    if (a->s.options.output == OUTPUT_JSON) {
        json_writer_init(&w, &out);
        why_json(a->why, false, &w);
        buf_putc(&out, '\n');
    } else {
        why_text(a->why, colour_wanted(STDOUT_FILENO), &out);
    }
    if (out.failed || a->why->full) {
        buf_free(&out);
        fputs("mpijobd why: out of memory\n", stderr);
        return EXIT_FAILED;
    }
    fputs(out.ptr, stdout);
    buf_free(&out);
    return a->s.options.exit_code && a->why->verdict == WHY_ACTS ? EXIT_CHANGES : EXIT_DONE;
}

/* ---- asking the running daemon ---- */

static void write_args(void *data, struct json_writer *w)
{
    const struct asking *a = data;
    if (a->s.options.cluster) {
        json_write_key(w, "cluster");
        json_write_string(w, a->s.options.cluster);
    }
    if (a->of_kind) {
        json_write_key(w, "kind");
        json_write_string(w, mpijob_kind_info(a->kind)->name);
    }
    json_write_key(w, "text");
    json_write_bool(w, a->s.options.output != OUTPUT_JSON);
    json_write_key(w, "colour");
    json_write_bool(w, colour_wanted(STDOUT_FILENO));
}

static void answered(void *data, struct json result)
{
    struct asking *a = data;
    struct json tree = json_get(result, "tree");
    struct buf text = BUF_INIT;
    if (a->s.options.output == OUTPUT_JSON) {
        buf_add_str(&text, tree.text);
        buf_putc(&text, '\n');
    } else {
        json_decode(json_get(result, "text"), &text);
    }
    a->code = text.failed || !text.len ? EXIT_FAILED : EXIT_DONE;
    if (!a->code && a->s.options.exit_code && json_string_is(json_get(tree, "verdict"), str_of("acts")))
        a->code = EXIT_CHANGES;
    fputs(text.failed ? "" : or_empty(text.ptr), stdout);
    buf_free(&text);
}

/* A daemon is asked unless files, or another cluster than its own, are named. False: none was. */
static bool by_daemon(struct asking *a, int *code)
{
    struct session *s = &a->s;
    const struct options *o = &s->options;
    char job[600];
    bool reached = false;
    struct daemon_question q = {
        .verb = "why", .policy = a->policy, .job = job, .more = write_args, .answered = answered, .data = a};
    if (o->argument_count > 2 || o->kubeconfig || o->context || o->as)
        return false;
    snprintf(job, sizeof job, "%s%s%s", a->name_space ? a->name_space : "", a->name_space ? "/" : "", a->job);
    int rc = daemon_ask(s, &q, &reached);
    if (!reached && (!o->control || strcmp(o->control, "none") == 0))
        return false;
    *code = rc ? session_fail(s, &s->error) : a->code;
    return true;
}

/* Neither a daemon nor files. `error` says why no daemon has answered, where one was asked. */
static int no_policies(struct asking *a)
{
    struct error err;
    const char *unasked = a->s.error.message;
    error_set(&err, ERR_INVALID,
              "%s%s no policies to ask: name files or folders behind the job, or set `policies:` in mpijobd.yaml "
              "(--config); of a running daemon name its --state or --control",
              unasked, *unasked ? " And there are" : "there are");
    session_fail(&a->s, &err);
    return EXIT_USAGE;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct asking a = {.why = NULL};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.argument_count < 2)
        return command_usage(command, "name the policy and the job: mpijobd why free-gpus train/bert");
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    a.policy = o.arguments[0];
    if (strchr(a.policy, '/') || strchr(a.policy, '.'))
        return command_usage(command, "a policy is named by its name, not \"%s\"; the files come last: %s", a.policy,
                             command->usage);
    a.name_space = o.name_space;
    o.name_space = NULL; /* it is the job's; what mpijobd works in, the configuration says */
    code = read_job(&a, command, o.arguments[1]);
    if (code)
        return code;
    code = session_open(&a.s, command->name, &o);
    if (code)
        return code;
    if (!by_daemon(&a, &code)) {
        code = o.argument_count > 2 || a.s.config.policies ? work(&a) : no_policies(&a);
        if (!code)
            code = print(&a);
    }
    if (a.why)
        why_free(a.why);
    free(a.why);
    a.s.store = a.reader; /* nothing else may use it; it is closed with the rest */
    code = session_close(&a.s, code);
    quarantine_close(&a.quarantine);
    paused_free(&a.paused);
    return code;
}

const struct command cmd_why = {
    "why",
    "POLICY JOB [PATH...] [-o json] [--exit-code]",
    "Why a policy acts on a job, or does not: each condition, when it will hold, what holds the policy back",
    TAKES_CLUSTER | TAKES_NAMESPACE | TAKES_OUTPUT | TAKES_STATE | TAKES_EXIT_CODE | TAKES_LOG,
    run,
    "  mpijobd why free-gpus train/bert                the policies of mpijobd.yaml\n"
    "  mpijobd why free-gpus bert -n train policies/   those of these files and folders\n"};
