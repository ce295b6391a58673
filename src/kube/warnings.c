/* SPDX-License-Identifier: Apache-2.0 */
/* The server's warnings (a deprecated version, a field that is dropped): each text reaches the log once, however many
 * requests it comes with. */
#include <stdlib.h>

#include "kube/kube_parts.h"

#define KEPT 128 /* texts; the oldest is forgotten, so that texts which name objects do not pile up */

struct kube_warnings {
    char *texts[KEPT];
    size_t count; /* ever */
};

void kube_warnings_free(struct kube *kube)
{
    for (size_t i = 0; kube->warnings && i < KEPT; i++)
        free(kube->warnings->texts[i]);
    free(kube->warnings);
}

/* True: it was said before. Out of memory: said again. */
static bool said(struct kube *kube, const char *text)
{
    if (!kube->warnings)
        kube->warnings = calloc(1, sizeof *kube->warnings);
    struct kube_warnings *w = kube->warnings;
    if (!w)
        return false;
    for (size_t i = 0; i < KEPT; i++) {
        if (w->texts[i] && strcmp(w->texts[i], text) == 0)
            return true;
    }
    char **slot = &w->texts[w->count++ % KEPT];
    free(*slot);
    *slot = str_dup(str_of(text));
    return false;
}

void kube_warn(struct kube *kube, const char *const *warnings, const char *method, const char *url)
{
    for (; *warnings; warnings++) {
        if (!said(kube, *warnings))
            log_event(kube->log, LOG_WARN, "the server warns",
                      LOG_FIELDS({"warning", *warnings}, {"method", method}, {"url", url}));
    }
}
