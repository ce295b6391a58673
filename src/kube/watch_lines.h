/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a watch, taken apart as it arrives: one event a line, lines in any pieces. Pure. */
#ifndef MPIJOBD_KUBE_WATCH_LINES_H
#define MPIJOBD_KUBE_WATCH_LINES_H

#include "json/value.h"

enum kube_event_type { KUBE_ADDED, KUBE_MODIFIED, KUBE_DELETED, KUBE_BOOKMARK, KUBE_ERROR };

struct kube_event {
    enum kube_event_type type;
    struct json object; /* an object; of KUBE_ERROR, a Status */
    struct str version; /* its metadata.resourceVersion; empty where the line has no version */
};

struct watch_lines {
    struct buf part; /* of a line whose end has not come */
    size_t max;      /* most bytes of a line */
    size_t count;    /* of lines so far */
};

void watch_lines_init(struct watch_lines *lines, size_t max);
void watch_lines_free(struct watch_lines *lines);

/* came: once for each event, valid during the call; false: no further one is wanted. 0, or ERR_PROTOCOL (a line that is
 * no event), ERR_LIMIT (one that is too long), ERR_NOMEM; nothing can be fed after an error. */
int watch_lines_feed(struct watch_lines *lines, const char *bytes, size_t n,
                     bool (*came)(void *data, const struct kube_event *event), void *data, struct error *err);

/* The end of the body now would be in the middle of a line. */
bool watch_lines_amid(const struct watch_lines *lines);

#endif
