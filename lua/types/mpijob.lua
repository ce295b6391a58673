-- SPDX-License-Identifier: Apache-2.0
---@meta mpijob
-- luacheck: no max line length
-- luacheck: no unused
-- Annotations for the Lua language server; the program never reads this file.

---An operation that can fail outside the script's control returns nil and such a table; a mistake of the script (a wrong type, an
---unknown field) raises an error instead. Prints as "reason: message".
---@class mpijobd.Error
---@field code integer the HTTP status, 0 where there was none
---@field reason string one word. Kubernetes' own (`NotFound`, `Conflict`, `Forbidden`, `Invalid`...) or `Timeout`, `Unreachable`, `Protocol` (the answer makes no sense), `Dropped` (the server said 200 and did not keep the value), `Refused` (destructive, or harmful), `Limit`, `Cancelled`, `Syntax`, `IO`
---@field message string a sentence that names the thing
---@field retryable boolean the same call may succeed later

---@class mpijobd.Workers
---@field replicas integer as the spec asks for
---@field active? integer as the status says; of a job that has ended, where the status does not keep it, the pods are counted, once a run (that waits, and needs `list` on pods); nil where neither tells

---What Kueue makes of a job. What its Workload tells is looked up when it is asked for: all Workloads in scope are listed once a run (that waits,
---and needs `list` on `workloads.kueue.x-k8s.io`; where they cannot be listed it raises an error), unless a policy has them watched (`match.kueue`
---with a state, and `on`).
---@class mpijobd.Kueue
---@field managed boolean by the label `kueue.x-k8s.io/queue-name`, or by Kueue's marks on a job that runs; where false, all else is nil
---@field queue? string of the label
---@field state? "waiting"|"admitted"|"stopped"|"finished" `stopped`: spec.active of its Workload is false; nil where the server has no Kueue
---@field admitted? boolean
---@field active? boolean
---@field workload? string the Workload's name; nil where it has none yet
---@field reason? string of the condition that decides the state, such as "Preempted"
---@field message? string why it waits

---A job as it was when it was read; read-only. A field that does not exist raises an error that names the nearest one.
---Times are seconds since 1970, durations seconds; nil where they have no meaning.
---@class mpijobd.Job
---@field name string
---@field namespace string
---@field key string "namespace/name"
---@field uid string
---@field resourceVersion string
---@field kind "MPIJob"|"TFJob"|"PyTorchJob"|"MXJob"|"TrainJob"|"JobSet"|"Job"
---@field version "v1alpha2"|"v1"|"v2beta1" through which it was read
---@field as_of number the instant of which it is, seconds since 1970: when the cache last heard of the server, or when it was read
---@field cluster string the configuration's name of the cluster that it was read from; `"default"` where there is but one
---@field controller "mpi-operator"|"training-operator"|"cci"|"unknown" which acts on it, as far as is known
---@field labels table<string, string> a copy; empty where the job has no labels
---@field annotations table<string, string> a copy
---@field phase mpijobd.Phase
---@field reason string of the condition that decides the phase, such as "MPIJobEvicted"; "" where it has no reason
---@field evicted boolean Failed with reason MPIJobEvicted
---@field created number
---@field started number? status.startTime
---@field finished number? completionTime; of an evicted job, when the condition was set
---@field age number seconds since its creation, by the daemon's clock
---@field pending_for number? nil unless it is Pending
---@field running_for number? nil unless it is Running
---@field finished_for number? nil unless it has ended
---@field workers mpijobd.Workers
---@field kueue mpijobd.Kueue
---@field gpus integer asked for by all roles together: nvidia.com/gpu, amd.com/gpu and their like, or the configuration's gpu_resources
---@field cleanPodPolicy string? the value in force, from the place that the controller reads; may be a bad one, such as "running"
---@field activeDeadlineSeconds integer?
---@field backoffLimit integer?
---@field ttlSecondsAfterFinished integer?
---@field suspend boolean?
---@field managedBy string?
---@field schedulingPolicy table?
local Job = {}

---What stands at a JSON pointer (RFC 6901: `~1` is a slash, `~0` a tilde) in the object; nil where nothing does, `json.null` for null.
---Integers stay integers, arrays stay arrays.
---
---    job:get("/metadata/annotations/ops.example.com~1capped")
---@param pointer string `""` is the whole object
---@return any
function Job:get(pointer) end

---The object's bytes, as the server sent them.
---@return string
function Job:json() end

---The whole object as a table, a copy.
---@return table
function Job:table() end

---@alias mpijobd.Effect
---| "effective" # a controller acts on it now
---| "at-finish" # it is acted on when the job ends
---| "late" # a controller acts on it with the job's next event, up to hours after its time; the message says what brings that forward
---| "stored" # labels and annotations: nothing was to happen
---| "inert" # stored, and no controller will ever act on it
---| "reverted" # another controller (Kueue) puts it back, and kills the job's pods all the same; refused unless allowed
---| "destructive" # it ends or deletes the job now; refused unless allowed
---| "unchanged" # it was so already, nothing was sent
---| "unknown" # no experiment tells

