/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: read from a line, a file or JSON; which requests they hit; and how they are shown. */
#include "sim/fault/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading */

static const char *const common_keys = " method path watch count after probability ";

static char *set_number(const char *value, int64_t *out)
{
    char *end;
    long long v = strtoll(value, &end, 10);
    if (*end || !*value)
        return sim_format("'%s' is not a number", value);
    *out = v;
    return NULL;
}

static char *set_int(const char *value, int *out)
{
    int64_t v = 0;
    char *problem = set_number(value, &v);
    if (!problem)
        *out = (int)v;
    return problem;
}

static void set_text(char **to, const char *value)
{
    free(*to);
    *to = sim_strdup(value);
}

static char *set_key(struct fault *f, const char *key, const char *value)
{
    char *word = sim_format(" %s ", key);
    bool known = strstr(common_keys, word) || strstr(f->type->keys, word);
    free(word);
    if (!known)
        return sim_format("fault %s has no key '%s' (it takes%s%s)", f->type->name, key, common_keys, f->type->keys);
    if (strcmp(key, "probability") == 0) {
        char *end;
        f->probability = strtod(value, &end);
        bool good = end != value && !*end && f->probability >= 0 && f->probability <= 1;
        return good ? NULL : sim_format("'%s' is not a number from 0 to 1", value);
    }
    if (strcmp(key, "watch") == 0) {
        f->watch = strcmp(value, "1") == 0 || strcmp(value, "true") == 0;
        return NULL;
    }
    static const char *const texts[] = {"method", "path", "text", "type", "location", "reason", "message"};
    char **text[] = {&f->method, &f->path, &f->text, &f->media, &f->location, &f->reason, &f->message};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(key, texts[i]) == 0) {
            set_text(text[i], value);
            return NULL;
        }
    return strcmp(key, "code") == 0          ? set_int(value, &f->code)
           : strcmp(key, "retry-after") == 0 ? set_int(value, &f->retry_after)
           : strcmp(key, "count") == 0       ? set_number(value, &f->count)
           : strcmp(key, "after") == 0       ? set_number(value, &f->after)
           : strcmp(key, "ms") == 0          ? set_number(value, &f->ms)
           : strcmp(key, "seats") == 0       ? set_number(value, &f->seats)
           : strcmp(key, "queue") == 0       ? set_number(value, &f->queue)
                                             : set_number(value, &f->bytes);
}

static void free_fault(struct fault *f)
{
    free(f->method);
    free(f->path);
    free(f->text);
    free(f->media);
    free(f->location);
    free(f->reason);
    free(f->message);
    free(f->busy_until);
    free(f);
}

static struct fault *new_fault(const char *name, char **problem)
{
    const char *names[64] = {0};
    for (size_t i = 0; i < fault_type_count; i++) {
        names[i] = fault_types[i].name;
        if (strcmp(names[i], name) != 0)
            continue;
        struct fault *f = sim_alloc(sizeof *f);
        *f = (struct fault){.type = &fault_types[i],
                            .watch = -1,
                            .count = -1,
                            .probability = 1,
                            .ms = -1,
                            .bytes = -1,
                            .retry_after = -1};
        return f;
    }
    const char *near = str_nearest(name, names);
    *problem = near ? sim_format("there is no fault '%s'; did you mean '%s'?", name, near)
                    : sim_format("there is no fault '%s'; mpijob-sim --help faults lists them", name);
    return NULL;
}

static void take(struct sim *sim, struct fault *f, struct sim_wire *wire)
{
    if (f->type->at_once) {
        f->type->now(f, sim, wire);
        free_fault(f);
        return;
    }
    struct faults *all = sim->faults;
    all->item = sim_realloc(all->item, (all->count + 1) * sizeof(struct fault *));
    all->item[all->count++] = f;
}

static char *read_line(struct sim *sim, char *line, struct sim_wire *wire)
{
    char *problem = NULL, *save = NULL, *keys = strchr(line, ':');
    if (keys)
        *keys++ = 0;
    struct fault *f = new_fault(line, &problem);
    for (char *k = f && keys ? strtok_r(keys, ",", &save) : NULL; k && !problem; k = strtok_r(NULL, ",", &save)) {
        char *value = strchr(k, '=');
        if (!value) {
            problem = sim_format("'%s' is not KEY=VALUE", k);
            break;
        }
        *value++ = 0;
        problem = set_key(f, k, value);
    }
    if (f && problem)
        free_fault(f);
    else if (f)
        take(sim, f, wire);
    return problem;
}

static char *read_json_fault(struct sim *sim, json_object *j, struct sim_wire *wire)
{
    const char *name = doc_str(j, "fault");
    char *problem = NULL;
    if (!name)
        return sim_strdup("each fault is an object with a member \"fault\" that names it");
    struct fault *f = new_fault(name, &problem);
    if (!f)
        return problem;
    json_object_object_foreach(j, key, value)
    {
        if (!problem && value && strcmp(key, "fault") != 0)
            problem = set_key(f, key, json_object_get_string(value));
    }
    if (problem)
        free_fault(f);
    else
        take(sim, f, wire);
    return problem;
}

static char *read_json(struct sim *sim, const char *spec, struct sim_wire *wire)
{
    struct doc_reading r = {0};
    json_object *doc = doc_read(spec, strlen(spec), &r);
    char *problem = r.error;
    if (json_object_is_type(doc, json_type_array))
        for (size_t i = 0; i < json_object_array_length(doc) && !problem; i++)
            problem = read_json_fault(sim, json_object_array_get_idx(doc, i), wire);
    else if (!problem)
        problem = read_json_fault(sim, doc, wire);
    json_object_put(doc);
    return problem;
}

