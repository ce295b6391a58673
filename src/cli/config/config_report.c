/* SPDX-License-Identifier: Apache-2.0 */
/* The key `report`: prices of GPU-hours, and what is assumed of those that were given back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "cli/config/config_parts.h"
#include "time/duration.h"

#define AT_MOST_LEAST (60 * CLOCK_SECOND)
#define AT_MOST_MOST (366 * 24 * 3600 * CLOCK_SECOND)

static int wrong(struct config_reading *r, const char *key, const char *message)
{
    char at[300];
    snprintf(at, sizeof at, "/report/%s", key);
    return config_wrong(r, at, "%s", message);
}

static int read_price(struct config_reading *r, const char *key, struct json value, double *out)
{
    bool good =
        json_type(value) == JSON_NUMBER && json_double(value, out) && isfinite(*out) && *out >= 0 && *out <= 1e6;
    return good ? 0 : wrong(r, key, "has to be what an hour of one GPU costs: a number from 0 to 1000000, as 2.5");
}

static int read_currency(struct config_reading *r, struct json value)
{
    char *text = json_type(value) == JSON_STRING ? config_decode(value) : NULL;
    if (!text || !*text || strlen(text) > 16 || visible_has_control(str_of(text))) {
        free(text);
        return wrong(r, "currency", "has to be a name of 1 to 16 bytes, as EUR");
    }
    free(r->config->report.currency);
    r->config->report.currency = text;
    return 0;
}

static int read_at_most(struct config_reading *r, struct json value)
{
    struct config_report *c = &r->config->report;
    char *text = json_type(value) == JSON_STRING ? config_decode(value) : NULL;
    bool good = text && duration_parse(text, &c->at_most, NULL) == 0 && c->at_most >= AT_MOST_LEAST &&
                c->at_most <= AT_MOST_MOST;
    free(text);
    return good ? 0 : wrong(r, "at_most", "has to be a duration from 1m to 366d, as 24h");
}

static int read_clusters(struct config_reading *r, struct json map)
{
    struct config_report *c = &r->config->report;
    int rc = json_type(map) == JSON_OBJECT ? 0 : wrong(r, "clusters", "has to be a map: a price for each cluster");
    for (struct json_iter it = json_iter(map); !rc && json_next(&it);) {
        char key[280];
        struct config_report_cluster *more = realloc(c->clusters, (c->cluster_count + 1) * sizeof *more);
        if (!more)
            return error_nomem(r->err);
        c->clusters = more;
        more[c->cluster_count] = (struct config_report_cluster){.name = config_decode(it.key)};
        if (!more[c->cluster_count].name)
            return error_nomem(r->err);
        snprintf(key, sizeof key, "clusters/%.256s", more[c->cluster_count].name);
        rc = read_price(r, key, it.value, &more[c->cluster_count++].gpu_hour);
    }
    return rc;
}

int config_read_report(struct config_reading *r, struct json map)
{
    static const char *const keys[] = {"currency", "gpu_hour", "clusters", "at_most", NULL};
    struct config_report *c = &r->config->report;
    int rc = json_type(map) == JSON_OBJECT ? 0 : config_wrong(r, "/report", "has to be a map");
    for (struct json_iter it = json_iter(map); json_next(&it) && rc != ERR_NOMEM;) {
        char *key = config_decode(it.key);
        if (!key)
            return error_nomem(r->err);
        int one = 0;
        if (strcmp(key, "currency") == 0)
            one = read_currency(r, it.value);
        else if (strcmp(key, "gpu_hour") == 0)
            one = read_price(r, key, it.value, &c->gpu_hour), c->priced = true;
        else if (strcmp(key, "clusters") == 0)
            one = read_clusters(r, it.value);
        else if (strcmp(key, "at_most") == 0)
            one = read_at_most(r, it.value);
        else
            one = wrong(r, key,
                        str_nearest(key, keys) ? "is not a key of the configuration; did you mean another one of "
                                                 "currency, gpu_hour, clusters and at_most?"
                                               : "is not a key of the configuration");
        rc = one ? one : rc;
        free(key);
    }
    return rc;
}

void config_free_report(struct config *c)
{
    for (size_t i = 0; i < c->report.cluster_count; i++)
        free(c->report.clusters[i].name);
    free(c->report.clusters);
    free(c->report.currency);
}
