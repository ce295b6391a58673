-- SPDX-License-Identifier: Apache-2.0
---@meta spec
-- luacheck: ignore
-- Annotations of what specs see (mpijobd test), for the Lua language server; the program never reads this file. For busted's
-- and luassert's own words see their annotations (github.com/LuaCATS/busted, LuaCATS/luassert).

---The running test's cluster: empty at its beginning.
---@class mpijobd.spec.cluster
cluster = {}

---@class mpijobd.spec.Job
---@field name? string default: job-1, job-2...
---@field namespace? string default: "default"
---@field version? "v1alpha2"|"v1"|"v2beta1" default: what the cluster serves; of the first job v2beta1
---@field kind? "MPIJob"|"TFJob"|"PyTorchJob"|"MXJob" default: MPIJob
---@field controller? "mpi-operator"|"training-operator" of the first job: who acts on all of them
---@field labels? table<string, string>
---@field annotations? table<string, string>
---@field metadata? table merged into the metadata
---@field spec? table merged into the spec
---@field workers? integer default: 2
---@field gpus? integer over all workers; default: one each
---@field phase? "Pending"|"Running"|"Restarting"|"Suspended"|"Succeeded"|"Failed" default: Running
---@field reason? string of the condition that decides the phase
---@field evicted? boolean with Failed: by an eviction
---@field older_than? string|number so long ago it was created: a duration, or seconds
---@field pending_for? string|number
---@field running_for? string|number
---@field finished_for? string|number
---@field suspended_for? string|number
---@field created? string|number an instant (RFC 3339), or so long ago
---@field started? string|number
---@field finished? string|number
---@field cleanPodPolicy? string
---@field activeDeadlineSeconds? integer
---@field backoffLimit? integer
---@field ttlSecondsAfterFinished? integer
---@field suspend? boolean
---@field managedBy? string
---@field schedulingPolicy? table
---@field starts_in? string|number a pending job starts by itself; default: never
---@field ends_in? string|number a running job ends by itself; default: never
---@field outcome? "Succeeded"|"Failed"|"Evicted" how it ends; default: Succeeded

---A job as it stands in a cluster.
---@param job mpijobd.spec.Job
---@return string key "namespace/name"
function cluster.job(job) end

---Before the first job: which versions are served, and who acts on the jobs.
---@param options { versions?: string[], version?: string, controller?: string }
function cluster.serve(options) end

---Jobs as users have them, decided by the seed.
---@param options { jobs?: integer, seed?: integer, versions?: string[], version?: string, controller?: string }
function cluster.seed(options) end

---All objects of a YAML or JSON file in the spec's folder.
---@param path string
---@return string[] keys
function cluster.load(path) end

---The object as it is now; nil: it does not exist.
---@param key string "namespace/name"
---@param plural? string default: "mpijobs"; of another group with its name: "jobs.batch", "configmaps.core"
---@return table?
function cluster.get(key, plural) end

---A user edits a job: a merge patch; json.null removes.
---@param key string
---@param changes table
---@param plural? string
function cluster.patch(key, changes, plural) end

---A user deletes a job.
---@param key string
---@param plural? string
function cluster.delete(key, plural) end

---The pods of a job.
---@param key string
---@return { name: string, phase: string }[]
function cluster.pods(key) end

---The next requests that fit fail.
---@param fault { code: integer|"lost"|"unreachable", verb?: string, count?: integer, message?: string, reason?: string } code: 400 to 599, or "lost": the work is done, its answer is lost
function cluster.fail_next(fault) end

---As a role that lacks a verb; what is left out means any.
---@param rule { verb?: string, resource?: string, namespace?: string }
function cluster.forbid(rule) end

---What was forbidden is allowed again.
function cluster.allow() end

---What happened so far: changes of jobs.
---@return { at: integer, policy: string, job: string, run: integer, changed: boolean, waits: boolean, effect?: string, why?: string, error?: string, reason?: string, diff: table[], launcher: table[] }[]
function cluster.changes() end

