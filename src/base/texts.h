/* SPDX-License-Identifier: Apache-2.0 */
/* The texts that one struct owns, copied into one block of memory: one allocation, one check, one free.
 *
 *     job->texts = TEXTS_COPY({&job->name, call->name}, {&job->uid, call->uid});
 *     if (!job->texts)
 *         return error_nomem(err);
 *     ...
 *     free(job->texts); */
#ifndef MPIJOBD_BASE_TEXTS_H
#define MPIJOBD_BASE_TEXTS_H

#include <stddef.h>

struct text_copy {
    const char **to;  /* is made to point to the copy; untouched when out of memory */
    const char *from; /* NULL stays NULL */
};

/* The block that holds the copies (malloc; the caller frees it), never NULL unless out of memory. */
void *texts_copy(const struct text_copy *texts, size_t count);
#define TEXTS_COPY(...)                                                                                                \
    texts_copy((const struct text_copy[]){__VA_ARGS__},                                                                \
               sizeof((const struct text_copy[]){__VA_ARGS__}) / sizeof(struct text_copy))

static inline const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* A NULL-terminated list of the first `count` texts of `list`, itself and its texts in one block (malloc; the caller
 * frees it), or NULL when out of memory. */
char **texts_copy_list(const char *const *list, size_t count);
/* How many texts a NULL-terminated list has. */
size_t texts_count(const char *const *list);

#endif
