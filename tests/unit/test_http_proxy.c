/* SPDX-License-Identifier: Apache-2.0 */
/* Which proxy, and which servers are excepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/proxy.h"

static struct url parse(const char *text)
{
    struct url url;
    assert_int_equal(url_parse(text, NULL, &url, NULL), 0);
    return url;
}

static void lists(void **state)
{
    (void)state;
    static const struct {
        const char *list, *server;
        bool excepted;
    } cases[] = {
        {"", "https://api.example.com", false},
        {"*", "https://api.example.com", true},
        {"other.com, *", "https://api.example.com", true},
        {"example.com", "https://api.example.com", true},
        {"example.com", "https://example.com", true},
        {"EXAMPLE.com", "https://Api.example.COM", true},
        {"example.com", "https://notexample.com", false},
        {".example.com", "https://api.example.com", true},
        {".example.com", "https://example.com", false},
        {"*.example.com", "https://api.example.com", true},
        {"*.example.com", "https://example.com", false},
        {"api.example.com:6443", "https://api.example.com:6443", true},
        {"api.example.com:6443", "https://api.example.com", false},
        {"api.example.com:443", "https://api.example.com", true},
        {"10.1.2.3", "https://10.1.2.3:6443", true},
        {"10.1.2.3:6443", "https://10.1.2.3:6443", true},
        {"10.1.2.3:6444", "https://10.1.2.3:6443", false},
        {"1.2.3", "https://10.1.2.3", false},
        {"10.0.0.0/8", "https://10.1.2.3", true},
        {"10.0.0.0/8", "https://11.1.2.3", false},
        {"10.1.2.0/23", "https://10.1.3.9", true},
        {"10.1.2.0/23", "https://10.1.4.9", false},
        {"0.0.0.0/0", "https://10.1.4.9", true},
        {"10.1.2.3/32", "https://10.1.2.3", true},
        {"10.1.2.0/33", "https://10.1.2.3", false},
        {"10.1.2.0/", "https://10.1.2.3", false},
        {"10.1.2.0/x", "https://10.1.2.3", false},
        {"10.0.0.0/8", "https://api.example.com", false},
        {"fd00::1", "https://[fd00::1]:6443", true},
        {"[fd00::1]", "https://[fd00::1]:6443", true},
        {"[fd00::1]:6443", "https://[fd00::1]:6443", true},
        {"[fd00::1]:1", "https://[fd00::1]:6443", false},
        {"fd00::/8", "https://[fd12::1]", true},
        {"fd00::/8", "https://[fe12::1]", false},
        {"::/0", "https://10.1.2.3", false},
        {" , ,a.b ,", "https://a.b", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct url url = parse(cases[i].server);
        if (proxy_excepts(cases[i].list, &url) != cases[i].excepted)
            fail_msg("NO_PROXY=%s and %s", cases[i].list, cases[i].server);
        url_free(&url);
    }
}

static void variables(void **state)
{
    (void)state;
    static const char *const names[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy",
                                        "ALL_PROXY",   "all_proxy",   "NO_PROXY",   "no_proxy"};
    struct url tls = parse("https://api.example.com"), plain = parse("http://api.example.com"),
               here = parse("https://127.0.0.1:1");
    for (size_t i = 0; i < 8; i++)
        unsetenv(names[i]);
    assert_string_equal(proxy_for(&tls, NULL), "");
    for (size_t i = 0; i < 6; i++) {
        setenv(names[i], "http://p", 1);
        assert_string_equal(proxy_for(&tls, NULL), i < 2 || i > 3 ? "http://p" : "");
        assert_string_equal(proxy_for(&plain, NULL), i > 1 ? "http://p" : "");
        assert_string_equal(proxy_for(&here, NULL), "");
        assert_string_equal(proxy_for(&here, "http://q"), "http://q");
        assert_string_equal(proxy_for(&tls, ""), "");
        unsetenv(names[i]);
    }
    setenv("ALL_PROXY", "http://p", 1);
    for (size_t i = 6; i < 8; i++) {
        setenv(names[i], "example.com", 1);
        assert_string_equal(proxy_for(&tls, NULL), "");
        assert_string_equal(proxy_for(&tls, "http://q"), "http://q");
        unsetenv(names[i]);
    }
    static const char *const near[] = {"https://127.9.9.9", "https://127.1", "https://[::1]", "https://[0:0::1]:1",
                                       "http://LocalHost"},
                             *const far[] = {"https://127.example.com", "https://[::2]", "https://[fe80::1%251]"};
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        struct url url = parse(near[i]);
        assert_string_equal(proxy_for(&url, NULL), "");
        url_free(&url);
    }
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        struct url url = parse(far[i]);
        assert_string_equal(proxy_for(&url, NULL), "http://p");
        url_free(&url);
    }
    unsetenv("ALL_PROXY");
    url_free(&tls);
    url_free(&plain);
    url_free(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists), cmocka_unit_test(variables)};
    return cmocka_run_group_tests_name("http_proxy", tests, NULL, NULL);
}
