/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin's life, its files, and the sum over them. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/visible.h"
#include "plugin/plugin_parts.h"

bool plugin_name_good(const char *name)
{
    size_t n = strlen(name);
    bool good = n >= 1 && n <= PLUGIN_NAME_MAX && name[0] != '-' && name[n - 1] != '-';
    for (size_t i = 0; good && i < n; i++)
        good = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '-';
    return good;
}

void plugin_show(struct buf *out, const char *message)
{
    size_t from = out->len;
    visible_add(out, str_of(message));
    for (size_t i = from; i < out->len; i++) {
        if (out->ptr[i] == '\n' || out->ptr[i] == '\t')
            out->ptr[i] = ' ';
    }
}

struct plugin *plugin_new(const char *name, const char *path)
{
    struct plugin *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    snprintf(p->name, sizeof p->name, "%s", name);
    p->path = str_dup(str_of(path));
    if (p->path)
        return p;
    free(p);
    return NULL;
}

void plugin_free(struct plugin *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++) {
        free(p->files[i].name);
        buf_free(&p->files[i].text);
    }
    free(p->files);
    free(p->path);
    free(p->said);
    buf_free(&p->options);
    buf_free(&p->lines);
    free(p);
}

int plugin_add(struct plugin *p, const char *name, struct buf *text, struct error *err)
{
    if (p->count >= PLUGIN_FILES_MAX)
        return error_set(err, ERR_LIMIT, "%s: a plugin has at most %d files", p->path, PLUGIN_FILES_MAX);
    if (p->bytes + text->len > PLUGIN_BYTES)
        return error_set(err, ERR_LIMIT, "%s: the files of a plugin have at most %zu bytes together", p->path,
                         PLUGIN_BYTES);
    struct plugin_file *files = realloc(p->files, (p->count + 1) * sizeof *files);
    char *copy = files ? str_dup(str_of(name)) : NULL;
    if (files)
        p->files = files;
    if (!copy)
        return error_nomem(err);
    p->bytes += text->len;
    files[p->count++] = (struct plugin_file){.name = copy, .text = *text};
    *text = BUF_INIT;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct plugin_file *)a)->name, ((const struct plugin_file *)b)->name);
}

static bool sum(EVP_MD_CTX *ctx, const struct plugin *p, unsigned char out[EVP_MAX_MD_SIZE])
{
    char length[32];
    bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
    for (size_t i = 0; good && i < p->count; i++) {
        const struct plugin_file *f = &p->files[i];
        int n = snprintf(length, sizeof length, "%zu", f->text.len);
        good = EVP_DigestUpdate(ctx, f->name, strlen(f->name) + 1) && EVP_DigestUpdate(ctx, length, (size_t)n + 1) &&
               (!f->text.len || EVP_DigestUpdate(ctx, f->text.ptr, f->text.len));
    }
    return good && EVP_DigestFinal_ex(ctx, out, NULL);
}

static void hexadecimal(const unsigned char bytes[EVP_MAX_MD_SIZE], char out[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

int plugin_sum(struct plugin *p, struct error *err)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    if (p->count)
        qsort(p->files, p->count, sizeof *p->files, by_name);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = sum(ctx, p, bytes);
    EVP_MD_CTX_free(ctx);
    OPENSSL_thread_stop(); /* what it keeps for this thread, which is libuv's and is never ended in order */
    if (!good)
        return error_nomem(err);
    hexadecimal(bytes, p->sha256);
    return 0;
}

int plugin_sum_text(struct str text, char sha256[65])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    bool good = EVP_Digest(text.ptr, text.len, bytes, NULL, EVP_sha256(), NULL);
    OPENSSL_thread_stop();
    if (!good)
        return ERR_NOMEM;
    hexadecimal(bytes, sha256);
    return 0;
}

const struct plugin_file *plugin_file(const struct plugin *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->files[i].name, name) == 0)
            return &p->files[i];
    }
    return NULL;
}

struct plugin *plugins_find(const struct plugins *plugins, const char *name)
{
    for (size_t i = 0; plugins && i < plugins->count; i++) {
        if (strcmp(plugins->items[i]->name, name) == 0)
            return plugins->items[i];
    }
    return NULL;
}

void plugins_free(struct plugins *plugins)
{
    for (size_t i = 0; i < plugins->count; i++)
        plugin_free(plugins->items[i]);
    free(plugins->items);
    *plugins = (struct plugins){0};
}
