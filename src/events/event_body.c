/* SPDX-License-Identifier: Apache-2.0 */
/* An Event of the core's v1, which every server has; whole where it is made, else the merge patch that counts it up. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "events/events_parts.h"
#include "json/member.h"
#include "json/write.h"

#define US "mpijobd"

/* As client-go names them: the object's name and an instant. Of a long name the end is left out, and what stands before
 * the dot has to be a letter or a digit. */
void event_name(const struct posted *p, char out[EVENT_NAME_MAX + 1])
{
    char instant[24];
    int n = snprintf(instant, sizeof instant, ".%" PRIx64, (uint64_t)p->stamp);
    size_t len = strlen(p->name), most = (size_t)(EVENT_NAME_MAX - n);
    len = len < most ? len : most;
    while (len && (p->name[len - 1] == '.' || p->name[len - 1] == '-'))
        len--;
    snprintf(out, EVENT_NAME_MAX + 1, "%.*s%s", (int)len, p->name, instant);
}

static void instant(struct json_writer *w, const char *key, int64_t us)
{
    char out[32];
    clock_format(us, false, out);
    json_member_text(w, key, out);
}

static void about(struct json_writer *w, const struct posted *p)
{
    json_write_key(w, "involvedObject");
    json_write_object(w);
    json_member_text(w, "apiVersion", p->api_version);
    json_member_text(w, "kind", p->kind);
    json_member_text(w, "namespace", p->name_space);
    json_member_text(w, "name", p->name);
    if (*p->uid)
        json_member_text(w, "uid", p->uid);
    if (*p->resource_version)
        json_member_text(w, "resourceVersion", p->resource_version);
    json_write_end(w);
}

static void whole(struct json_writer *w, const struct posted *p)
{
    char name[EVENT_NAME_MAX + 1];
    event_name(p, name);
    json_member_text(w, "apiVersion", "v1");
    json_member_text(w, "kind", "Event");
    json_write_key(w, "metadata");
    json_write_object(w);
    json_member_text(w, "name", name);
    json_member_text(w, "namespace", p->name_space);
    json_write_end(w);
    about(w, p);
    json_member_text(w, "reason", p->reason);
    json_member_text(w, "type", p->warning ? "Warning" : "Normal");
    json_write_key(w, "source");
    json_write_object(w);
    json_member_text(w, "component", US);
    json_write_end(w);
    json_member_text(w, "reportingComponent", US);
    json_member_text(w, "reportingInstance", US);
    instant(w, "firstTimestamp", p->first);
}

void event_body(const struct posted *p, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    if (p->creates)
        whole(&w, p);
    json_member_text(&w, "message", p->text);
    instant(&w, "lastTimestamp", p->last);
    json_write_key(&w, "count");
    json_write_int(&w, p->count);
    json_write_end(&w);
}
