/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon as a whole. */
#include "web/api_parts.h"
#include "web/page.h"

/* What is not there is null. */
static void copy(struct json_writer *w, struct json from, const char *key)
{
    struct json value = json_get(from, key);
    json_write_key(w, key);
    if (json_exists(value))
        json_write_raw(w, value);
    else
        json_write_null(w);
}

/* ---- how it is ---- */

/* Those that the verb tells, and the certificate of the HTTP side. */
static void write_parts(const struct admin_request *r, struct json parts, struct json_writer *w)
{
    struct buf words = BUF_INIT;
    bool well;
    json_write_key(w, "parts");
    json_write_array(w);
    for (struct json_iter it = json_iter(parts); json_next(&it);)
        json_write_raw(w, it.value);
    if (admin_request_certificate(r, &words, &well)) {
        json_write_object(w);
        json_write_key(w, "kind");
        json_write_string(w, "https");
        json_write_key(w, "cluster");
        json_write_null(w);
        json_write_key(w, "name");
        json_write_string(w, "HTTPS");
        json_write_key(w, "state");
        json_write_str(w, buf_str(&words));
        json_write_key(w, "well");
        json_write_bool(w, well);
        json_write_end(w);
    }
    json_write_end(w);
    buf_free(&words);
}

static int form_status(const struct admin_request *r, struct json result, struct buf *out, struct error *err)
{
    static const char *const keys[] = {"version", "now", "quarantined_files", "journal"};
    struct json_writer w;
    (void)err;
    json_writer_init(&w, out);
    json_write_object(&w);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        copy(&w, result, keys[i]);
    write_parts(r, json_get(result, "parts"), &w);
    json_write_key(&w, "who");
    json_write_string(&w, admin_request_who(r));
    json_write_key(&w, "may_act");
    json_write_bool(&w, admin_request_may(r, ADMIN_WRITER));
    json_write_end(&w);
    return 0;
}

static void get_status(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "status", .form = form_status};
    ask_verb(data, r, &form);
}

/* ---- clusters ---- */

static const struct field list_fields[] = {
    {"limit", FIELD_LIMIT, false}, {"cursor", FIELD_TEXT, false}, {NULL, FIELD_TEXT, false}};

static void write_watch(struct json_writer *w, struct json part)
{
    static const char *const keys[] = {"name", "state", "well", "silent_seconds"};
    json_write_object(w);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        copy(w, part, keys[i]);
    json_write_end(w);
}

/* What is watched on a cluster stands behind it in the list of parts. */
static void write_clusters(struct json_writer *w, struct json parts)
{
    static const char *const keys[] = {"cluster", "state", "well", "server", "version", "versions", "controller"};
    bool open = false;
    json_write_array(w);
    for (struct json_iter it = json_iter(parts); json_next(&it);) {
        struct json kind = json_get(it.value, "kind");
        if (json_string_is(kind, str_of("watch")) && open)
            write_watch(w, it.value);
        if (!json_string_is(kind, str_of("cluster")))
            continue;
        for (int i = 0; open && i < 2; i++) /* the watches, and the cluster before */
            json_write_end(w);
        open = true;
        json_write_object(w);
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            copy(w, it.value, keys[i]);
        json_write_key(w, "watches");
        json_write_array(w);
    }
    for (int i = 0; open && i < 2; i++)
        json_write_end(w);
    json_write_end(w);
}

static bool all(const struct page *page, struct json item)
{
    (void)page;
    (void)item;
    return true;
}

static int form_clusters(const struct admin_request *r, struct json result, struct buf *out, struct error *err)
{
    struct buf text = BUF_INIT;
    struct json_writer w;
    struct json root;
    json_writer_init(&w, &text);
    write_clusters(&w, json_get(result, "parts"));
    int rc = buf_result(&text, "the clusters", err);
    if (!rc)
        rc = json_parse(buf_str(&text), "the clusters", &root, err);
    if (!rc)
        rc = page_write(r, root, "cluster", all, out, err);
    buf_free(&text);
    return rc;
}

static void get_clusters(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "status", .fields = list_fields, .form = form_clusters};
    ask_verb(data, r, &form);
}

/* ---- the log ---- */

static const struct field log_fields[] = {{"after", FIELD_NUMBER, false}, {NULL, FIELD_TEXT, false}};

static void get_log(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "log", .fields = log_fields};
    ask_verb(data, r, &form);
}

/* ---- the description ---- */

extern const char embedded_openapi[];
extern const size_t embedded_openapi_len;

static void get_description(void *data, struct admin_request *r)
{
    struct buf body = BUF_INIT;
    (void)data;
    buf_add(&body, embedded_openapi, embedded_openapi_len);
    admin_answer(r, 200, "application/json", &body);
}

/* ---- reload ---- */

static void post_reload(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "reload", .acts = true};
    ask_verb(data, r, &form);
}

const struct admin_route daemon_routes[] = {
    {"GET", "/api/v1/status", ADMIN_READER, get_status},
    {"GET", "/api/v1/clusters", ADMIN_READER, get_clusters},
    {"GET", "/api/v1/log", ADMIN_READER, get_log},
    {"GET", "/api/v1/openapi.json", ADMIN_READER, get_description},
    {"POST", "/api/v1/reload", ADMIN_WRITER, post_reload},
    {NULL, NULL, ADMIN_ANYONE, NULL},
};