---@class mpijobd.Difference
---@field path string JSON pointer
---@field before any json.null: it was not there
---@field after any json.null: it was removed

---@class mpijobd.Result
---@field changed boolean something was sent (in a dry run: would be)
---@field dry_run boolean nothing was sent. Calls with the option dry_run count neither in `run.changed` nor for `limits`
---@field effect mpijobd.Effect of the whole change: that of its weightiest part
---@field message string why, in a sentence
---@field resourceVersion string after the change
---@field diff mpijobd.Difference[]
---@field effect_seen? boolean with wait_effect: whether the effect came; nil where nothing is to be seen of it, or nobody may look
---@field effect_after? number seconds after the server's answer
---@field effect_message? string with wait_effect: what was seen ("its workers are gone"), or why not
---@field child? mpijobd.Difference[] with through_child: of the child that was changed, an MPIJob's launcher or a Job; nil where none was
---@field launcher? mpijobd.Difference[] of an MPIJob the same as child
---@field warnings string[] of the server
---@field object? string of replace_object: the object's bytes as the server gave it back

---@class mpijobd.ReplaceOptions
---@field dry_run? boolean judge it, and send nothing
---@field resourceVersion? string only if the job is still at this version; else nil and an error with reason Conflict
---@field destructive? boolean allow a change that ends or deletes the job at once
---@field wait_effect? string|integer a duration such as "30s", or seconds: wait until the effect is there, at most so long
---@field through_child? boolean where the job's own field does not act, or does more harm, change a child: the launcher of an MPIJob, too; the Job of a TrainJob or a JobSet instead
---@field through_launcher? boolean the same for MPIJobs alone: where the job's own field does not act on a running job (a deadline under mpi-operator), change its launcher too

---@class mpijobd.StopOptions
---@field dry_run? boolean say what would be done, and do nothing
---@field wait? string|number so long its pods are waited for, a duration such as "5m", or seconds; 0: they are not (default "2m")

---@class mpijobd.ResumeOptions
---@field dry_run? boolean say what would be done, and do nothing

---@class mpijobd.StopResult
---@field changed boolean something was changed, or would be; false: it was so already, or the job has ended
---@field dry_run boolean nothing was written: a dry run, or a run that waits for approval
---@field effect mpijobd.Effect of the lever: "destructive" or "effective"; "unchanged"
---@field message string what comes of it, and what was done beside it
---@field lever "suspend"|"workload"|"none" by what: the job's own suspend, or spec.active of its Workload, where Kueue manages it
---@field workload? string the Workload's name
---@field pods_gone? boolean of a stop that was written: no pod of it runs any more; nil where that was not waited for, or cannot be told
---@field pods_gone_after? number seconds
---@field pods_message? string why it cannot be told
---@field steps table[] what was changed: `{ object = "MPIJob train/bert", diff = { ... } }` each

---@class mpijoblib
mpijob = {}

---Changes a job: reads it unless a job is given, edits the bytes it has, judges the change, writes it to the journal, sends PUT, compares
---the answer with what was asked for, and retries on a conflict (6 tries). Every byte that it was not asked to change goes back as it came.
---Waits; a part of the run: counted and limited by it.
---
---Errors: NotFound, Conflict, Forbidden, Invalid, Dropped, Refused, Limit, Timeout, Unreachable, Protocol, Cancelled.
---A bad value or an unknown field raises.
---@param target mpijobd.Job|string a job, "namespace/name", or "name" in the default namespace
---@param changes mpijobd.Changes|fun(job: mpijobd.Job): mpijobd.Changes? a function is called with the job, and again with the fresh one after a conflict; nil: no change
---@param options? mpijobd.ReplaceOptions
---@return mpijobd.Result? result
---@return mpijobd.Error? err
---@async
function mpijob.replace(target, changes, options) end

---The plain API call: PUT of a whole object. It is compared with what is there and judged; a harmful value in it is refused; a policy field that the server did not keep is an error
---with reason Dropped.
---@param object string|table|mpijobd.Job JSON text, a table, or a job; needs metadata.name and resourceVersion
---@param options? mpijobd.ReplaceOptions without through_child and through_launcher
---@return mpijobd.Result? result
---@return mpijobd.Error? err
---@async
function mpijob.replace_object(object, options) end

---Reads one job.
---@param key mpijobd.Job|string a job (read again), "namespace/name", or "name" in the default namespace
---@return mpijobd.Job? job
---@return mpijobd.Error? err NotFound, Forbidden, Timeout, Unreachable, Protocol
---@async
function mpijob.get(key) end

