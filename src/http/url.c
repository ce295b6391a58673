/* SPDX-License-Identifier: Apache-2.0 */
/* A URL taken apart by libcurl, and one shown without its secrets. */
#include "http/url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int copy_part(CURLU *handle, CURLUPart part, unsigned flags, char **out)
{
    char *text = NULL;
    CURLUcode rc = curl_url_get(handle, part, &text, flags);
    if (rc)
        return rc == CURLUE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_INVALID;
    *out = strdup(text);
    curl_free(text);
    return *out ? 0 : ERR_NOMEM;
}

static int take_apart(CURLU *handle, const char *text, const char *server_name, struct url *url)
{
    CURLUcode rc = curl_url_set(handle, CURLUPART_URL, text, CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME);
    if (rc)
        return rc == CURLUE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_INVALID;
    char *scheme = NULL;
    int code = copy_part(handle, CURLUPART_SCHEME, 0, &scheme);
    if (code)
        return code;
    url->tls = strcmp(scheme, "https") == 0;
    bool known = url->tls || strcmp(scheme, "http") == 0;
    free(scheme);
    if (!known)
        return ERR_INVALID;
    if ((code = copy_part(handle, CURLUPART_HOST, 0, &url->host)) ||
        (code = copy_part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT, &url->port)))
        return code;
    if (!url->tls || !server_name || strcasecmp(server_name, url->host) == 0) {
        url->text = strdup(text);
        return url->text ? 0 : ERR_NOMEM;
    }
    rc = curl_url_set(handle, CURLUPART_HOST, server_name, 0);
    if (rc)
        return rc == CURLUE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_INVALID;
    return copy_part(handle, CURLUPART_URL, 0, &url->text);
}

static bool has_control(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text <= ' ' || *text == 0x7F)
            return true;
    }
    return false;
}

int url_parse(const char *text, const char *server_name, struct url *url, struct error *err)
{
    *url = (struct url){0};
    char shown[URL_SHOWN_MAX];
    if (!text || has_control(text)) {
        url_show(text ? text : "", shown);
        return error_set(err, ERR_INVALID, "bad URL \"%s\": white space and control characters must be percent-encoded",
                         shown);
    }
    CURLU *handle = curl_url();
    int rc = handle ? take_apart(handle, text, server_name, url) : ERR_NOMEM;
    curl_url_cleanup(handle);
    if (rc == 0)
        return 0;
    url_free(url);
    if (rc == ERR_NOMEM)
        return error_nomem(err);
    url_show(text, shown);
    return error_set(err, ERR_INVALID, "bad URL \"%s\": it should read https://host:port/path or http://host:port/path",
                     shown);
}

void url_free(struct url *url)
{
    free(url->text);
    free(url->host);
    free(url->port);
    *url = (struct url){0};
}

int url_join(const char *base, const char *location, char **out)
{
    CURLU *handle = curl_url();
    CURLUcode rc = CURLUE_OUT_OF_MEMORY;
    if (handle)
        rc = curl_url_set(handle, CURLUPART_URL, base, CURLU_PATH_AS_IS);
    if (!rc)
        rc = curl_url_set(handle, CURLUPART_URL, location, CURLU_PATH_AS_IS | CURLU_URLENCODE);
    int code = rc == CURLUE_OUT_OF_MEMORY ? ERR_NOMEM : rc ? ERR_INVALID : copy_part(handle, CURLUPART_URL, 0, out);
    curl_url_cleanup(handle);
    return code;
}

static bool is_secret_name(const char *name, size_t len)
{
    static const char *const words[] = {"token",      "secret", "passw",   "signature",
                                        "credential", "apikey", "api_key", "auth"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        for (size_t at = 0; at + n <= len; at++) {
            if (strncasecmp(name + at, words[i], n) == 0)
                return true;
        }
    }
    return (len == 3 && (strncasecmp(name, "key", 3) == 0 || strncasecmp(name, "sig", 3) == 0));
}

struct shown {
    char *out;
    size_t len;
    bool cut;
};

static void show(struct shown *shown, const char *text, size_t n)
{
    for (; n && !shown->cut; text++, n--) {
        if (shown->len + 4 >= URL_SHOWN_MAX) {
            memcpy(shown->out + shown->len, "...", 3);
            shown->len += 3;
            shown->cut = true;
        } else {
            shown->out[shown->len++] = *text;
        }
    }
}

static void show_query(struct shown *shown, const char *query)
{
    while (*query) {
        size_t whole = strcspn(query, "&");
        size_t name = strcspn(query, "=&");
        if (name < whole && is_secret_name(query, name)) {
            show(shown, query, name + 1);
            show(shown, "***", 3);
        } else {
            show(shown, query, whole);
        }
        query += whole;
        if (*query) {
            show(shown, "&", 1);
            query++;
        }
    }
}

/* By hand and not by libcurl: what it refuses has to be shown, too, and without memory. */
void url_show(const char *text, char out[URL_SHOWN_MAX])
{
    struct shown shown = {.out = out};
    const char *authority = strstr(text, "://");
    size_t path_at = 0;
    if (authority) {
        authority += 3;
        size_t n = strcspn(authority, "/?#");
        const char *at = memrchr(authority, '@', n);
        show(&shown, text, (size_t)(authority - text));
        if (at) {
            n -= (size_t)(at + 1 - authority);
            authority = at + 1;
        }
        show(&shown, authority, n);
        path_at = (size_t)(authority - text) + n;
    }
    size_t path = strcspn(text + path_at, "?#");
    show(&shown, text + path_at, path);
    const char *query = text + path_at + path;
    if (*query == '?') {
        show(&shown, "?", 1);
        show_query(&shown, query + 1);
    }
    out[shown.len] = '\0';
}
