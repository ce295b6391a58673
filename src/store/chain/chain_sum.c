/* SPDX-License-Identifier: Apache-2.0 */
/* How rows and entries of the chain are summed up. Numbers are eight bytes, the lowest first. */
#include <stdio.h>
#include <string.h>

#include "store/chain/chain_parts.h"

bool summer_open(struct summer *s)
{
    s->kind = EVP_MD_fetch(NULL, "SHA256", NULL);
    s->context = EVP_MD_CTX_new();
    return s->kind && s->context;
}

void summer_close(struct summer *s)
{
    EVP_MD_CTX_free(s->context);
    EVP_MD_free(s->kind);
    *s = (struct summer){0};
}

static bool begin(struct summer *s)
{
    return EVP_DigestInit_ex2(s->context, s->kind, NULL) == 1;
}

static bool bytes(struct summer *s, const void *data, size_t len)
{
    return len == 0 || EVP_DigestUpdate(s->context, data, len) == 1;
}

static bool number(struct summer *s, int64_t n)
{
    unsigned char eight[8];
    for (int i = 0; i < 8; i++)
        eight[i] = (unsigned char)((uint64_t)n >> 8 * i);
    return bytes(s, eight, sizeof eight);
}

static bool counted(struct summer *s, const void *data, size_t len)
{
    return number(s, (int64_t)len) && bytes(s, data, len);
}

static bool column(struct summer *s, sqlite3_stmt *statement, int i)
{
    const char *name = sqlite3_column_name(statement, i);
    int type = sqlite3_column_type(statement, i);
    unsigned char kind = (unsigned char)type;
    if (type == SQLITE_NULL)
        return true;
    if (!name || !counted(s, name, strlen(name)) || !bytes(s, &kind, 1))
        return false;
    if (type == SQLITE_INTEGER)
        return number(s, sqlite3_column_int64(statement, i));
    const void *data = sqlite3_column_blob(statement, i); /* of a text or a fraction: its bytes */
    size_t len = (size_t)sqlite3_column_bytes(statement, i);
    return (data || len == 0) && counted(s, data, len);
}

bool summer_row(struct summer *s, sqlite3_stmt *statement, int first, unsigned char digest[CHAIN_SUM])
{
    bool fine = begin(s);
    for (int i = first; i < sqlite3_column_count(statement) && fine; i++)
        fine = column(s, statement, i);
    return fine && EVP_DigestFinal_ex(s->context, digest, NULL) == 1;
}

bool summer_entry(struct summer *s, const unsigned char before[CHAIN_SUM], struct chain_entry *entry)
{
    return begin(s) && bytes(s, before, CHAIN_SUM) && number(s, entry->seq) && number(s, (int64_t)entry->what) &&
           number(s, entry->row) && number(s, entry->at) && bytes(s, entry->digest, CHAIN_SUM) &&
           EVP_DigestFinal_ex(s->context, entry->sum, NULL) == 1;
}

void chain_head_text(int64_t seq, const unsigned char sum[CHAIN_SUM], char out[CHAIN_HEAD_SIZE])
{
    int at = snprintf(out, CHAIN_HEAD_SIZE, "%lld:", (long long)seq);
    for (int i = 0; i < CHAIN_SUM; i++, at += 2)
        snprintf(out + at, 3, "%02x", sum[i]);
}