---Runs that ended.
---@return { at: integer, policy: string, run: integer, trigger: string, outcome: string, changed: integer, unchanged: integer, failed: integer, error?: string }[]
function cluster.runs() end

---Lines of the log.
---@return { at: integer, level: string, message: string, fields: table<string, string> }[]
function cluster.log() end

---Kubernetes Events on jobs, of one job or of all.
---@param job? string "namespace/name"
---@return { job: string, reason: string, message: string, type: string, count: integer, at: string, name: string }[]
function cluster.events(job) end

---Requests of policies to web servers and Prometheus; secrets are shown by their names. status 0: there was no answer.
---@return { at: integer, policy: string, method: string, url: string, headers: table<string, string>, body: string, status: integer }[]
function cluster.requests() end

---Notifications that have arrived.
---@return { at: integer, policy: string, run: integer, kind: string, sink?: string, url?: string, to?: string, subject?: string, text?: string, body?: string }[]
function cluster.notifications() end

---The answer to requests of policies that fit; the newest stub that fits answers. Within a test, or in before_each.
---@param stub { url: string, method?: string, sent?: string, status?: integer, body?: string, json?: any, headers?: table<string, string>, fail?: "timeout"|"unreachable", times?: integer } url and sent (the request's body) are globs
function http.stub(stub) end

---What Prometheus knows of an expression, as the policy writes it.
---@param expression string
---@param value number|{ labels?: table<string, string>, value: number }[] {}: no data
---@param options? { status?: integer, fail?: "timeout"|"unreachable", times?: integer }
function prometheus.stub(expression, value, options) end

---The test's clock. It begins on Monday, 2026-01-05T12:00:00Z, and stands still.
---@class mpijobd.spec.clock
clock = {}

---@return number seconds since 1970
function clock.now() end

---Before the first job: when the test begins. Later: all happens that falls due until then. Never back.
---@param when string|number "2026-03-29T00:59:00Z"; with a zone "2026-03-29 01:59"
---@param zone? string
function clock.set(when, zone) end

---@param duration string|number "2h", or seconds
function clock.advance(duration) end

---Which policies run; in a spec this is no function.
---@class mpijobd.spec.policy
policy = {}

---Instead of the policy beside the spec: files and folders, from the spec's folder on. At the top of the file for all
---tests, in a test for that one.
---@param ... string
function policy.load(...) end

---A plugin by its folder, from the spec's folder on, with its options; `{ file = "a.ics" }` as an option is the text of that file. At the
---top of the file for all tests, before a `require` of it; within a test for the policies of that test.
---@param path string
---@param config? table<string, any>
function policy.plugin(path, config) end

---A run of that policy now, whatever its triggers say.
---@param name string
function policy.run(name) end

---As a person, approves a run that waits, or all that do.
---@param run? integer its number
function policy.approve(run) end

---As a person, rejects a run that waits, or all that do.
---@param run? integer its number
function policy.reject(run) end

---Why a policy acts on a job, or does not, as the test's clock stands. Raises where there is no such job or policy.
---@param job string "namespace/name"
---@param policy? string its name; not needed where there is but one
---@param plural? string default: "mpijobs"
---@return mpijobd.Why
function why(job, policy, plural) end

---@class luassert
---@field replaced fun(job: string, changes?: table) a policy changed the job; to at least these values
---@field untouched fun(job: string) no policy changed it
---@field waits fun(job: string, changes?: table) a run with this change in its plan waits for approval
---@field effect fun(job: string, effect: string) of its last change
---@field refused fun(job: string, reason?: string) a change of it failed
---@field logged fun(pattern: string, fields?: table<string, any>) a line of the daemon's log, by a pattern of Lua
---@field ran fun(policy: string, times?: integer)
---@field requested fun(url: string, wanted?: { method?: string, body?: string, json?: any, headers?: table<string, string>, policy?: string, times?: integer }) policies asked that URL, a glob
---@field notified fun(pattern: string, wanted?: table<string, any>) a notification arrived, by a pattern of Lua in its subject, text or body
---@field event fun(job: string, pattern?: string, wanted?: { reason?: string, type?: string, count?: integer }) a Kubernetes Event on the job
