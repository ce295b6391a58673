/* SPDX-License-Identifier: Apache-2.0 */
/* The schemas of the definitions of MPIJobs, without descriptions; pod templates are kept whole. They are JSON with '
 * in place of ", because that can be read. */
#include "sim/store/schemas.h"

#define OPEN "'x-kubernetes-preserve-unknown-fields':true,'type':'object'"
#define INTEGER "{'type':'integer'}"
#define STRING "{'type':'string'}"

const char *const schema_v1_open =
    "{'type':'object','properties':{'spec':{" OPEN ",'properties':{"
    "'slotsPerWorker':{'type':'integer','minimum':1},"
    "'mpiReplicaSpecs':{'type':'object','properties':{"
    "'Launcher':{" OPEN ",'properties':{'replicas':{'type':'integer','minimum':1,'maximum':1}}},"
    "'Worker':{" OPEN ",'properties':{'replicas':{'type':'integer','minimum':1}}}}}}},"
    "'status':{" OPEN "}}}";

#define COUNTS "{'type':'object','properties':{'active':" INTEGER ",'succeeded':" INTEGER ",'failed':" INTEGER "}}"
#define CONDITIONS(types, states, more)                                                                                \
    "'conditions':{'type':'array','items':{'type':'object'," more "'properties':{'type':{'type':'string'" types        \
    "},'status':{'type':'string'" states "},'reason':" STRING ",'message':" STRING ",'lastUpdateTime':" STRING         \
    ",'lastTransitionTime':" STRING "}}}"
#define TIMES "'startTime':" STRING ",'completionTime':" STRING ",'lastReconcileTime':" STRING
#define STATES ",'enum':['True','False','Unknown']"
#define COUNT "{'type':'integer','minimum':0}"
#define REPLICA_V03(limits)                                                                                            \
    "{'type':'object','properties':{'replicas':{'type':'integer','minimum':1" limits "},'template':{" OPEN             \
    "},'restartPolicy':{'type':'string','enum':['Never','OnFailure']}}}"

const char *const schema_v2beta1_v03 =
    "{'type':'object','properties':{'spec':{'type':'object','properties':{"
    "'slotsPerWorker':{'type':'integer','minimum':1},"
    "'runPolicy':{'type':'object','properties':{"
    "'cleanPodPolicy':{'type':'string','enum':['None','Running','All']},"
    "'ttlSecondsAfterFinished':" COUNT ",'activeDeadlineSeconds':" COUNT ",'backoffLimit':" COUNT
    "}},'sshAuthMountPath':" STRING ","
    "'mpiImplementation':{'type':'string','enum':['OpenMPI','Intel']},"
    "'mpiReplicaSpecs':{'type':'object','required':['Launcher'],'properties':{"
    "'Launcher':" REPLICA_V03(",'maximum':1") ",'Worker':" REPLICA_V03(
        "") "}}}},"
            "'status':{'type':'object','properties':{" CONDITIONS(
                ",'enum':['Created','Running','Restarting','Succeeded','Failed']", STATES,
                "") ",'replicaStatuses':{'type':'object','properties':{'Launcher':" COUNTS ",'Worker':" COUNTS
                    "}}," TIMES "}}}}";

#define REPLICAS_MAP                                                                                                   \
    "'mpiReplicaSpecs':{'type':'object','additionalProperties':{'type':'object','properties':{"                        \
    "'replicas':" INTEGER ",'restartPolicy':" STRING ",'template':{" OPEN "}}}}"
#define RUN_POLICY(queue)                                                                                              \
    "'runPolicy':{'type':'object','properties':{'activeDeadlineSeconds':" INTEGER ",'backoffLimit':" INTEGER           \
    ",'cleanPodPolicy':" STRING ",'managedBy':" STRING ",'ttlSecondsAfterFinished':" INTEGER                           \
    ",'suspend':{'type':'boolean','default':false},'schedulingPolicy':{'type':'object','properties':{"                 \
    "'minAvailable':" INTEGER ",'minResources':{'type':'object','additionalProperties':{}},'priorityClass':" STRING    \
    ",'queue':{'type':'string'" queue "},'scheduleTimeoutSeconds':" INTEGER "}}}}"
#define STATUS_MAP(states)                                                                                             \
    "'status':{'type':'object','properties':{" CONDITIONS(                                                             \
        "", states, "'required':['status','type'],") ",'replicaStatuses':{'type':'object','additionalProperties':{"    \
                                                     "'type':'object','properties':{'active':" INTEGER                 \
                                                     ",'failed':" INTEGER ",'succeeded':" INTEGER                      \
                                                     ",'selector':" STRING ",'labelSelector':{" OPEN "}}}}," TIMES     \
                                                     "}}"

const char *const schema_v2beta1 =
    "{'type':'object','properties':{'spec':{'type':'object','required':['mpiReplicaSpecs'],"
    "'properties':{"
    "'launcherCreationPolicy':{'type':'string','default':'AtStartup'},"
    "'mpiImplementation':{'type':'string','enum':['OpenMPI','Intel','MPICH'],'default':'OpenMPI'},"
    "'runLauncherAsWorker':{'type':'boolean','default':false},"
    "'slotsPerWorker':{'type':'integer','default':1},"
    "'sshAuthMountPath':{'type':'string','default':'/root/.ssh'}," REPLICAS_MAP
    "," RUN_POLICY("") "}}," STATUS_MAP(STATES) "}}";

const char *const schema_training_operator =
    "{'type':'object','properties':{'spec':{'type':'object','required':['mpiReplicaSpecs'],"
    "'properties':{"
    "'cleanPodPolicy':" STRING ",'mainContainer':" STRING ",'slotsPerWorker':" INTEGER "," REPLICAS_MAP
    "," RUN_POLICY(",'x-immutable':true") "}}," STATUS_MAP("") "}}";

#define ROLES                                                                                                          \
    "{'type':'object','additionalProperties':{'type':'object','properties':{'replicas':" INTEGER                       \
    ",'restartPolicy':" STRING ",'template':{" OPEN "}}}}"

const char *const schema_siblings =
    "{'type':'object','properties':{'spec':{'type':'object','properties':{"
    "'tfReplicaSpecs':" ROLES ",'pytorchReplicaSpecs':" ROLES ",'mxReplicaSpecs':" ROLES ",'elasticPolicy':{" OPEN
    "},'nprocPerNode':" STRING ",'successPolicy':" STRING ",'enableDynamicWorker':{'type':'boolean'},'jobMode':" STRING
    "," RUN_POLICY("") "}}," STATUS_MAP("") "}}";

const char *const schema_open = "{" OPEN "}";
