/* Between documents and stored texts, and objects that go. A document in here has no apiVersion and kind. */
#ifndef SIM_SERVER_OBJECT_H
#define SIM_SERVER_OBJECT_H
#include "sim/server/exchange.h"

enum { ETCD_MAX = 1572864 }; /* a larger object is refused by the real server's store */

json_object *object_read(struct exchange *x,
                         struct revision *rev); /* as the exchange's version shows it; no apiVersion, kind */
void object_write(struct exchange *x, json_object *doc, struct buf *out, struct marks *marks);
void object_write_doc(json_object *doc, struct buf *out, struct marks *marks);
void object_write_metadata(json_object *meta, struct buf *out, struct marks *marks);
json_object *object_parse(const struct revision *rev); /* as it is stored */
bool object_converts(const struct exchange *x);        /* the stored form differs from this resource's */
void object_to_stored(const struct exchange *x, json_object *doc);
void object_remove(struct sim *sim, struct revision *rev);
/* The text of rev with another resourceVersion. */
void object_renumber(const struct revision *rev, uint64_t version, struct buf *out, struct marks *marks);
#endif
