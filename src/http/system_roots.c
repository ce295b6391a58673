/* SPDX-License-Identifier: Apache-2.0 */
/* Places, the files in them, and the certificates in these. */
#include "http/system_roots.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "http/hashed_roots.h"

#define FILE_MAX (4u << 20)
#define ALL_MAX (16u << 20)
#define ENTRIES_MAX 65536u
#define PATH_SIZE 4096
#define CURE "install the package ca-certificates, or name a file of PEM certificates in SSL_CERT_FILE"

/* Where distributions have all of them in one file, for images without the folder of hashes. */
static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"};

struct reading {
    X509_STORE *store;
    struct hashed_roots *hashed; /* of the store; NULL: none yet */
    size_t certificates, bytes;
};

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* ---- files ---- */

static int read_file(struct reading *r, const char *path, struct buf *text, struct error *err)
{
    int rc = buf_read_file(text, path, FILE_MAX, err);
    r->bytes += text->len;
    return rc;
}

static int add_file(struct reading *r, const char *path, struct error *err)
{
    struct buf text = BUF_INIT;
    int rc = read_file(r, path, &text, err);
    int found = !rc && text.len ? roots_add(r->store, buf_str(&text)) : 0;
    buf_free(&text);
    if (found < 0)
        return error_nomem(err);
    r->certificates += (size_t)found;
    return rc;
}

/* ---- folders ---- */

/* "1a2b3c4d.0", as openssl rehash names the links. */
static bool is_hash(const char *name)
{
    size_t digits = strspn(name, "0123456789abcdef");
    return digits == 8 && name[8] == '.' && name[9] && strspn(name + 9, "0123456789") == strlen(name + 9);
}

/* It is parsed when its certificate is needed. */
static int add_hashed(struct reading *r, const char *path, unsigned long hash)
{
    struct buf text = BUF_INIT;
    struct error err;
    int rc = read_file(r, path, &text, &err);
    bool any = !rc && text.len && memmem(text.ptr, text.len, "-----BEGIN ", 11);
    if (any && !r->hashed && !(r->hashed = hashed_roots_new(r->store)))
        rc = ERR_NOMEM;
    else if (any)
        rc = hashed_roots_add(r->hashed, hash, buf_str(&text));
    buf_free(&text);
    r->certificates += any;
    return rc == ERR_NOMEM ? rc : 0;
}

static int add_entries(struct reading *r, DIR *dir, const char *path, struct error *err)
{
    char file[PATH_SIZE];
    unsigned entries = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (++entries > ENTRIES_MAX || r->bytes > ALL_MAX)
            return error_set(err, ERR_LIMIT,
                             "%.1000s holds more than %u files or %u MiB of CA certificates; name a smaller folder in "
                             "SSL_CERT_DIR",
                             path, ENTRIES_MAX, ALL_MAX >> 20);
        if (!is_hash(entry->d_name))
            continue;
        int n = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (n > 0 && (size_t)n < sizeof file && add_hashed(r, file, strtoul(entry->d_name, NULL, 16)))
            return error_nomem(err);
    }
    return 0;
}

static int add_folder(struct reading *r, const char *path, struct error *err)
{
    DIR *dir = opendir(path); /* a pipe is refused at once */
    if (!dir)
        return 0;
    int rc = add_entries(r, dir, path, err);
    closedir(dir);
    return rc;
}

/* The list's next folder; false: that was the last. */
static bool next_folder(const char **list, char path[PATH_SIZE])
{
    while (**list) {
        size_t n = strcspn(*list, ":");
        int written = snprintf(path, PATH_SIZE, "%.*s", (int)n, *list);
        *list += n + ((*list)[n] == ':');
        if (n && written > 0 && written < PATH_SIZE)
            return true;
    }
    return false;
}

static const char *folders(void)
{
    const char *given = from_environment("SSL_CERT_DIR");
    return given ? given : X509_get_default_cert_dir();
}

/* ---- all ---- */

/* A file that is not there is left to the folders, as OpenSSL does. */
static int add_named(struct reading *r, struct error *err)
{
    const char *given = from_environment("SSL_CERT_FILE");
    int rc = add_file(r, given ? given : X509_get_default_cert_file(), err);
    if (!rc || (rc != ERR_NOMEM && (rc == ERR_NOT_FOUND || !given)))
        return 0;
    if (rc != ERR_NOMEM)
        error_prefix(err, "SSL_CERT_FILE");
    return rc;
}

static int none_found(struct error *err)
{
    const char *file = from_environment("SSL_CERT_FILE");
    return error_set(err, ERR_NOT_FOUND, "there is no CA certificate of this system in %.1000s nor in %.1000s; " CURE,
                     file ? file : X509_get_default_cert_file(), folders());
}

int system_roots_read(X509_STORE *store, struct error *err)
{
    struct reading r = {.store = store};
    char path[PATH_SIZE];
    int rc = add_named(&r, err);
    for (const char *list = folders(); !rc && next_folder(&list, path);)
        rc = add_folder(&r, path, err);
    bool given = from_environment("SSL_CERT_FILE") || from_environment("SSL_CERT_DIR");
    for (size_t i = 0; !rc && !given && !r.certificates && i < sizeof bundles / sizeof *bundles; i++) {
        if (add_file(&r, bundles[i], err) == ERR_NOMEM)
            rc = ERR_NOMEM;
    }
    if (!rc && !r.certificates)
        rc = none_found(err);
    return rc;
}

/* ---- has it changed? ---- */

static uint64_t mix(uint64_t sum, uint64_t number)
{
    return (sum ^ number) * UINT64_C(0x100000001b3); /* as FNV-1a does with bytes */
}

static uint64_t mix_path(uint64_t sum, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return mix(sum, 1);
    sum = mix(mix(sum, (uint64_t)st.st_dev), (uint64_t)st.st_ino);
    sum = mix(mix(sum, (uint64_t)st.st_size), (uint64_t)st.st_mtim.tv_sec);
    return mix(sum, (uint64_t)st.st_mtim.tv_nsec);
}

uint64_t system_roots_stamp(void)
{
    const char *file = from_environment("SSL_CERT_FILE");
    uint64_t sum = mix_path(UINT64_C(0xcbf29ce484222325), file ? file : X509_get_default_cert_file());
    char path[PATH_SIZE];
    for (const char *list = folders(); next_folder(&list, path);)
        sum = mix_path(sum, path);
    for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++)
        sum = mix_path(sum, bundles[i]);
    return sum;
}
