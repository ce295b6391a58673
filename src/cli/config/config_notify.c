/* SPDX-License-Identifier: Apache-2.0 */
/* The keys `notify`, sinks by name, and `prometheus`, servers by name. Their texts may hold secrets, as ${name}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/config/config_parts.h"
#include "outside/secrets.h"

static int unknown_key(struct config_reading *r, const char *at, const char *key)
{
    const char *names[PART_SUBJECT + 3];
    char pointer[400];
    for (int i = 0; i <= PART_SUBJECT; i++)
        names[i] = notice_part_name((enum notice_part)i);
    names[PART_SUBJECT + 1] = "type";
    names[PART_SUBJECT + 2] = NULL;
    const char *near = str_nearest(key, names);
    snprintf(pointer, sizeof pointer, "%.255s/%.60s", at, key);
    return config_wrong(r, pointer, "is not a key of a sink%s%s%s", near ? "; did you mean \"" : "", near ? near : "",
                        near ? "\"?" : "");
}

/* A list of texts as one, separated by commas. */
static void join(struct json value, struct buf *out)
{
    bool first = true;
    for (struct json_iter it = json_iter(value); json_next(&it); first = false) {
        buf_puts(out, first ? "" : ", ");
        json_decode(it.value, out);
    }
}

static int read_part(struct config_reading *r, struct outbox_sink *sink, const char *at, const char *key,
                     struct json value)
{
    struct buf text = BUF_INIT;
    int part = 0, rc = 0;
    while (part <= PART_SUBJECT && strcmp(notice_part_name((enum notice_part)part), key) != 0)
        part++;
    if (part > PART_SUBJECT)
        return unknown_key(r, at, key);
    struct buf *to = &sink->notice.parts[part];
    if (part == PART_TO && json_type(value) == JSON_ARRAY)
        join(value, &text);
    else if (!json_decode(value, &text))
        rc = config_wrong(r, at, "has %s as %s; it has to be a text", json_type_name(json_type(value)), key);
    if (!rc && text.len && memchr(text.ptr, '\n', text.len))
        rc = config_wrong(r, at, "has a line's end in %s", key);
    if (!rc && part == PART_SUBJECT)
        buf_add_str(to, buf_str(&text));
    else if (!rc && !secret_template(buf_str(&text), to))
        rc = config_wrong(r, at, "has in %s, between ${ and }, what is no name of a secret", key);
    if (!rc && (text.failed || to->failed))
        rc = error_nomem(r->err);
    buf_free(&text);
    return rc;
}

static int read_type(struct config_reading *r, struct outbox_sink *sink, const char *at, struct json map)
{
    char type[32];
    json_string_at(map, "/type", type, sizeof type);
    if (notice_type_parse(str_of(type), &sink->notice.type))
        return 0;
    return config_wrong(r, at, "needs a type: webhook, slack, teams, discord, telegram, webex or email");
}

static int check_sink(struct config_reading *r, struct outbox_sink *sink, const char *at)
{
    struct error err;
    buf_puts(&sink->notice.parts[PART_TEXT], "x"); /* what a notification brings */
    int rc = notice_check(&sink->notice, &err);
    buf_free(&sink->notice.parts[PART_TEXT]);
    return rc ? config_wrong(r, at, "is not complete: %s", err.message) : 0;
}

static bool server_part(int part)
{
    return part == PART_URL || part == PART_TOKEN || part == PART_USER || part == PART_PASSWORD;
}

static int read_members(struct config_reading *r, struct outbox_sink *sink, const char *at, struct json map,
                        bool server)
{
    int rc = 0;
    for (struct json_iter it = json_iter(map); json_next(&it) && !rc;) {
        char *key = config_decode(it.key);
        bool known = key && !server;
        for (int i = 0; key && i <= PART_SUBJECT && !known; i++)
            known = server_part(i) && strcmp(notice_part_name((enum notice_part)i), key) == 0;
        if (!key)
            rc = error_nomem(r->err);
        else if (!known)
            rc = config_wrong(r, at, "has the unknown key %s; a server has url, token, user and password", key);
        else if (server || strcmp(key, "type") != 0)
            rc = read_part(r, sink, at, key, it.value);
        free(key);
    }
    return rc;
}

