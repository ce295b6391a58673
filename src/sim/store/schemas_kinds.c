/* SPDX-License-Identifier: Apache-2.0 */
/* The schemas of the definitions of JobSets, TrainJobs and Workloads, without descriptions. Pod templates and the
 * status are kept whole. What the definitions say in CEL stands here as x-immutable (`self == oldSelf`, with its
 * message), x-among (`self in [...]`), x-name and x-while, which doc/schema.h explains. Left out are the rules about
 * parts that are kept whole, and those that compare two members. */
#include "sim/store/schemas_kinds.h"

#define OPEN "{'x-kubernetes-preserve-unknown-fields':true,'type':'object'}"
#define OPENS "{'type':'array','items':" OPEN "}"
#define INTEGER "{'type':'integer'}"
#define COUNT "{'type':'integer','minimum':0}"
#define BOOLEAN "{'type':'boolean'}"
#define STRING "{'type':'string'}"
#define STRINGS "{'type':'array','items':" STRING "}"
#define FROZEN(message) "'x-immutable':'" message "',"
#define WHOLE_STATUS "'status':" OPEN

/* ---- JobSet */

#define SET_FROZEN FROZEN("Value is immutable")

#define JOB_TEMPLATE                                                                                                   \
    "{'type':'object','properties':{'metadata':" OPEN ",'spec':{'type':'object','required':['template'],'properties':" \
    "{'activeDeadlineSeconds':" INTEGER ",'backoffLimit':" INTEGER ",'backoffLimitPerIndex':" INTEGER                  \
    ",'completionMode':" STRING ",'completions':" INTEGER ",'managedBy':" STRING ",'manualSelector':" BOOLEAN          \
    ",'maxFailedIndexes':" INTEGER ",'parallelism':" INTEGER ",'podFailurePolicy':" OPEN                               \
    ",'podReplacementPolicy':" STRING ",'selector':" OPEN ",'successPolicy':" OPEN ",'suspend':" BOOLEAN               \
    ",'template':" OPEN ",'ttlSecondsAfterFinished':" INTEGER "}}}}"

#define REPLICATED_JOB                                                                                                 \
    "{'type':'object','required':['name','template'],'properties':{"                                                   \
    "'dependsOn':{'type':'array'," SET_FROZEN "'x-kubernetes-list-map-keys':['name'],'items':{'type':'object',"        \
    "'required':['name','status'],'properties':{'name':" STRING ",'status':"                                           \
    "{'type':'string','enum':['Ready','Complete']}"                                                                    \
    "}}},'groupName':{'type':'string','default':'default'},'name':" STRING                                             \
    ",'replicas':{'type':'integer','default':1},'template':" JOB_TEMPLATE "}}"

#define ACTION                                                                                                         \
    "{'type':'string','enum':['FailJobSet','RestartJobSet','RestartJobSetAndIgnoreMaxRestarts','RestartJob',"          \
    "'RestartJobAndIgnoreMaxRestarts']}"

#define FAILURE_RULE                                                                                                   \
    "{'type':'object','required':['action','name'],'properties':{'action':" ACTION ",'name':" STRING                   \
    ",'onJobFailureMessagePatterns':" STRINGS ",'onJobFailureReasons':" STRINGS ",'targetReplicatedJobs':" STRINGS     \
    "}}"

const char *const schema_jobset =
    "{'type':'object','properties':{'spec':{'type':'object','properties':{"
    "'coordinator':{'type':'object','required':['replicatedJob'],'properties':{'jobIndex':" INTEGER
    ",'podIndex':" INTEGER ",'replicatedJob':" STRING "}},"
    "'failurePolicy':{'type':'object'," SET_FROZEN "'properties':{'maxRestarts':" INTEGER
    ",'restartStrategy':{'type':'string','default':'Recreate','enum':['Recreate','BlockingRecreate','"
    "InPlaceRestart']},"
    "'rules':{'type':'array','items':" FAILURE_RULE "}}},"
    "'managedBy':" STRING ","
    "'network':{'type':'object'," SET_FROZEN "'properties':{'enableDNSHostnames':" BOOLEAN
    ",'publishNotReadyAddresses':" BOOLEAN ",'subdomain':" STRING "}},"
    "'replicatedJobs':{'type':'array','x-kubernetes-list-map-keys':['name'],'items':" REPLICATED_JOB "},"
    "'startupPolicy':{'type':'object'," SET_FROZEN
    "'required':['startupPolicyOrder'],'properties':{'startupPolicyOrder':"
    "{'type':'string','enum':['AnyOrder','InOrder']}"
    "}},"
    "'successPolicy':{'type':'object'," SET_FROZEN "'required':['operator'],'properties':{'operator':"
    "{'type':'string','enum':['All','Any']}"
    ",'targetReplicatedJobs':" STRINGS "}},"
    "'suspend':" BOOLEAN ",'ttlSecondsAfterFinished':" COUNT ",'volumeClaimPolicies':{'type':'array'," SET_FROZEN
    "'items':" OPEN "}}}," WHOLE_STATUS "}}";

