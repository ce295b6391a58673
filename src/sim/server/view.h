/* Objects on their way out. */
#ifndef SIM_SERVER_VIEW_H
#define SIM_SERVER_VIEW_H
#include "sim/server/exchange.h"

void view_revision(struct exchange *x, struct revision *rev, struct buf *out, bool in_list);
/* The same for a text that is not stored; rv: NULL, or what to put in place of its resourceVersion */
void view_text(struct exchange *x, const char *text, size_t len, const struct marks *marks, struct buf *out);
void view_prefix(const struct exchange *x, struct buf *out); /* {"apiVersion":...,"kind":..., */
int view_negotiate(struct exchange *x);                      /* Accept and pretty; 406 */
void respond_object(struct exchange *x, int code, struct revision *rev);
void respond_text(struct exchange *x, int code, const struct buf *text, const struct marks *marks);
#endif
