/* SPDX-License-Identifier: Apache-2.0 */
/* The schemas of the definitions of JobSets, TrainJobs and Workloads, with their rules. */
#ifndef SIM_STORE_SCHEMAS_KINDS_H
#define SIM_STORE_SCHEMAS_KINDS_H

/* JSON with ' in place of ", as schema_read takes it. */
extern const char *const schema_jobset;   /* v1alpha2 of JobSet 0.12 */
extern const char *const schema_trainjob; /* v1alpha1 of Trainer 2.3 */
extern const char *const schema_workload; /* v1beta2 of Kueue 0.19 */
#endif
