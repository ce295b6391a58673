/* SPDX-License-Identifier: Apache-2.0 */
/* The web servers of a run that is done again: their recorded answers, each once, in their order. */
#ifndef MPIJOBD_CLI_TEST_REPLAY_REPLAY_WEB_H
#define MPIJOBD_CLI_TEST_REPLAY_REPLAY_WEB_H

#include "record/record.h"

struct recorded_web;
struct replay_web {
    struct recorded_web *items;
    size_t count, cap;
};

struct replay_web_answer { /* views of the recording */
    int status;
    struct str headers, body; /* headers: as of web_answer */
};

/* Reads the answers of a recording, which outlives it. 0 or ERR_NOMEM. */
int replay_web_open(struct replay_web *web, struct str recording, struct error *err);
void replay_web_close(struct replay_web *web);
/* url: as people read it; path: of a server whose name may be another here, NULL: the URL has to be the same. True: it
 * is in the recording, with its answer, or with the error that came (err->code). False: it is not, and err says so. */
bool replay_web_find(struct replay_web *web, const char *method, struct str url, const char *path, struct str sent,
                     struct replay_web_answer *answer, struct error *err);

#endif
