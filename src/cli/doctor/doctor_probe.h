/* SPDX-License-Identifier: Apache-2.0 */
/* One request as the daemon makes it: how far it comes, and which certificate the server has. Blocks, with a time
 * limit. */
#ifndef MPIJOBD_CLI_DOCTOR_DOCTOR_PROBE_H
#define MPIJOBD_CLI_DOCTOR_DOCTOR_PROBE_H

#include <openssl/x509.h>

#include "http/tls_material.h"
#include "kube/config/kube_config.h"

enum probe_reach {
    PROBE_NOTHING,   /* no address, or no connection */
    PROBE_CONNECTED, /* but TLS failed */
    PROBE_TRUSTED,   /* TLS too, but no answer came (without TLS: connected) */
    PROBE_ANSWERED,
};

struct probe {
    bool tls;
    enum probe_reach reach;
    bool timeout;
    char detail[256]; /* why it came no further, in words */
    char host[256], port[8],
        address[64];   /* of the server; address: of the connection (maybe a proxy's), "" without one */
    X509 *certificate; /* the server's, verified or not; NULL: none was shown */
    int status;
    int64_t date,
        received; /* the Date header in seconds (0: none); this machine's clock when it came, in microseconds */
};

/* GET /version, with the client certificate and no other credentials. material: the CAs to trust and the client
 * certificate; NULL: trust any server, and show no certificate. ERR_INVALID: a bad URL; ERR_NOMEM. */
int probe_run(struct probe *probe, const struct kube_config *config, const struct tls_material *material,
              uint64_t timeout_ms, struct error *err);
void probe_free(struct probe *probe);

#endif
