/* Who may come in: what the options and /_sim/credentials say, and the tokens that the IAM has given. */
#ifndef SIM_AUTH_CREDENTIALS_H
#define SIM_AUTH_CREDENTIALS_H
#include "sim/doc/doc.h"
#include "sim/server/sim_options.h"

struct strings {
    char **item;
    size_t count;
};

struct access_key {
    char *access, *secret, *security_token; /* security_token NULL: a lasting key */
};

struct issued {
    char *token;
    int64_t until_us; /* simulated time */
};

struct credentials {
    struct strings tokens, basics /* "user:password" */, certificates /* common names; none: any */;
    struct access_key *key;
    size_t keys;
    bool client_ca;
    char *domain, *user, *password, *project; /* of the IAM; user NULL: there is none */
    int64_t life_us;                          /* of its tokens */
    struct issued *issued;
    size_t issued_count;
};

/* NULL, or what is wrong with the options. */
char *credentials_init(struct credentials *c, const struct sim_options *options);
void credentials_free(struct credentials *c);
bool credentials_wanted(const struct credentials *c); /* false: everybody may do everything */

bool strings_have(const struct strings *s, const char *text);
const struct access_key *credentials_key(const struct credentials *c, const char *access);
bool credentials_issued(const struct credentials *c, const char *token, int64_t now_us);
void credentials_issue(struct credentials *c, const char *token, int64_t until_us);

/* {"tokens":[...],"basic":["user:password"],"certificates":["name"],"accessKeys":[{"access","secret","securityToken"}],
 * "iamPassword":"...","iamLifetime":SECONDS,"revoke":true}: each replaces what there was; revoke forgets the tokens
 * that the IAM gave. NULL, or what is wrong. */
char *credentials_change(struct credentials *c, json_object *doc);
#endif
