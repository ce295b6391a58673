/* SPDX-License-Identifier: Apache-2.0 */
/* The key `leader_election`: true with all defaults, or a map of its own keys; and the key `sharding`, which has most
 * of them too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "cli/config/config_parts.h"
#include "lead/lead.h"
#include "lead/lease.h"
#include "shard/shard.h"
#include "time/duration.h"

static int wrong(struct config_reading *r, const char *key, const char *message)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/%s%s%s", r->config->lead.key, *key ? "/" : "", key);
    return config_wrong(r, pointer, "%s", message);
}

/* A name that Kubernetes takes for a Lease or a namespace. */
static bool is_name(const char *text)
{
    size_t n = strlen(text);
    bool good = n > 0 && n <= 253;
    for (size_t i = 0; i < n && good; i++) {
        bool letter = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9');
        good = letter || (i && i + 1 < n && (text[i] == '-' || text[i] == '.'));
    }
    return good;
}

static int read_text(struct config_reading *r, const char *key, struct json value, char **out)
{
    if (json_type(value) != JSON_STRING)
        return wrong(r, key, "has to be a text");
    if (*out)
        return wrong(r, key, "stands there twice");
    *out = config_decode(value);
    if (!*out)
        return error_nomem(r->err);
    if (out == &r->config->lead.identity) /* it is shown to people, and compared */
        return **out && strlen(*out) < LEASE_HOLDER_MAX && !visible_has_control(str_of(*out))
                   ? 0
                   : wrong(r, key, "has to be a line of 1 to 255 bytes that can be shown");
    return out == &r->config->lead.cluster || is_name(*out)
               ? 0
               : wrong(r, key, "has to be a name: lower-case letters, digits, dashes and dots");
}

static int read_duration(struct config_reading *r, const char *key, struct json value, int64_t *out)
{
    struct error err;
    char message[256];
    char *text = json_type(value) == JSON_STRING ? config_decode(value) : NULL;
    int rc = text ? duration_parse(text, out, &err) : ERR_INVALID;
    snprintf(message, sizeof message, "has to be a duration such as 15s%s%.200s", text && rc ? ": " : "",
             text && rc ? err.message : "");
    free(text);
    return rc ? wrong(r, key, message) : 0;
}

static int read_state(struct config_reading *r, struct json value)
{
    r->config->lead.own_state = json_string_is(value, str_of("file"));
    return r->config->lead.own_state || json_string_is(value, str_of("cluster"))
               ? 0
               : wrong(r, "state",
                       "has to be \"cluster\" (the daemons share it, in ConfigMaps) or \"file\" (each has its own)");
}

static int read_shards(struct config_reading *r, struct json value)
{
    int64_t n = 0;
    if (!json_int64(value, &n) || n < 1 || n > SHARDS_MOST)
        return wrong(r, "shards", "has to be a number from 1 to 64; two or three for each daemon are enough");
    r->config->lead.shards = (unsigned)n;
    return 0;
}

static int read_key(struct config_reading *r, const char *key, struct json value)
{
    static const char *const elects[] = {"lease",        "namespace", "identity", "lease_duration", "renew_deadline",
                                         "retry_period", "cluster",   "state",    "import",         NULL};
    static const char *const shares[] = {"lease",          "namespace",    "identity", "lease_duration",
                                         "renew_deadline", "retry_period", "shards",   NULL};
    struct config_lead *c = &r->config->lead;
    const char *const *keys = strcmp(c->key, "sharding") == 0 ? shares : elects;
    char **const texts[] = {&c->lease, &c->name_space, &c->identity};
    int64_t *const times[] = {&c->lease_us, &c->renew_us, &c->retry_us};
    char message[160];
    size_t i = 0;
    while (keys[i] && strcmp(keys[i], key) != 0)
        i++;
    if (!keys[i]) {
        const char *near = str_nearest(key, keys);
        snprintf(message, sizeof message, "is not a key of the configuration%s%s%s", near ? "; did you mean \"" : "",
                 near ? near : "", near ? "\"?" : "");
        return wrong(r, key, message);
    }
    if (json_type(value) == JSON_NULL)
        return 0;
    if (strcmp(key, "state") == 0)
        return read_state(r, value);
    if (strcmp(key, "import") == 0) {
        c->import = json_is_true(value);
        return json_type(value) == JSON_BOOL ? 0 : wrong(r, key, "has to be true or false");
    }
    if (strcmp(key, "shards") == 0)
        return read_shards(r, value);
    if (strcmp(key, "cluster") == 0)
        return read_text(r, key, value, &c->cluster);
    return i < 3 ? read_text(r, key, value, texts[i]) : read_duration(r, key, value, times[i - 3]);
}