static char *read_file(struct sim *sim, const char *path, struct sim_wire *wire)
{
    struct buf b = BUF_INIT;
    struct error err;
    if (buf_read_file(&b, path, 1 << 20, &err)) {
        buf_free(&b);
        return sim_strdup(err.message);
    }
    char *problem = faults_read(sim, b.ptr ? b.ptr : "", wire);
    buf_free(&b);
    return problem;
}

char *faults_read(struct sim *sim, const char *spec, struct sim_wire *wire)
{
    while (*spec == ' ' || *spec == '\n')
        spec++;
    if (*spec == '@')
        return read_file(sim, spec + 1, wire);
    if (*spec == '{' || *spec == '[')
        return read_json(sim, spec, wire);
    char *copy = sim_strdup(spec), *save = NULL, *problem = NULL;
    for (char *line = strtok_r(copy, ";\r\n", &save); line && !problem; line = strtok_r(NULL, ";\r\n", &save)) {
        while (*line == ' ')
            line++;
        if (*line && *line != '#')
            problem = read_line(sim, line, wire);
    }
    free(copy);
    return problem;
}

char *sim_faults_add(struct sim *sim, const char *spec)
{
    struct sim_wire wire = {0};
    return faults_read(sim, spec, &wire);
}

/* ---- which requests they hit */

static bool meets(const struct fault *f, const struct exchange *x)
{
    const char *target = x->req->target;
    if (f->count == 0 || strcmp(f->type->name, "connect-break") == 0)
        return false;
    if (f->method && strcmp(f->method, x->req->method) != 0)
        return false;
    if (f->watch >= 0 && f->watch != (int)param_true(x, "watch"))
        return false;
    return !f->path || str_glob(f->path, str_n(target, strcspn(target, "?")));
}

static bool fires(struct fault *f, struct sim *sim)
{
    if (f->after > 0) {
        f->after--;
        return false;
    }
    if (f->probability < 1 && (double)(sim_random(sim) >> 11) / 9007199254740992.0 >= f->probability)
        return false;
    if (f->count > 0)
        f->count--;
    f->hits++;
    return true;
}

/* Of the faults that do not add to another one, the first that fires is taken. */
struct fault *faults_before(struct faults *all, struct exchange *x)
{
    struct fault *met = NULL;
    for (size_t i = 0; i < all->count; i++) {
        struct fault *f = all->item[i];
        if ((met && !f->type->adds) || !meets(f, x) || !fires(f, x->sim))
            continue;
        if (f->type->before)
            f->type->before(f, x);
        if (!f->type->adds || (!met && x->resp->status))
            met = f;
    }
    return met;
}

void faults_after(struct faults *all, struct fault *f, struct exchange *x)
{
    (void)all;
    if (f->type->after)
        f->type->after(f, x);
}

bool sim_refuses_connection(struct sim *sim)
{
    for (size_t i = 0; i < sim->faults->count; i++) {
        struct fault *f = sim->faults->item[i];
        if (f->count != 0 && strcmp(f->type->name, "connect-break") == 0 && fires(f, sim))
            return true;
    }
    return false;
}

void faults_clear(struct faults *all)
{
    for (size_t i = 0; i < all->count; i++)
        free_fault(all->item[i]);
    free(all->item);
    *all = (struct faults){0};
}

void faults_write(const struct faults *all, struct buf *out)
{
    buf_puts(out, "{\"faults\":[");
    for (size_t i = 0; i < all->count; i++) {
        const struct fault *f = all->item[i];
        buf_printf(out, "%s{\"fault\":\"%s\",\"hits\":%llu,\"left\":%lld", i ? "," : "", f->type->name,
                   (unsigned long long)f->hits, (long long)f->count);
        if (f->method) {
            buf_puts(out, ",\"method\":");
            doc_write_string(out, f->method, strlen(f->method));
        }
        if (f->path) {
            buf_puts(out, ",\"path\":");
            doc_write_string(out, f->path, strlen(f->path));
        }
        buf_putc(out, '}');
    }
    buf_puts(out, "]}");
}

const char *sim_faults_help(void)
{
    static char *help;
    struct buf b = BUF_INIT;
    if (help)
        return help;
    buf_puts(
        &b,
        "Faults: --faults 'NAME[:KEY=VALUE,...][;...]', --faults @FILE, or POST the same (or JSON) to /_sim/faults.\n"
        "Keys of all: method, path (a glob), watch (1 or 0), count (so many requests), after (let the first pass),\n"
        "probability (0 to 1). DELETE /_sim/faults takes all back. Certificates: see --tls-expired, "
        "--tls-wrong-name.\n\n");
    for (size_t i = 0; i < fault_type_count; i++)
        buf_printf(&b, "  %-14s %s%s%s\n", fault_types[i].name, fault_types[i].about,
                   fault_types[i].keys[1] ? "; keys:" : "", fault_types[i].keys[1] ? fault_types[i].keys : "");
    buf_puts(&b, "\nExamples:\n"
                 "  mpijob-sim --faults 'too-many:count=20,retry-after=2'\n"
                 "  mpijob-sim --faults 'reset-after:method=PUT,path=*/mpijobs/*,count=1; delay:ms=50'\n"
                 "  curl -d '{\"fault\":\"status\",\"code\":503,\"method\":\"PUT\",\"count\":2}' "
                 "http://127.0.0.1:8001/_sim/faults\n"
                 "  curl -d watch-cut http://127.0.0.1:8001/_sim/faults\n");
    help = sim_take(&b);
    return help;
}
