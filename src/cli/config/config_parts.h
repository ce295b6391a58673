/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the configuration: shared by config.c (which clusters, what goes together) and config_key.c (a key's value)
 * only. */
#ifndef MPIJOBD_CLI_CONFIG_CONFIG_PARTS_H
#define MPIJOBD_CLI_CONFIG_CONFIG_PARTS_H

#include "cli/config/config.h"
#include "json/value.h"

#define CONFIG_WRONGS 64 /* mistakes that are told; more are counted */

struct config_wrong {
    int line;
    char *text; /* with file and line */
};

struct config_reading {
    struct config *config;
    struct config_cluster *cluster; /* whose keys are being read */
    const char *at;                 /* the key being read: "/clusters/a/server" */
    struct buf text, json;
    const char *folder; /* of the file, with a slash; "" for the current one */
    struct error *err;
    struct config_wrong wrongs[CONFIG_WRONGS];
    size_t wrong_count;
};

/* Notes a mistake, with file, line and key of the pointer. Returns ERR_INVALID; the reading goes on. */
int config_wrong(struct config_reading *r, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A JSON string's text (malloc); NULL: out of memory. */
char *config_decode(struct json value);

/* The same of a path: relative to the configuration's folder; "~/" is the home's. */
char *config_path(struct config_reading *r, struct json value);

/* Reads a map's keys into the configuration, or into r->cluster. prefix: the map's pointer; shape: that pointer
 * as the table of keys has it ("/cluster" for "/clusters/lab"). */
int config_read_map(struct config_reading *r, struct json map, const char *prefix, const char *shape);
/* The key `log.fold`: a duration, or false. */
int config_read_fold(struct config_reading *r, struct json value);
/* The key `notify`: a sink for each name. */
int config_read_sinks(struct config_reading *r, struct json map);
/* The key `prometheus`: a server for each name. */
int config_read_servers(struct config_reading *r, struct json map);
/* Are those that the breaker and waiting runs notify sinks? When all is read. */
int config_check_notified(struct config_reading *r);
void config_free_sinks(struct config *config);
/* The key `plugins`: paths, or a plugin for each name. */
int config_read_plugins(struct config_reading *r, struct json value);
void config_free_plugins(struct config *config);
/* The key `approvers`: does it name anybody, and as many as its quorum needs? When all is read. */
int config_check_approvers(struct config_reading *r);
/* The key `freeze`: a list. */
int config_read_freezes(struct config_reading *r, struct json value);
/* The key `leader_election`: true, or a map. */
int config_read_lead(struct config_reading *r, const char *key, struct json value);
/* Is its cluster one of the configured ones? When all is read. */
int config_check_lead(struct config_reading *r);
void config_free_lead(struct config *config);
/* The key `report`: a map. */
int config_read_report(struct config_reading *r, struct json map);
void config_free_report(struct config *config);
/* The key `clusters`: a cluster for each name. */
int config_read_clusters(struct config_reading *r, struct json map);

#endif