static int wrong_so(struct config_reading *r, const struct error *err)
{
    char message[ERROR_MESSAGE_MAX + 32];
    snprintf(message, sizeof message, "cannot be so: %s", err->message);
    return wrong(r, "", message);
}

int config_read_lead(struct config_reading *r, const char *name, struct json value)
{
    struct config_lead *c = &r->config->lead;
    struct error err;
    int found = 0;
    bool shares = strcmp(name, "sharding") == 0, is_off = json_type(value) == JSON_BOOL && !json_is_true(value);
    if (c->on && !is_off)
        return config_wrong(
            r, shares ? "/sharding" : "/leader_election",
            "cannot be beside %s: with leader_election one daemon acts for all jobs, with sharding each "
            "acts for its part of them",
            c->key);
    if (is_off)
        return 0;
    c->key = shares ? "sharding" : "leader_election";
    c->on = json_type(value) == JSON_OBJECT || json_is_true(value);
    c->lease_us = LEAD_LEASE_US;
    c->renew_us = LEAD_RENEW_US;
    c->retry_us = LEAD_RETRY_US;
    if (shares && json_type(value) != JSON_OBJECT)
        return wrong(r, "", "has to hold keys of its own, as in `sharding: { shards: 6, namespace: mpijobd }`");
    if (json_type(value) == JSON_BOOL)
        return 0;
    if (json_type(value) != JSON_OBJECT)
        return wrong(r, "", "has to be true, or hold keys of its own, as in `leader_election: { namespace: mpijobd }`");
    for (struct json_iter it = json_iter(value); json_next(&it);) {
        char *key = config_decode(it.key);
        int rc = key ? read_key(r, key, it.value) : error_nomem(r->err);
        free(key);
        if (rc && rc != ERR_INVALID)
            return rc;
        found = rc ? rc : found;
    }
    if (!found && lead_times(c->lease_us, c->renew_us, c->retry_us, &err))
        found = wrong_so(r, &err);
    if (!found && shares && !c->shards)
        found = wrong(r, "", "needs the number of shards, the same for all daemons: `shards: 6`");
    return found;
}

/* What cannot be right where each daemon sees a part of the jobs. */
static int check_sharding(struct config_reading *r)
{
    if (r->config->cluster_count > 1)
        return wrong(r, "", "is for one cluster; for several, run daemons of their own for each of them");
    if (r->config->changes_per_hour && r->config->changes_per_hour < r->config->lead.shards)
        return config_wrong(r, "/limits/changes_per_hour",
                            "has to be %u or more with sharding.shards: %u, as each shard gets its part of it; raise "
                            "it, or have fewer shards",
                            r->config->lead.shards, r->config->lead.shards);
    return 0;
}

int config_check_lead(struct config_reading *r)
{
    const char *name = r->config->lead.cluster;
    if (r->config->lead.shards)
        return check_sharding(r);
    for (size_t i = 0; name && i < r->config->cluster_count; i++) {
        if (strcmp(r->config->clusters[i].name, name) == 0)
            return 0;
    }
    return name ? wrong(r, "cluster", "is not one of the configured clusters") : 0;
}

void config_free_lead(struct config *config)
{
    struct config_lead *c = &config->lead;
    char *const texts[] = {c->lease, c->name_space, c->identity, c->cluster};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
}