/* ---- TrainJob */

#define TRAIN_FROZEN FROZEN("field is immutable")

#define SOURCE                                                                                                         \
    "{'type':'object','properties':{'env':" OPENS ",'secretRef':" OPEN ",'storageUri':{'type':'string',"               \
    "'maxLength':2048}}}"

const char *const schema_trainjob =
    "{'type':'object',"
    "'x-name':{'label':'metadata.name must match RFC 1035 DNS label format',"
    "'length':'metadata.name must be no more than 63 characters'},"
    "'properties':{'spec':{'type':'object','required':['runtimeRef'],'properties':{"
    "'activeDeadlineSeconds':{'type':'integer'," TRAIN_FROZEN "'minimum':1},"
    "'initializer':{'type':'object'," TRAIN_FROZEN "'properties':{'dataset':" SOURCE ",'model':" SOURCE "}},"
    "'managedBy':{'type':'string'," TRAIN_FROZEN "'maxLength':253,'default':'trainer.kubeflow.org/trainjob-controller',"
    "'x-among':{'values':['trainer.kubeflow.org/trainjob-controller','kueue.x-k8s.io/multikueue'],"
    "'message':'ManagedBy must be trainer.kubeflow.org/trainjob-controller or kueue.x-k8s.io/multikueue if set'}},"
    "'runtimePatches':{'type':'array','x-kubernetes-list-map-keys':['manager'],'items':{'type':'object',"
    "'required':['manager'],'properties':{'manager':{'type':'string'," TRAIN_FROZEN "'minLength':1,'maxLength':253},"
    "'time':" STRING ",'trainingRuntimeSpec':{'type':'object','properties':{'template':" OPEN "}}}}},"
    "'runtimeRef':{'type':'object'," TRAIN_FROZEN "'required':['name'],'properties':{"
    "'apiGroup':{'type':'string','default':'trainer.kubeflow.org','maxLength':253},"
    "'kind':{'type':'string','default':'ClusterTrainingRuntime','maxLength':253},"
    "'name':{'type':'string','minLength':1,'maxLength':253}}},"
    "'suspend':{'type':'boolean','default':false},"
    "'trainer':{'type':'object'," TRAIN_FROZEN "'properties':{'args':" STRINGS ",'command':" STRINGS ",'env':" OPENS
    ",'image':{'type':'string','maxLength':500},'numNodes':" INTEGER ",'numProcPerNode':" INTEGER
    ",'resourcesPerNode':{'type':'object','properties':{'claims':" OPENS ",'limits':" OPEN ",'requests':" OPEN
    "}}}}}}," WHOLE_STATUS "}}";

/* ---- Workload */

#define RESERVED "'condition':'QuotaReserved',"
#define CLASS "'path':['spec','priorityClassRef'"

const char *const schema_workload =
    "{'type':'object',"
    "'x-while':["
    "{" RESERVED CLASS "],'presence':true,'message':'priorityClassRef is immutable while workload quota reserved'},"
    "{" RESERVED CLASS
    ",'group'],'if-both':true,'message':'priorityClassRef.group is immutable while workload quota reserved'},"
    "{" RESERVED CLASS
    ",'kind'],'if-both':true,'message':'priorityClassRef.kind is immutable while workload quota reserved'},"
    "{" RESERVED "'and-after':true,'path':['spec','queueName'],"
    "'message':'queueName is immutable while workload quota reserved'},"
    "{'condition':'Admitted','and-after':true,'path':['spec','maximumExecutionTimeSeconds'],"
    "'message':'maximumExecutionTimeSeconds is immutable while workload quota reserved'}],"
    "'properties':{'spec':{'type':'object','properties':{"
    "'active':{'type':'boolean','default':true},"
    "'maximumExecutionTimeSeconds':{'type':'integer','minimum':1},"
    "'podSets':{'type':'array','minItems':1,'maxItems':18,'x-kubernetes-list-map-keys':['name'],'items':{'type':"
    "'object','required':['template'],'properties':{'count':{'type':'integer','minimum':0,'default':1},"
    "'minCount':{'type':'integer','minimum':1},'name':{'type':'string','default':'main','maxLength':63},"
    "'template':" OPEN ",'topologyRequest':" OPEN "}}},"
    "'preemptionGates':" OPENS ",'priority':" INTEGER ","
    "'priorityClassRef':{'type':'object','required':['group','kind','name'],'properties':{'group':"
    "{'type':'string','enum':['kueue.x-k8s.io','scheduling.k8s.io']}"
    ",'kind':"
    "{'type':'string','enum':['WorkloadPriorityClass','PriorityClass']}"
    ",'name':" STRING "}},"
    "'queueName':{'type':'string',"
    "'maxLength':253}}}," WHOLE_STATUS "}}";
