/* SPDX-License-Identifier: Apache-2.0 */
/* Which proxy a request goes through: the configured one, else the environment's (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in
 * capitals or small letters), as kubectl chooses. libcurl is told, because it would look at the name that it announces
 * (tls-server-name), not at the server's. */
#ifndef MPIJOBD_HTTP_PROXY_H
#define MPIJOBD_HTTP_PROXY_H

#include "http/url.h"

/* configured: NULL: the environment's, which never is for this machine; "": none. What it gives is configured itself or
 * the environment's; it may hold a password. */
const char *proxy_for(const struct url *url, const char *configured);

/* The part of it that tests and the fuzzer try by itself: is the server excepted by a list as NO_PROXY's? Names (with
 * their subdomains), ".domain" (these alone), addresses, networks ("10.0.0.0/8"),
 * each with or without ":port", or "*". */
bool proxy_excepts(const char *list, const struct url *url);

#endif
