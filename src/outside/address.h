/* SPDX-License-Identifier: Apache-2.0 */
/* Which hosts and addresses scripts may ask: what the configuration's http.allow lists. */
#ifndef MPIJOBD_OUTSIDE_ADDRESS_H
#define MPIJOBD_OUTSIDE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

/* Is it an entry of http.allow: a name, "*.domain", "*", an address, a network ("10.0.0.0/8")? Each but the network
 * with or without ":PORT"; an IPv6 address stands in brackets then. */
bool allow_entry_good(const char *entry);

/* May a URL with this host and port be asked? allow: NULL-terminated; NULL: nothing is allowed. host as in struct url.
 * An address in a network of the list is. */
bool allow_host(const char *const *allow, const char *host, const char *port);

/* NULL where a connection to the address may be made; else why not, in words after "is". Addresses of this machine, of
 * the link and of a cloud's metadata may be asked only where the list names the address or its network ("localhost"
 * names those of this machine), whatever name has led to them. */
const char *allow_address(const char *const *allow, const struct sockaddr *address);

#endif
