/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: each verb is a function. path: the state's file. They return the exit code. */
#ifndef MPIJOBD_CLI_STATE_STATE_PARTS_H
#define MPIJOBD_CLI_STATE_STATE_PARTS_H

#include "cli/session/session.h"
#include "json/write.h"

int state_check(struct session *s, const char *path);
int state_backup(struct session *s, const char *path);
int state_export(struct session *s, const char *path);

/* Where the daemons share their state, how that is saved: a command for the shell. False: it is all in the file. */
#define STATE_SHARED_SIZE 768
bool state_shared(const struct session *s, char command[STATE_SHARED_SIZE]);

/* A member of a JSON object. 0 is no instant: null. */
void state_put_number(struct json_writer *w, const char *key, int64_t number);
void state_put_text(struct json_writer *w, const char *key, const char *text);
void state_put_time(struct json_writer *w, const char *key, int64_t us);
/* The object, which ends here, on standard output as a line; frees it. 0 or the exit code. */
int state_put_end(struct session *s, struct json_writer *w, struct buf *out);

#endif
