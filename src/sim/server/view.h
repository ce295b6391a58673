/* SPDX-License-Identifier: Apache-2.0 */
/* Objects on their way out: in the version and the shape that the client asked for. */
#ifndef SIM_SERVER_VIEW_H
#define SIM_SERVER_VIEW_H
#include "sim/server/exchange.h"

/* Adds the object to out. in_list: as an item of a list, where built-in kinds have no apiVersion and kind. */
void view_revision(struct exchange *x, struct revision *rev, struct buf *out, bool in_list);
/* The same for a text that is not stored. */
void view_text(struct exchange *x, const char *text, size_t len, const struct marks *marks, struct buf *out);
void view_prefix(const struct exchange *x, struct buf *out); /* adds {"apiVersion":...,"kind":..., */
int view_negotiate(struct exchange *x); /* reads Accept and sets x->shape; -1: answered with a 406 */
/* The whole answer. */
void respond_object(struct exchange *x, int code, struct revision *rev);
void respond_text(struct exchange *x, int code, const struct buf *text, const struct marks *marks);
#endif