---The jobs that match, one after the other; pages of 500 come as they are needed. A list that fails raises its error, because a loop that
---ended quietly would look like the end of the jobs.
---
---    for job in mpijob.list { phase = "Failed", older_than = "1d" } do ... end
---@param match? mpijobd.Match without `where`: test the jobs in the loop
---@return fun(): mpijobd.Job?
---@async
function mpijob.list(match) end

---The same for TFJobs. A job of another kind raises an error that names its module.
---@type mpijoblib
tfjob = {}

---The same for PyTorchJobs.
---@type mpijoblib
pytorchjob = {}

---The same for MXJobs.
---@type mpijoblib
mxjob = {}

---The same for TrainJobs of Kubeflow Trainer, with the fields that they have: `suspend`, `activeDeadlineSeconds`, `runtimePatches`.
---@type mpijoblib
trainjob = {}

---The same for JobSets: `suspend`, `ttlSecondsAfterFinished`, `failurePolicy`, `successPolicy`.
---@type mpijoblib
jobset = {}

---The same for Jobs of Kubernetes: `suspend`, `activeDeadlineSeconds`, `backoffLimit`, `ttlSecondsAfterFinished`, `parallelism`, `completions`, `podReplacementPolicy`.
---@type mpijoblib
batchjob = {}

---Changes a job by a merge patch (a table of members, null removes) or a JSON patch (a list of steps). What would differ is worked out first:
---a harmful value is refused, a destructive change unless it is allowed, and nothing is sent where nothing differs. The patch is bound to the
---job that was read; a conflict is read again, 6 times at most. Waits; a part of the run: counted and limited by it, in the journal.
---@param target mpijobd.Job|string
---@param patch table|string a table, or JSON text
---@param options? mpijobd.PatchOptions
---@return mpijobd.VerbResult? result
---@return mpijobd.Error? err
---@async
function mpijob.patch(target, patch, options) end

---Creates a job. apiVersion, kind and namespace are filled in where they are missing; a value that does harm is refused.
---@param object table|string a table, or JSON text
---@param options? mpijobd.CreateOptions
---@return mpijobd.VerbResult? result
---@return mpijobd.Error? err AlreadyExists, Invalid...
---@async
function mpijob.create(object, options) end

---Deletes a job: the very one that was given or is read first, not another that gets its name meanwhile. One that has not ended is deleted only
---with `destructive = true` (here, or of the policy).
---@param target mpijobd.Job|string
---@param options? mpijobd.DeleteOptions
---@return mpijobd.VerbResult? result
---@return mpijobd.Error? err
---@async
function mpijob.delete(target, options) end

---The events of the jobs that match: first all there are, as ADDED, then each change. It goes on through lost connections; a deletion that
---fell into such a gap is not told. It ends with the loop, or with the run (`limits.timeout`). For policies that act on events see `on`.
---
---    for job, event in mpijob.watch { phase = "Running" } do ... end
---@param match? mpijobd.Match without `where`
---@return fun(): mpijobd.Job?, "ADDED"|"MODIFIED"|"DELETED"?
---@async
function mpijob.watch(match) end

---The pods of a job, as tables; those of another job of the same name are left out where a job is given.
---@param job mpijobd.Job|string
---@return table[]? pods
---@return mpijobd.Error? err
---@async
function mpijob.pods(job) end

---The launcher of an MPIJob, as a table: a Job NAME-launcher (v1alpha2, v2beta1), or a Pod of that name (v1).
---@param job mpijobd.Job|string
---@return table? launcher
---@return mpijobd.Error? err NotFound where it does not exist (yet)
---@async
function mpijob.launcher(job) end

---Stops a job, so that its pods go and it can be resumed: by its own `suspend`, or, where Kueue manages it and would put that back, by its Workload
---(`spec.active`). With the cleanPodPolicy Running a worker that has ended would not be made again: the policy becomes All until the job is
---resumed, and an annotation keeps it. Then it waits until no pod runs. What the job has not saved by itself is lost: resumed, it begins again.
---It needs no `destructive`: who stops a job has said so. A job that is a part of another (a JobSet of a TrainJob) is Refused, and the one to stop
---is named. Each write is a change of the run: planned, limited, in the journal, and `mpijobd undo` takes it back.
---@param job mpijobd.Job|string
---@param options? mpijobd.StopOptions
---@return mpijobd.StopResult? result
---@return mpijobd.Error? err
---@async
function mpijob.stop(job, options) end

---Lets a job go on that was stopped or suspended, by the lever that works. Its pods are made again, and begin from the beginning; under Kueue it waits for its
---queue. A job that Kueue stopped because its max-exec-time-seconds ran out is Refused: the message says what helps.
---@param job mpijobd.Job|string
---@param options? mpijobd.ResumeOptions
---@return mpijobd.StopResult? result
---@return mpijobd.Error? err
---@async
function mpijob.resume(job, options) end