static bool good_name(const char *name)
{
    return *name && strlen(name) <= 63 && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

/* Another one at the end of the list, named. NULL: out of memory. */
static struct outbox_sink *add(struct outbox_sink **list, size_t *count, struct json name)
{
    struct outbox_sink *grown = realloc(*list, (*count + 1) * sizeof *grown);
    char *text = config_decode(name);
    *list = grown ? grown : *list;
    if (!grown || !text) {
        free(text);
        return NULL;
    }
    grown[*count] = (struct outbox_sink){.name = text};
    return &grown[(*count)++];
}

static int read_sink(struct config_reading *r, struct json name, struct json map)
{
    char at[256];
    struct outbox_sink *sink = add(&r->config->sinks, &r->config->sink_count, name);
    if (!sink)
        return error_nomem(r->err);
    snprintf(at, sizeof at, "/notify/%.200s", sink->name);
    if (!good_name(sink->name))
        return config_wrong(r, at, "is not a name for a sink: lower-case letters, digits and dashes, at most 63");
    if (json_type(map) != JSON_OBJECT)
        return config_wrong(r, at, "has to hold keys of its own, such as type and url");
    int rc = read_type(r, sink, at, map);
    if (!rc)
        rc = read_members(r, sink, at, map, false);
    return rc ? rc : check_sink(r, sink, at);
}

static int read_server(struct config_reading *r, struct json name, struct json value)
{
    char at[256];
    struct outbox_sink *server = add(&r->config->servers, &r->config->server_count, name);
    if (!server)
        return error_nomem(r->err);
    snprintf(at, sizeof at, "/prometheus/%.200s", server->name);
    if (!good_name(server->name))
        return config_wrong(r, at, "is not a name for a server: lower-case letters, digits and dashes, at most 63");
    int rc = json_type(value) == JSON_OBJECT ? read_members(r, server, at, value, true)
                                             : read_part(r, server, at, "url", value);
    struct buf *url = &server->notice.parts[PART_URL];
    if (!rc && !url->len)
        rc = config_wrong(r, at, "needs a url, as in `http://prometheus.example.com:9090`");
    while (url->len && url->ptr[url->len - 1] == '/')
        url->ptr[--url->len] = '\0';
    return rc;
}

int config_read_servers(struct config_reading *r, struct json map)
{
    int rc = 0;
    if (json_type(map) != JSON_OBJECT)
        return config_wrong(r, "/prometheus",
                            "has to hold a server for each name, as in `prometheus: { main: \"http://...\" }`");
    for (struct json_iter it = json_iter(map); json_next(&it) && !rc;)
        rc = read_server(r, it.key, it.value);
    return rc;
}

int config_read_sinks(struct config_reading *r, struct json map)
{
    int rc = 0;
    if (json_type(map) != JSON_OBJECT)
        return config_wrong(r, "/notify",
                            "has to hold a sink for each name, as in `notify: { ops: { type: slack, url: ... } }`");
    for (struct json_iter it = json_iter(map); json_next(&it) && !rc;)
        rc = read_sink(r, it.key, it.value);
    return rc;
}

static void free_list(struct outbox_sink *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((char *)(uintptr_t)list[i].name);
        notice_free(&list[i].notice);
    }
    free(list);
}

static int check_notified(struct config_reading *r, char *const *names, const char *key)
{
    const struct config *c = r->config;
    int rc = 0;
    for (size_t i = 0; names && names[i]; i++) {
        bool known = false;
        for (size_t s = 0; s < c->sink_count; s++)
            known = known || strcmp(c->sinks[s].name, names[i]) == 0;
        if (!known)
            rc = config_wrong(r, key, "names \"%.60s\", and notify has no such sink", names[i]);
    }
    return rc;
}

int config_check_notified(struct config_reading *r)
{
    int breaker = check_notified(r, r->config->breaker_notify, "/breaker/notify");
    int approvers = check_notified(r, r->config->approver_notify, "/approvers/notify");
    return breaker ? breaker : approvers;
}

void config_free_sinks(struct config *c)
{
    free_list(c->sinks, c->sink_count);
    free_list(c->servers, c->server_count);
}
