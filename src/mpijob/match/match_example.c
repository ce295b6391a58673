/* SPDX-License-Identifier: Apache-2.0 */
/* Makes up a job: a value for each condition, tried against all of them; then the whole is held against the conditions
 * as any job is. */
#include "mpijob/match/match_example.h"

#include <inttypes.h>
#include <stdio.h>

#include "mpijob/dialect.h"
#include "mpijob/kind.h"
#include "mpijob/match/match_parts.h"
#include "mpijob/match/selector_parts.h"
#include "mpijob/match/selector_value.h"
#include "json/write.h"

struct making {
    const struct mpijob_match *const *matches;
    size_t count, held;
    struct mpijob_target target;
    enum mpijob_phase phase;
    char name[NAMES_LENGTH + 1], name_space[NAMES_LENGTH + 1];
    unsigned policy; /* MATCH_POLICY_UNSET, or an entry of match_policies */
    int64_t gpus;
};

/* ---- one condition's value ---- */

static const struct match_names *names_of(const struct mpijob_match *m, bool name_space)
{
    return name_space ? &m->namespaces : &m->names;
}

/* A name that all of them accept: one that is given, or what a glob becomes. */
static bool find_name(const struct making *k, bool name_space, char out[NAMES_LENGTH + 1])
{
    bool any = false;
    for (size_t i = 0; i < k->count; i++) {
        const struct match_names *names = names_of(k->matches[i], name_space);
        for (size_t n = 0; n < names->count; n++) {
            size_t len = 0;
            any = true;
            for (const char *p = names->items[n]; *p && len < NAMES_LENGTH; p++) {
                if (*p != '*' || !names->items[n][1])
                    out[len++] = *p == '*' || *p == '?' ? 'x' : *p;
            }
            out[len] = '\0';
            bool fits = len > 0;
            for (size_t j = 0; j < k->count && fits; j++) /* a name never changes */
                fits = match_names_fit(names_of(k->matches[j], name_space), str_of(out));
            if (fits)
                return true;
        }
    }
    snprintf(out, NAMES_LENGTH + 1, "%s", name_space ? "default" : "example");
    return !any;
}

static bool find_policy(struct making *k)
{
    unsigned left = ~0U;
    for (size_t i = 0; i < k->count; i++) {
        if (i < k->held || left == ~0U)
            left &= k->matches[i]->policies ? k->matches[i]->policies : ~0U;
    }
    for (k->policy = MATCH_POLICY_UNSET; !(left & 1U << k->policy); k->policy--) {
        if (k->policy == 0)
            return false;
    }
    return true;
}

/* The number next to one that is asked for; the whole decides whether it fits. */
static bool find_gpus(struct making *k)
{
    k->gpus = 0;
    for (size_t i = 0; i < k->count; i++) {
        const struct mpijob_match *m = k->matches[i];
        for (size_t g = 0; g < m->gpu_count; g++) {
            int64_t n = m->gpus[g].number + (m->gpus[g].comparison == MORE || m->gpus[g].comparison == DIFFERENT);
            bool below = m->gpus[g].comparison == LESS || m->gpus[g].comparison == AT_MOST;
            k->gpus = !below && n > k->gpus ? n : k->gpus;
        }
    }
    return k->gpus < INT64_C(1000000000);
}

/* ---- the object ---- */

static bool written(const struct selector *s, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(s->items[i].key, key) == 0)
            return true;
    }
    return false;
}

static bool add_labels(const struct making *k, struct buf *out)
{
    const struct selector *all[MATCH_EXAMPLE_MOST];
    char value[SELECTOR_VALUE_SIZE];
    const char *comma = "";
    for (size_t i = 0; i < k->count; i++)
        all[i] = &k->matches[i]->labels;
    buf_puts(out, ",\"labels\":{");
    for (size_t i = 0; i < k->count; i++) {
        for (size_t n = 0; n < all[i]->count; n++) {
            const char *key = all[i]->items[n].key;
            bool before = written(all[i], n, key);
            for (size_t j = 0; j < i; j++)
                before = before || written(all[j], all[j]->count, key);
            const struct selector *const *those = i < k->held ? all : all + i;
            size_t asked = i < k->held ? k->held : 1;
            enum selector_found found = before ? SELECTOR_ABSENT : selector_value(those, asked, key, value);
            if (found == SELECTOR_NONE)
                return false;
            if (found != SELECTOR_VALUE)
                continue;
            buf_printf(out, "%s\"%s\":\"%s\"", comma, key, value);
            comma = ",";
        }
    }
    buf_putc(out, '}');
    return true;
}

/* Of a key that stands twice the last counts: those that are held come last. Two values of theirs do not match. */
static void add_annotations(const struct making *k, struct buf *out)
{
    const char *comma = "";
    buf_puts(out, ",\"annotations\":{");
    for (size_t i = k->count; i-- > 0;) {
        for (size_t n = 0; n < k->matches[i]->annotation_count; n++) {
            buf_puts(out, comma);
            json_quote(out, str_of(k->matches[i]->annotations[n].key));
            buf_putc(out, ':');
            json_quote(out, str_of(k->matches[i]->annotations[n].value));
            comma = ",";
        }
    }
    buf_putc(out, '}');
}

