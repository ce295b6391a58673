/* SPDX-License-Identifier: Apache-2.0 */
/* The schemas of the definitions of MPIJobs and their siblings, as texts for schema_read. */
#ifndef SIM_STORE_SCHEMAS_H
#define SIM_STORE_SCHEMAS_H

extern const char *const schema_v1_open; /* v1alpha2 and v1 of mpi-operator v0.3.0: nearly every field is let through */
extern const char *const schema_v2beta1_v03;       /* v2beta1 of mpi-operator v0.3.0 */
extern const char *const schema_v2beta1;           /* mpi-operator v0.4 and later */
extern const char *const schema_siblings;          /* TFJob, PyTorchJob and MXJob of v1, in one */
extern const char *const schema_open;              /* every field is let through */
extern const char *const schema_training_operator; /* v1 of training-operator v1.9.0 */
#endif
