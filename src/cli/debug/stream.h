/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the protocol over two descriptors: a header with the length, then so many bytes of JSON. */
#ifndef MPIJOBD_CLI_DEBUG_STREAM_H
#define MPIJOBD_CLI_DEBUG_STREAM_H

#include <stdbool.h>

#include "base/buf.h"

#define MESSAGE_BYTES ((size_t)4 * 1024 * 1024) /* of one message from the client */

struct stream {
    int in, out; /* closed by stream_close; may be the same */
    struct buf input;
    size_t taken;       /* bytes of input that the last message had */
    bool gone;          /* the other end has closed, or takes nothing any more */
    const char *broken; /* what it sent that cannot be understood: nothing more is read; NULL: nothing */
};

void stream_open(struct stream *s, int in, int out);
void stream_close(struct stream *s);
/* The next message's bytes, valid until the next call. wait: until it is there. False: none is there, or the other end
 * has gone. */
bool stream_next(struct stream *s, bool wait, struct str *body);
/* Something has come, or the other end has gone, within so many milliseconds. */
bool stream_wait(struct stream *s, int ms);
/* Sends it whole; what the other end does not take within 10 s makes it gone. */
void stream_send(struct stream *s, struct str body);

#endif
