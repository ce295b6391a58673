/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the policy files, makes their Lua states one after the other, and collects the policies that they define. */
#include "policy/load.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "base/memory.h"
#include "base/texts.h"
#include "loop/defer.h"
#include "loop/work.h"
#include "policy/footprint.h"
#include "policy/load_errors.h"
#include "policy/load_files.h"
#include "policy/policy_text.h"
#include "policy/source/syntax_hint.h"
#include "policy/sources.h"
#include "policy/unknown_globals.h"

#define ERRORS 8 /* for which there is memory from the start */

struct policy_load {
    const struct policy_env *env;
    struct policy_set *set;
    const char *const *paths;
    struct work reading; /* of all files, on another thread: it alone has the set meanwhile */
    bool read;
    size_t at; /* files are loaded one after the other */
    policy_loaded done;
    void *data;
    struct defer turn;
    bool cancelled;
};

void policy_set_add_error(struct policy_set *set, const char *file, int line, const char *message)
{
    load_error_add(set, MISTAKE_FILE, file, line, 0, message);
}

struct policy_set *policy_set_new(void)
{
    struct policy_set *set = calloc(1, sizeof *set);
    if (!set)
        return NULL;
    set->errors = calloc(ERRORS, sizeof *set->errors);
    set->error_cap = ERRORS;
    set->refs = 1;
    if (set->errors)
        return set;
    free(set);
    return NULL;
}

void policy_set_hold(struct policy_set *set)
{
    set->refs++;
}

void policy_file_free_read(struct policy_file *file)
{
    policy_file_free_sources(file);
    policy_file_free_asked(file);
    policy_zones_free(&file->zones);
}

void policy_set_release(struct policy_set *set)
{
    if (!set || --set->refs)
        return;
    for (size_t i = 0; i < set->count; i++)
        policy_free(set->entries[i].policy);
    for (size_t i = 0; i < set->file_count; i++) {
        struct policy_file *f = set->files[i];
        if (f->script)
            script_free(f->script);
        policy_free(f->half);
        policy_file_free_read(f);
        buf_free(&f->text);
        error_keep(&f->unread, NULL);
        free(f->path);
        free(f);
    }
    for (size_t i = 0; i < set->error_count; i++)
        free(set->errors[i].texts);
    plugins_free(&set->plugins);
    policy_set_release(set->lender);
    buf_free(&set->config_keys);
    buf_free(&set->read);
    free(set->files);
    free(set->entries);
    free(set->errors);
    free(set);
    memory_trim(); /* of scripts that filled their states */
}

/* ---- definitions ---- */

static void finding(void *data, const char *file, int line, size_t at, const char *message)
{
    load_error_add(data, MISTAKE_POLICY, file, line, at, message);
}

static const struct policy_entry *same_name(const struct policy_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->entries[i].policy->name, name) == 0)
            return &set->entries[i];
    }
    return NULL;
}

bool policy_file_define(struct policy_file *file, lua_State *L, int index, int line)
{
    struct policy_set *set = file->set;
    file->defined++;
    struct policy_entry *entries = grown(set->entries, set->count, &set->cap, sizeof *entries, 16);
    if (!entries) {
        policy_set_add_error(set, file->path, line, "out of memory");
        return false;
    }
    set->entries = entries;
    struct policy_source source = {
        .file = file->path,
        .text = file->text.ptr,
        .len = file->text.len,
        .clusters = file->env->names,
        .zones = &file->zones,
        .kinds = file->env->kinds,
        .connected = file->env->clusters,
        .connected_count = file->env->cluster_count,
        .required = file->required,
        .required_count = file->required_count,
        .ceilings = file->env->ceilings,
        .shards = file->env->shards,
        .freezes = file->env->freezes,
        .held = &file->half,
        .report = finding,
        .data = set,
    };
    policy_free(file->half);
    file->half = NULL;
    struct policy *policy = policy_read(L, index, line, &source);
    if (!policy)
        return false;
    const struct policy_entry *other = same_name(set, policy->name);
    if (other) {
        char text[512];
        snprintf(text, sizeof text, "policy \"%s\": the name is taken already, at %s:%d", policy->name,
                 other->policy->file, other->policy->line);
        load_error_add(set, MISTAKE_POLICY, file->path, line, 0, text);
        policy_free(policy);
        return false;
    }
    set->entries[set->count++] = (struct policy_entry){.policy = policy, .file = file};
    return true;
}

bool policy_file_loading(const struct policy_file *file)
{
    return file->loading != NULL;
}

/* ---- one file after the other ---- */

static void load_next(struct policy_load *load);

static void load_done(struct policy_load *load)
{
    policy_loaded done = load->done;
    void *data = load->data;
    struct policy_set *set = load->set;
    bool cancelled = load->cancelled;
    free(load);
    if (cancelled)
        policy_set_release(set);
    else
        load_errors_sort(set);
    done(data, cancelled ? NULL : set);
}

