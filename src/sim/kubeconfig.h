#ifndef SIM_KUBECONFIG_H
#define SIM_KUBECONFIG_H
#include "base/error.h"

/* Writes a kubeconfig in one step (a reader sees all of it or nothing). ca, token, view_token may be NULL. */
int kubeconfig_write(const char *path, const char *url, const char *ca, const char *token, const char *view_token,
                     struct error *err);
#endif
