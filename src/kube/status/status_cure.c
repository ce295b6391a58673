/* SPDX-License-Identifier: Apache-2.0 */
/* Who refused a request, told by the words of the refusal, and what helps against that one. */
#include "kube/status/status_cure.h"

#include <string.h>

enum refuser { BY_NOBODY_KNOWN, BY_ANONYMITY, BY_PERMISSIONS, BY_OWNED_FINALIZERS, BY_OTHER };

/* The marks are the words of kube-apiserver's authorizers and admission plugins, and of what is plugged into it. */
static const struct mark {
    const char *words, *and_then; /* and_then: these too, further on; NULL: nothing */
    enum refuser by;
    const char *cure; /* of BY_OTHER */
} marks[] = {
    {"User \"system:anonymous\" cannot ", NULL, BY_ANONYMITY, NULL},
    {"User \"", "\" cannot ", BY_PERMISSIONS, NULL},
    {"user \"", "is attempting to grant RBAC permissions", BY_PERMISSIONS, NULL},
    {"the server does not allow access to the requested resource", NULL, BY_PERMISSIONS, NULL},
    {"cannot set blockOwnerDeletion", NULL, BY_OWNED_FINALIZERS, NULL},
    {"cannot set an ownerRef on a resource you can't delete", NULL, BY_PERMISSIONS, NULL},
    {"exceeded quota", NULL, BY_OTHER,
     "the namespace's ResourceQuota is used up: free some of what it counts (finished jobs count too), or have it "
     "raised (see kubectl describe quota)"},
    {"failed quota", NULL, BY_OTHER,
     "the namespace's ResourceQuota asks for these amounts: write them into the containers' resources"},
    {"insufficient quota to ", NULL, BY_OTHER,
     "the cluster lets this be used only where a ResourceQuota of the namespace covers it (a priority class, for "
     "example): ask for such a quota, or use another"},
    {"status unknown for quota", NULL, BY_OTHER,
     "the server has not counted yet what the namespace uses of its ResourceQuota: try again in a moment"},
    {"not yet ready to handle request", NULL, BY_OTHER,
     "the server is still starting, or its own informers are behind: try again in a moment"},
    {"admission webhook \"", "denied the request", BY_OTHER,
     "that is a rule of whoever runs this webhook, and no permission is missing: write what it asks for, or ask them"},
    {"failed calling webhook \"", NULL, BY_OTHER,
     "the webhook does not answer the server as it must, and nothing was written: whoever runs it has to mend it"},
    {"one or more images rejected by webhook backend", NULL, BY_OTHER,
     "the cluster's image policy refuses an image of this object: use one that it allows, or ask whoever runs it"},
    {"image policy webhook backend denied", NULL, BY_OTHER,
     "the cluster's image policy refuses an image of this object: use one that it allows, or ask whoever runs it"},
    {"admission request denied by policy", NULL, BY_OTHER,
     "that is a rule of this cluster's policy, and no permission is missing: write what it asks for, or ask whoever "
     "made the policy"},
    {"ValidatingAdmissionPolicy '", "denied request", BY_OTHER,
     "that is a rule of this cluster's policy, and no permission is missing: write what it asks for, or ask whoever "
     "made the policy"},
    {"violates PodSecurity", NULL, BY_OTHER,
     "the namespace enforces a Pod Security Standard (label pod-security.kubernetes.io/enforce): set the pod "
     "template's securityContext as it asks, or have the label changed"},
    {"unable to validate against any security context constraint", NULL, BY_OTHER,
     "no SecurityContextConstraint of this cluster allows such pods to this user or service account: change the "
     "securityContext, or have one granted"},
    {"unable to validate against any pod security policy", NULL, BY_OTHER,
     "no PodSecurityPolicy of this cluster allows such pods: change the securityContext, or have one granted"},
    {"because it is being terminated", NULL, BY_OTHER,
     "nothing new can be made in a namespace that is being deleted: wait until it is gone and make it again, or use "
     "another"},
    {"error looking up service account", NULL, BY_OTHER,
     "the service account that the pods name does not exist in the namespace: create it, or name another"},
    {"no PriorityClass with name", NULL, BY_OTHER,
     "create that PriorityClass, or name one that exists (kubectl get priorityclasses)"},
    {" usage per ", NULL, BY_OTHER,
     "the namespace's LimitRange bounds the amounts in resources: keep to it (see kubectl describe limitrange)"},
    {" storage request ", NULL, BY_OTHER,
     "the namespace's LimitRange bounds how much storage may be asked for (see kubectl describe limitrange)"},
    {"there was an error enforcing limit ranges", NULL, BY_OTHER,
     "the server could not read the namespace's limit ranges just now: try again in a moment"},
    {"limit to request ratio per ", NULL, BY_OTHER,
     "the namespace's LimitRange bounds the amounts in resources: keep to it (see kubectl describe limitrange)"},
    {"this namespace may not be deleted", NULL, BY_OTHER, "the cluster itself needs this namespace"},
    {"labels conflict with its namespace whitelist", NULL, BY_OTHER,
     "the cluster allows only some labels in nodeSelector in this namespace: take the others out"},
    {"node label selector conflicts", NULL, BY_OTHER,
     "the namespace prescribes a node selector (annotation scheduler.alpha.kubernetes.io/node-selector): take the "
     "contrary label out of nodeSelector"},
};

static const char *place_of(const struct mark *m, const char *said)
{
    const char *at = strstr(said, m->words);
    return at && m->and_then && !strstr(at + strlen(m->words), m->and_then) ? NULL : at;
}

/* The first mark in the text counts: what follows may quote anything, a user's name or a webhook's own words. */
static const struct mark *find(const char *said)
{
    const struct mark *first = NULL;
    const char *at = NULL;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *here = place_of(&marks[i], said);
        if (here && (!first || here < at)) {
            first = &marks[i];
            at = here;
        }
    }
    return first;
}

/* A 403 that carries no mark. */
static void of_nobody_known(bool status, const char *credentials, struct buf *out)
{
    if (status)
        buf_printf(out, "; the user of %s was refused, and the words above say by what rule, as far as anything does",
                   credentials);
    else
        buf_printf(out,
                   "; this is no answer of Kubernetes' own: a proxy or gateway before the server may have refused it, "
                   "or the server does not allow it to the user of %s",
                   credentials);
}

void kube_status_cure_refusal(const struct kube_reply *reply, const char *said, bool is_status, const char *credentials,
                              struct buf *out)
{
    const struct mark *m = is_status ? find(said) : NULL;
    bool reads = strcmp(reply->method, "GET") == 0;
    if (reply->status != 403 && (!m || m->by != BY_OTHER))
        return;
    /* What is only read passes no admission: that leaves the permissions. */
    switch (m ? m->by : is_status && reads ? BY_PERMISSIONS : BY_NOBODY_KNOWN) {
    case BY_NOBODY_KNOWN:
        of_nobody_known(is_status, credentials, out);
        break;
    case BY_ANONYMITY:
        buf_printf(out,
                   "; the server takes us for an anonymous user, with the credentials of %s: a token or a client "
                   "certificate is missing there, or is of another cluster",
                   credentials);
        break;
    case BY_PERMISSIONS:
        buf_printf(out, "; a Role or ClusterRole must allow it to the user of %s (see kubectl auth can-i --list)",
                   credentials);
        break;
    case BY_OWNED_FINALIZERS:
        buf_printf(out,
                   "; a Role or ClusterRole must allow the verb update on the owner's subresource finalizers to the "
                   "user of %s",
                   credentials);
        break;
    case BY_OTHER:
        buf_printf(out, "; %s", m->cure);
        break;
    }
}
