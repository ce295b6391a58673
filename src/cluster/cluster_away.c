/* SPDX-License-Identifier: Apache-2.0 */
/* A server that does not answer, yet or any more: that is said once. One that was connected is asked until it answers,
 * since policies may ask it seldom. */
#include "cluster/cluster_parts.h"

#define ASK_EVERY_MS 2000

void cluster_say_slow(struct deadline *slow)
{
    const struct cluster *c = slow->data;
    const struct error *trouble = kube_trouble(c->kube);
    log_event(c->log, LOG_WARN, "the server does not answer yet; trying on",
              LOG_FIELDS(CLUSTER_LOG(c), {"server", kube_server(c->kube)},
                         {"reason", trouble ? trouble->message : "no answer came"}));
}

static void ask_later(struct cluster *c)
{
    int64_t since;
    if (!c->closing && kube_away(c->kube, &since))
        deadline_set(&c->ask, ASK_EVERY_MS);
}

/* What came was counted already. */
static void asked(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                  bool lost)
{
    (void)request;
    (void)answer;
    (void)err;
    (void)lost;
    ask_later(data);
}

void cluster_ask(struct deadline *ask)
{
    struct cluster *c = ask->data;
    struct kube_call call = {.method = "GET", .path = "/version", .timeout_ms = ASK_EVERY_MS, .done = asked, .data = c};
    struct error err;
    if (kube_send(c->kube, &call, NULL, &err))
        ask_later(c);
}

/* Before it is connected, whoever connects it says so and tries on. */
void cluster_away_changed(struct kube_away *away)
{
    struct cluster *c = away->data;
    int64_t since;
    const struct error *why = kube_away(c->kube, &since);
    if (!c->ready)
        return;
    if (why)
        log_event(c->log, LOG_ERROR, "the server does not answer",
                  LOG_FIELDS(CLUSTER_LOG(c), {"server", kube_server(c->kube)}, {"reason", why->message}));
    else
        log_event(c->log, LOG_INFO, "the server answers again",
                  LOG_FIELDS(CLUSTER_LOG(c), {"server", kube_server(c->kube)}));
    ask_later(c);
}
