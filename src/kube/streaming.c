/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the server has streaming lists (sendInitialEvents), by its version: one request for all that ask. Servers
 * from 1.19 to 1.26 refuse the parameter, older ones ignore it, and then what looks like such a list never ends. From
 * 1.27 on they have it, and refuse it where it is not switched on. */
#include <stdlib.h>
#include <utlist.h>

#include "kube/kube_parts.h"

#define ASK_AGAIN_MS 600000 /* servers are upgraded */
#define FIRST_MINOR 27

/* The number with which the text begins, as in "27" or "27+"; -1: it begins with none. */
static long number_at(struct json version, const char *key)
{
    char text[16], *end;
    json_string_at(json_get(version, key), "", text, sizeof text);
    long n = strtol(text, &end, 10);
    return end == text ? -1 : n;
}

static bool has_streaming(struct json version)
{
    long major = number_at(version, "major"), minor = number_at(version, "minor");
    return major > 1 || (major == 1 && minor >= FIRST_MINOR);
}

static void tell(struct kube *kube, bool streams)
{
    struct kube_streaming *s = &kube->streaming;
    s->asking = false;
    while (s->waits) {
        struct kube_streaming_wait *wait = s->waits;
        DL_DELETE(s->waits, wait);
        wait->waiting = false;
        wait->known(wait, streams);
    }
}

/* A server that does not tell its version is not asked for what it may not have. */
static void came(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    struct kube *kube = data;
    (void)request;
    (void)lost;
    if (err && err->code == ERR_CANCELLED) /* kube_close: who waits is being closed, too */
        return;
    kube->streaming.known = answer || err->status;
    kube->streaming.at_ms = uv_now(kube->loop);
    kube->streaming.has = answer && has_streaming(answer->body);
    tell(kube, kube->streaming.has);
}

int kube_streaming_ask(struct kube *kube, struct kube_streaming_wait *wait, struct error *err)
{
    struct kube_streaming *s = &kube->streaming;
    int rc = 0;
    if (!s->asking) {
        struct kube_call call = {.method = "GET", .path = "/version", .done = came, .data = kube};
        rc = kube_send(kube, &call, NULL, err);
    }
    if (rc)
        return rc;
    s->asking = true;
    wait->waiting = true;
    DL_APPEND(s->waits, wait);
    return 0;
}

bool kube_streaming_known(const struct kube *kube, bool *streams)
{
    const struct kube_streaming *s = &kube->streaming;
    *streams = s->has;
    return s->known && uv_now(kube->loop) - s->at_ms < ASK_AGAIN_MS;
}

void kube_streaming_forget(struct kube *kube, struct kube_streaming_wait *wait)
{
    if (wait->waiting)
        DL_DELETE(kube->streaming.waits, wait);
    wait->waiting = false;
}
