/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a SelfSubjectAccessReview. */
#include "kube/access_review.h"

#include "json/write.h"

void access_review_write(const struct access_review *review, struct buf *body)
{
    const char *const pairs[][2] = {{"verb", review->verb},
                                    {"group", review->group},
                                    {"resource", review->resource},
                                    {"name", review->name},
                                    {"namespace", review->name_space}};
    struct json_writer w;
    json_writer_init(&w, body);
    json_write_object(&w);
    json_write_key(&w, "apiVersion");
    json_write_string(&w, "authorization.k8s.io/v1");
    json_write_key(&w, "kind");
    json_write_string(&w, "SelfSubjectAccessReview");
    json_write_key(&w, "spec");
    json_write_object(&w);
    json_write_key(&w, "resourceAttributes");
    json_write_object(&w);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (!pairs[i][1])
            continue;
        json_write_key(&w, pairs[i][0]);
        json_write_string(&w, pairs[i][1]);
    }
    json_write_end(&w);
    json_write_end(&w);
    json_write_end(&w);
}