static void add_spec(const struct making *k, struct buf *out)
{
    const char *pointer = mpijob_field_place(FIELD_CLEAN_POD_POLICY, k->target)->pointer;
    bool below = pointer && strncmp(pointer, "/spec/runPolicy/", 16) == 0;
    struct buf policy = BUF_INIT;
    if (k->policy != MATCH_POLICY_UNSET)
        buf_printf(&policy, "\"cleanPodPolicy\":\"%s\",", match_policies[k->policy]);
    buf_printf(out, ",\"spec\":{%s", below || !policy.len ? "" : policy.ptr);
    if (below)
        buf_printf(out, "\"runPolicy\":{%s\"suspend\":%s},", policy.len ? policy.ptr : "",
                   k->phase == PHASE_SUSPENDED ? "true" : "false");
    buf_printf(out,
               "\"%s\":{\"Worker\":{\"replicas\":1,\"template\":{\"spec\":{\"containers\":[{\"name\":\"worker\","
               "\"resources\":{\"limits\":{\"nvidia.com/gpu\":%" PRId64 "}}}]}}}}}",
               mpijob_kind_info(k->target.kind)->specs, k->gpus);
    buf_free(&policy);
}

/* By the phases of the kind's own row. False: the row tells no such phase, or by a place that is not made up here. */
static bool add_row_status(const struct making *k, const struct mpijob_kind *kind, struct buf *out)
{
    const struct mpijob_phase_row *row = kind->phases;
    while (row && row->where && row->phase != (int)k->phase)
        row++;
    if (row && row->wanted)
        return false;
    const char *where = row ? row->where : NULL, *member = where && *where == '/' ? where + strlen("/status/") : NULL;
    if (!where)
        buf_puts(out, ",\"status\":{");
    else if (!member)
        buf_printf(out,
                   ",\"status\":{\"conditions\":[{\"type\":\"%s\",\"status\":\"True\",\"lastTransitionTime\":\""
                   "2000-01-01T00:10:00Z\"}],",
                   where);
    else if (str_starts(str_of(where), "/status/") && !strchr(member, '/'))
        buf_printf(out, ",\"status\":{\"%s\":1,", member);
    else
        return false;
    buf_puts(out, "\"startTime\":\"2000-01-01T00:01:00Z\"}");
    return where || k->phase == PHASE_PENDING;
}

static bool add_status(const struct making *k, struct buf *out)
{
    if (mpijob_kind_described(k->target.kind))
        return add_row_status(k, k->target.kind, out);
    bool ended = mpijob_phase_finished(k->phase);
    buf_puts(out, ",\"status\":{\"conditions\":[{\"type\":\"Created\",\"status\":\"True\"}");
    if (ended)
        buf_puts(out, ",{\"type\":\"Running\",\"status\":\"False\"}");
    if (k->phase != PHASE_PENDING)
        buf_printf(out, ",{\"type\":\"%s\",\"status\":\"True\",\"lastTransitionTime\":\"2000-01-01T00:%s:00Z\"}",
                   mpijob_phase_name(k->phase), ended ? "10" : "01");
    buf_puts(out, "]");
    if (k->phase != PHASE_PENDING && k->phase != PHASE_SUSPENDED)
        buf_puts(out, ",\"startTime\":\"2000-01-01T00:01:00Z\"");
    if (ended)
        buf_puts(out, ",\"completionTime\":\"2000-01-01T00:10:00Z\"");
    buf_putc(out, '}');
    return true;
}

static bool make(const struct making *k, struct buf *out)
{
    const struct mpijob_kind *kind = mpijob_kind_info(k->target.kind);
    buf_printf(out,
               "{\"apiVersion\":\"%s%s%s\",\"kind\":\"%s\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":"
               "\"example\",\"resourceVersion\":\"1\",\"creationTimestamp\":\"2000-01-01T00:00:00Z\"",
               kind->group, *kind->group ? "/" : "", mpijob_target_version(k->target), kind->name, k->name,
               k->name_space);
    for (size_t i = 0; i < k->held; i++) {
        if (k->matches[i]->deleting != DELETING_ONLY)
            continue;
        buf_puts(out, ",\"deletionTimestamp\":\"2000-01-01T00:20:00Z\"");
        break;
    }
    if (!add_labels(k, out))
        return false;
    add_annotations(k, out);
    buf_putc(out, '}');
    if (kind->specs)
        add_spec(k, out);
    bool good = add_status(k, out);
    buf_putc(out, '}');
    return good && !out->failed;
}

/* As any job is looked at. */
static bool holds(const struct making *k, struct str text)
{
    struct json object;
    struct mpijob_view view;
    if (json_parse(text, "an example", &object, NULL) || mpijob_view(object, k->target, &view, NULL) ||
        view.phase != k->phase)
        return false;
    for (size_t i = 0; i < k->held; i++) {
        if (!mpijob_match_eval(k->matches[i], &view, MATCH_EXAMPLE_NOW, NULL))
            return false;
    }
    return true;
}

bool mpijob_match_example(const struct mpijob_match *const *matches, size_t count, size_t held,
                          struct mpijob_target target, enum mpijob_phase phase, struct buf *out)
{
    struct making k = {.matches = matches, .count = count, .held = held, .target = target, .phase = phase};
    struct buf text = BUF_INIT;
    bool found = count <= MATCH_EXAMPLE_MOST && find_name(&k, false, k.name) && find_name(&k, true, k.name_space) &&
                 find_policy(&k) && find_gpus(&k) && make(&k, &text) && holds(&k, buf_str(&text));
    if (found)
        buf_add_str(out, buf_str(&text));
    found = found && !out->failed;
    buf_free(&text);
    return found;
}
