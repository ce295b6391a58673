/* SPDX-License-Identifier: Apache-2.0 */
/* The credentials that are taken: those of the options and of /_sim/credentials, and the tokens that the IAM gave. */
#ifndef SIM_AUTH_CREDENTIALS_H
#define SIM_AUTH_CREDENTIALS_H
#include "sim/doc/doc.h"
#include "sim/server/sim_options.h"

struct strings {
    char **item;
    size_t count;
};

struct access_key {
    char *access, *secret, *security_token; /* security_token NULL: the key does not expire */
};

struct issued {
    char *token;
    int64_t until_us; /* simulated time */
};

struct credentials {
    struct strings tokens;
    struct strings basics;       /* "user:password" */
    struct strings certificates; /* common names; empty: any name is taken */
    struct access_key *key;
    size_t keys;
    bool client_ca;
    char *domain, *user, *password, *project; /* of the IAM; user NULL: there is no IAM */
    int64_t life_us;                          /* how long tokens of the IAM are good */
    struct issued *issued;
    size_t issued_count;
};

/* NULL, or what is wrong with the options (to be freed). */
char *credentials_init(struct credentials *c, const struct sim_options *options);
void credentials_free(struct credentials *c);
bool credentials_wanted(const struct credentials *c); /* false: every request may do everything */

/* Look-ups. */
bool strings_have(const struct strings *s, const char *text);
const struct access_key *credentials_key(const struct credentials *c, const char *access); /* or NULL */
/* The IAM gave that token, and it is still good. */
bool credentials_issued(const struct credentials *c, const char *token, int64_t now_us);

void credentials_issue(struct credentials *c, const char *token, int64_t until_us);

/* {"tokens":[...],"basic":["user:password"],"certificates":["name"],"accessKeys":[{"access","secret","securityToken"}],
 * "iamPassword":"...","iamLifetime":SECONDS,"revoke":true}: each replaces what was before; revoke forgets the tokens
 * that the IAM gave. NULL, or what is wrong (to be freed). */
char *credentials_change(struct credentials *c, json_object *doc);
#endif
