/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a plan: for its owner alone, and never half there. */
#include "cli/plan/plan_out.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_write.h"

int plan_out_check(struct session *s, const char *path)
{
    struct stat is;
    struct buf text = BUF_INIT;
    int rc = 0;
    if (s->cluster_count > 1)
        rc = error_set(&s->error, ERR_INVALID, "--out writes the plan of one cluster; name it with --cluster");
    else if (stat(path, &is) == 0 && !S_ISREG(is.st_mode))
        rc = error_set(&s->error, ERR_INVALID, "--out takes the path of a file, and %s is something else", path);
    else if (stat(path, &is) == 0 && is.st_size)
        rc = buf_read_file(&text, path, PLAN_BYTES_MAX, &s->error);
    if (!rc && text.len && !plan_is_one(buf_str(&text)))
        rc = error_set(&s->error, ERR_INVALID,
                       "%s is there and is no plan, so it is not overwritten; name another file, or remove it", path);
    buf_free(&text);
    return rc ? session_fail(s, &s->error) : 0;
}

static size_t place_of(const struct policy_set *set, const char *policy)
{
    size_t at = 0;
    while (set && at < set->count && strcmp(set->entries[at].policy->name, policy) != 0)
        at++;
    return at;
}

void plan_out_add(struct plan *plan, struct session *s, const struct run *run, const char *job, bool paused,
                  const struct change *change)
{
    const struct policy *p = run->policy;
    if (paused)
        plan_add_left(plan, p->name, job, "the policy is paused");
    else if (p->dry_run)
        plan_add_left(plan, p->name, job, "the policy has dry_run = true");
    else
        plan_add(plan, p->name, place_of(engine_policies(s->engine), p->name), job, p->destructive, change);
}

/* ---- the head ---- */

struct head {
    struct session *s;
    struct plan *plan;
    struct plan head;
    bool bad;
};

static void identified(void *data, const char *identity, const struct error *err)
{
    struct head *h = data;
    h->head.identity = identity;
    if (err)
        h->s->error = *err;
    h->bad = err != NULL;
    plan_set_head(h->plan, &h->head);
    h->s->flag = true;
}

static int write_head(struct plan *plan, struct session *s)
{
    struct passwd entry, *found = NULL;
    char texts[4096], number[24];
    snprintf(number, sizeof number, "%ld", (long)geteuid());
    getpwuid_r(geteuid(), &entry, texts, sizeof texts, &found);
    struct head h = {.s = s,
                     .plan = plan,
                     .head = {.by = found ? found->pw_name : number,
                              .cluster = cluster_name(s->cluster),
                              .server = cluster_server(s->cluster),
                              .made_at = clock_now(&s->clock)}};
    s->flag = false;
    int rc = plan_identity(s->cluster, identified, &h, &s->error);
    if (!rc)
        session_wait(s);
    s->flag = false;
    return rc || h.bad ? s->error.code : 0;
}

/* ---- the file ---- */

static void add_file(struct plan *plan, const char *path, struct str text)
{
    char real[PATH_MAX];
    plan_add_file(plan, realpath(path, real) ? real : path, text);
}

/* Is it in the archive of a plugin that the file has required? Then it is no file of its own. */
static bool is_packed(const struct policy_file *f, const char *path)
{
    for (size_t i = 0; i < f->required_count; i++) {
        const struct plugin *p = f->required[i];
        size_t n = strlen(p->path);
        if (*p->archive_sha256 && strncmp(path, p->path, n) == 0 && path[n] == '/')
            return true;
    }
    return false;
}

/* What tries a plugin is no policy file; what a plugin is made of counts where a policy file has required it. */
static void add_files(struct plan *plan, const struct policy_file *f)
{
    char real[PATH_MAX];
    if (f->tries)
        return;
    add_file(plan, f->path, buf_str(&f->text));
    for (size_t i = 0; i < f->source_count; i++) {
        if (!is_packed(f, f->sources[i].path))
            add_file(plan, f->sources[i].path, buf_str(&f->sources[i].text));
    }
    for (size_t i = 0; i < f->required_count; i++) {
        const struct plugin *p = f->required[i];
        if (*p->archive_sha256)
            plan_add_file_sum(plan, realpath(p->path, real) ? real : p->path, p->archive_sha256);
    }
}

int plan_out_write(struct plan *plan, struct session *s, const char *path)
{
    const struct policy_set *set = engine_policies(s->engine);
    struct buf text = BUF_INIT;
    for (size_t i = 0; set && i < set->file_count; i++)
        add_files(plan, set->files[i]);
    plan_sort(plan);
    int rc = write_head(plan, s);
    if (!rc)
        rc = plan_write(plan, &text, &s->error);
    if (!rc && text.len > PLAN_BYTES_MAX)
        rc =
            error_set(&s->error, ERR_LIMIT, "the plan has more than %zu MiB; plan fewer policies or namespaces at once",
                      PLAN_BYTES_MAX >> 20);
    if (!rc)
        rc = file_put_own(path, buf_str(&text), &s->error);
    buf_free(&text);
    if (!rc)
        return 0;
    error_prefix(&s->error, "the plan was not written");
    return session_fail(s, &s->error);
}

void plan_out_tell(const struct plan *plan, const char *path, FILE *out)
{
    char counts[96];
    struct plan_counts n = plan_count(plan);
    for (size_t i = 0; i < plan->left_count; i++) {
        const struct plan_left *left = &plan->left[i];
        fprintf(out, "not in %s: %s (%s): %s\n", path, left->job, left->policy, left->why);
    }
    fprintf(out, "%s: %s; mpijobd apply %s makes exactly these\n", path, plan_counts_text(&n, counts), path);
}