/* With what to write instead, where Lua could not read it. */
static void add_hinted(struct policy_file *f, const char *path, int line, const char *message)
{
    struct buf text = BUF_INIT;
    size_t n = strcspn(message, "\n");
    buf_add(&text, message, n);
    char *first = buf_take(&text, NULL);
    buf_puts(&text, first ? first : message);
    if (first)
        syntax_hint(policy_file_text(f, path), line, first, &text);
    buf_puts(&text, message + n);
    policy_set_add_error(f->set, path, line, text.failed ? message : text.ptr);
    buf_free(&text);
    free(first);
}

/* Lua's messages begin with "file:line: "; the file may be one that the policy file requires. */
static void script_error(struct policy_file *f, const struct error *err)
{
    const char *message = err->message, *colon = strchr(message, ':');
    char *end;
    long line = colon ? strtol(colon + 1, &end, 10) : 0;
    bool placed = line > 0 && line < INT_MAX && *end == ':';
    const char *path = placed ? policy_file_source(f, message, (size_t)(colon - message)) : NULL;
    if (path) {
        add_hinted(f, path, (int)line, end + 1 + (end[1] == ' '));
    } else { /* without a line it may begin with the file's name, which is told anyway */
        size_t own = strlen(f->path);
        bool named = strncmp(message, f->path, own) == 0 && message[own] == ':' && message[own + 1] == ' ';
        policy_set_add_error(f->set, f->path, 0, named ? message + own + 2 : message);
    }
}

/* The policies of a file share its state, which gets the largest of their memory limits. */
static void set_memory(struct policy_file *f)
{
    size_t most = 0;
    for (size_t i = 0; i < f->set->count; i++) {
        const struct policy_entry *e = &f->set->entries[i];
        if (e->file == f && e->policy->limits.memory > most)
            most = e->policy->limits.memory;
    }
    if (most)
        script_set_memory(f->script, most);
}

/* What the plugin says of itself is kept; policies run it in states of their own. */
static void end_trial(struct policy_file *f)
{
    f->tries->tried = true;
    if (f->env->trials)
        return;
    script_free(f->script);
    f->script = NULL;
}

static void file_loaded(void *data, struct script_run *run, lua_State *L, const struct error *err)
{
    (void)run;
    (void)L;
    struct policy_load *load = data;
    struct policy_file *f = load->set->files[load->at++];
    f->loading = NULL;
    if (load->cancelled)
        return;
    if (err)
        script_error(f, err);
    policy_unknown_globals(f, !err);
    set_memory(f);
    policy_quarantine_policies(f);
    policy_texts(f);
    if (f->tries)
        end_trial(f);
    defer_call(load->env->soon, &load->turn);
}

static int load_file(struct policy_load *load, struct policy_file *f, struct error *err)
{
    struct script_limits limits = load->env->ceilings;
    int rc = f->unread ? f->unread->code : 0;
    if (rc)
        *err = *f->unread;
    if (!rc && policy_quarantine_file(f))
        return 0;
    if (!rc)
        rc = script_new(load->env->loop, f->path, &limits, f, &f->script, err);
    if (!rc)
        rc = script_protect(f->script, load->env->open, NULL, err);
    if (!rc) {
        struct script_call call = {.done = file_loaded, .data = load, .loading = true};
        rc = script_load(f->script, buf_str(&f->text), &call, &f->loading, err);
    }
    return rc;
}

static void load_next(struct policy_load *load)
{
    struct error err;
    while (load->at < load->set->file_count) {
        struct policy_file *f = load->set->files[load->at];
        if (load_file(load, f, &err))
            script_error(f, &err);
        else if (!f->quarantined)
            return; /* file_loaded goes on */
        if (f->tries)
            f->tries->tried = true; /* and it is not good */
        load->at++;
    }
    load_done(load);
}

static void turn(struct defer *d)
{
    struct policy_load *load = d->data;
    if (load->cancelled)
        load_done(load);
    else
        load_next(load);
}

static void read_files(struct work *work)
{
    struct policy_load *load = (struct policy_load *)((char *)work - offsetof(struct policy_load, reading));
    policy_files_read(load->set, load->env, load->paths);
}

static void files_read(struct work *work)
{
    struct policy_load *load = (struct policy_load *)((char *)work - offsetof(struct policy_load, reading));
    load->read = true;
    turn(&load->turn);
}

int policy_load_start(const struct policy_env *env, const char *const *paths, policy_loaded done, void *data,
                      struct policy_load **out, struct error *err)
{
    struct policy_load *load = calloc(1, sizeof *load);
    struct policy_set *set = policy_set_new();
    if (!load || !set) {
        free(load);
        policy_set_release(set);
        return error_nomem(err);
    }
    load->env = env;
    load->set = set;
    load->paths = paths;
    load->done = done;
    load->data = data;
    load->turn = (struct defer){.call = turn, .data = load};
    work_start(env->loop, &load->reading, read_files, files_read);
    *out = load;
    return 0;
}

void policy_load_cancel(struct policy_load *load)
{
    if (load->cancelled)
        return;
    load->cancelled = true;
    if (!load->read)
        return; /* files_read goes on */
    struct policy_file *f = load->at < load->set->file_count ? load->set->files[load->at] : NULL;
    if (f && f->loading)
        script_cancel(f->loading, "shutting down");
    defer_call(load->env->soon, &load->turn);
}
