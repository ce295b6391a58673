-- SPDX-License-Identifier: Apache-2.0
---@meta policy
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file. docs/guide.md says how to switch them on.

---A job's place in its life, from the conditions of its status. Pending: no condition but Created yet.
---An evicted job is Failed, with `job.evicted`.
---@alias mpijobd.Phase "Pending"|"Running"|"Restarting"|"Suspended"|"Succeeded"|"Failed"

---@alias mpijobd.CleanPodPolicy "None"|"Running"|"All"

---Text such as `"90s"`, `"10m"`, `"1h30m"`, `"2d"`, `"1w"`: units w d h m s ms us, in falling order, each at most once; a plain number
---in it is seconds. Or a whole number of seconds above 0. At most 100 years.
---@alias mpijobd.Duration string|integer

---What `mpijobd inspect` finds, by name; `"any"`: one of them. docs/reference/inspect.md says what each is.
---@alias mpijobd.Problem "wrong-type"|"object-for-list"|"bad-policy"|"negative-deadline"|"wrong-place"|"paths-differ"|"misspelt-field"|"dropped-field"|"ignored-field"|"dead-deadline"|"dead-ttl"|"holds-gpus"|"evicted"|"other-manager"|"no-success-policy"|"runs-again"|"suspended-after-end"|"any"

---Which jobs. All given conditions have to hold; an empty table, or none, is every job in scope.
---@class mpijobd.Match
---@field namespace? string|string[] a name or a glob (`"debug-*"`), or a list: any of them
---@field name? string|string[] the same
---@field labels? table<string, string>|string labels that have to be so, or a selector as kubectl takes it: `"team in (vision, speech), keep != true, !debug"`. The server does this part
---@field annotations? table<string, string> annotations that have to be exactly so
---@field phase? mpijobd.Phase|mpijobd.Phase[]
---@field cleanPodPolicy? mpijobd.CleanPodPolicy|"unset"|(mpijobd.CleanPodPolicy|"unset")[] the value in force; `"unset"`: no value is in force
---@field gpus? string|integer GPUs that the job asks for, all roles together: `">0"`, `"<=8"`, `"!=4"`, or a number
---@field deleting? boolean true: only jobs that are being deleted; else they do not match
---@field problem? mpijobd.Problem|mpijobd.Problem[] it is set up wrongly in one of these ways
---@field older_than? mpijobd.Duration since its creation
---@field pending_for? mpijobd.Duration since it is Pending; holds for Pending jobs only
---@field running_for? mpijobd.Duration since it is Running; for Running jobs only
---@field finished_for? mpijobd.Duration since its end; for Succeeded and Failed jobs only

---@class mpijobd.PolicyMatch : mpijobd.Match
---@field where? fun(job: mpijobd.Job): any called last, for the jobs that passed all others; nil or false: does not match. May call what waits

---@class mpijobd.SchedulingPolicy a member that is not named stays as it is
---@field minAvailable? integer|mpijobd.Remove 0 or more
---@field queue? string|mpijobd.Remove
---@field minResources? table<string, string|integer>|mpijobd.Remove quantities: `{ cpu = 8, memory = "16Gi" }`
---@field priorityClass? string|mpijobd.Remove
---@field scheduleTimeoutSeconds? integer|mpijobd.Remove

---What to replace, in the API's own names; the place in the object follows from the served version. A field that the version does not
---have, or that its API does not let be replaced, fails for that job. `remove` deletes a field or key.
---@class mpijobd.Changes
---@field cleanPodPolicy? mpijobd.CleanPodPolicy|mpijobd.Remove any other value is refused before it is sent
---@field activeDeadlineSeconds? integer|mpijobd.Remove 1 to 2147483647
---@field labels? table<string, string|mpijobd.Remove>|mpijobd.Remove merged into those that are there; `exactly { ... }` replaces them all, `remove` deletes them all
---@field annotations? table<string, string|mpijobd.Remove>|mpijobd.Remove the same
---@field backoffLimit? integer|mpijobd.Remove 0 to 2147483647
---@field ttlSecondsAfterFinished? integer|mpijobd.Remove 0 to 2147483647
---@field suspend? boolean|mpijobd.Remove
---@field managedBy? string|mpijobd.Remove a name below a domain, at most 63 characters
---@field schedulingPolicy? mpijobd.SchedulingPolicy|mpijobd.Remove

---What one run may do and use.
---@class mpijobd.Limits
---@field changes? integer writes of one run, 0 to 1000000 (default: no limit). With `replace`: if more jobs would change, none is. With `run`: the next one is refused
---@field percent? number the same as a share of the jobs in scope, 0 to 100; with `replace` only. Up to `percent_floor` changes it does not count
---@field percent_floor? integer so many changes are no crowd, whatever share of the jobs they are, 0 to 1000000 (default 10)
---@field per_second? number writes of the policy on one cluster, 0.001 to 1000 (default: no limit). Further ones wait for their turn, and the run's `timeout` grows by what they need
---@field cpu? mpijobd.Duration computing time of a run (default `"1s"`); waiting costs none
---@field memory? string of the file's Lua state: `"64MiB"` (default); KiB, MiB, GiB; at least `"256KiB"`. Policies of one file share the largest
---@field timeout? mpijobd.Duration of a whole run, waiting included (default `"5m"`)
---@field concurrency? integer replacements under way at once, 1 to 256 (default 8)

---`"match"`: whenever a job comes to match, by a change or by time passing; `"added"`, `"finished"`, `"changed"`: what happens to a job that matches. Each time is
---handled once, also across restarts.
---@alias mpijobd.Event "match"|"added"|"finished"|"changed"

---How the owner of a job keeps a policy from it: by an annotation with an instant, as `mpijobd hold` writes it.
---@class mpijobd.Hold
---@field annotation? string whose value is that instant, `"2026-11-30T20:00:00Z"` (default `"mpijobd.io/hold-until"`)
---@field max? mpijobd.Duration an instant that is further away counts as if it were not there (default `"7d"`)

---How soon a policy promises to free jobs: of those that have ended, hold GPUs and match.
---@class mpijobd.Slo
---@field freed_within mpijobd.Duration from when a job matches, `"1s"` to `"30d"`
---@field objective? number percent of the jobs, 50 to 99.99 (default 99)

---What the functions of `warn.by` are given.
---@class mpijobd.Warning
---@field policy string
---@field job string `"namespace/name"`
---@field acts_at integer seconds since 1970: when the policy acts
---@field change string what it changes: `"cleanPodPolicy: Running -> All"`
---@field hold string how to keep it off: `"mpijobd hold train/bert 2d, or ..."`
---@field text string all of that, as a sentence
---@field number integer the first warning is 1
---@field of integer how many there are

---@alias mpijobd.WarnBy "annotation"|"event"|fun(warning: mpijobd.Warning, job: mpijobd.Job): any?, mpijobd.Error|string?

---How the owner of a job hears before the policy acts on it.
---@class mpijobd.Warn
---@field at mpijobd.Duration|mpijobd.Duration[] so long before it acts, each from 1m to 90d, at most 8; the policy acts the longest of them after the job has come to match
---@field by? mpijobd.WarnBy|mpijobd.WarnBy[] `"annotation"` (default): `warned.mpijobd.io/POLICY` on the job; `"event"`: a Kubernetes Event; `notify.slack { sink = "ops" }` and the like; a function has warned unless it raises an error or returns `nil, err`

---Steps, each a number of jobs or a share of those that would be changed (`"10%"`); each step is watched before the next.
---@class mpijobd.Canary
---@field [integer] integer|string
---@field pause? mpijobd.Duration how long a step is watched, at most 30d (default `"10m"`)

--- Whether a run waits until persons approve what it would write, how many, and how long.
---@class mpijobd.Approval
---@field when "never"|"over-limits"|"always" as `approval` alone says it
---@field quorum? integer different persons that it takes, 1 to 8 (default: what the configuration says, which may ask for more)
---@field expires? mpijobd.Duration how long a run waits, at least 1m (default 24h)

---@alias mpijobd.KindName "MPIJob"|"TFJob"|"PyTorchJob"|"MXJob"|"TrainJob"|"JobSet"|"Job"|string

---@class mpijobd.Policy
---@field name string unique over all files: lower-case letters, digits and dashes, at most 63, no dash at the ends
---@field about? string what it is for, in a sentence
---@field on? mpijobd.Event|mpijobd.Event[] what makes it act on a job. This, `schedule` or `every`
---@field schedule? string cron: 5 fields, or 6 with seconds first; or @yearly, @monthly, @weekly, @daily, @hourly
---@field every? mpijobd.Duration a period of at least 1s, counted from 1970-01-01T00:00:00Z
---@field timezone? string of the schedule, of the window and of warnings, an IANA name (default `"UTC"`)
---@field window? string|string[] when its runs may begin: `"mon-fri 09:00-18:00"`, `"22:00-06:00"`, or a list: any of them. What falls due outside waits for the next opening (default: at any time)
---@field hold? mpijobd.Hold owners may keep it from their jobs for a while (default: they cannot)
---@field except? string|string[] calendars of the plugins that the file requires: on these days the window is closed, `"holidays"`
---@field jitter? mpijobd.Duration each run is delayed by a random time up to this
---@field missed? "skip"|"once"|"all" what to do about runs that fell due while the daemon was down or the machine slept (default `"once"`: one for all of them). `"all"`: at most 100
---@field overlap? "skip"|"queue"|"allow" when a run falls due and the one before has not ended (default `"skip"`)
---@field kind? mpijobd.KindName|mpijobd.KindName[] the kind of job it is about, or a list of kinds (default `"MPIJob"`); or a kind of a plugin that the file requires, as "Job" or by its row's name
---@field match? mpijobd.PolicyMatch
---@field replace? mpijobd.Changes|fun(job: mpijobd.Job): mpijobd.Changes? the changes, or a function that returns them, or nil to leave the job alone. This or `run`
---@field run? fun(run: mpijobd.Run) everything else; the jobs of `match` are `run.jobs`. This or `replace`
---@field per_shard? boolean with `run` and a schedule or a period, true: where daemons share the jobs, it may run once in each shard, and gets the jobs of that (default: it is refused there)
---@field limits? mpijobd.Limits
---@field dry_run? boolean true: log what would be done, and do not do it
---@field again? boolean with `on`, true: jobs that it has handled count as new when its text changes (default: they stay as they are)
---@field recheck? mpijobd.Duration with `on = "match"` and `match.where`: `where` is asked again at this period for jobs for which it said no; at least 1s (default: only when the job changes)
---@field warn? mpijobd.Warn with `on = "match"` and `replace`: the owner of a job hears before it acts, and may hold it (brings `hold`) (default: it acts at once)
---@field slo? mpijobd.Slo with `on`, and without `where`: how soon it promises to free jobs; it is counted, and changes nothing else (default: it promises nothing)
---@field holds_for? mpijobd.Duration with `on = "match"`: the whole of `match`, `where` included, must have held for so long without a break; at least 1s (default: it acts at once)
---@field clusters? string|string[] names from the configuration's `clusters` (default: all of them)
---@field destructive? boolean true: allow changes that end or delete a job at once; otherwise they are refused with reason Refused
---@field wait_effect? mpijobd.Duration each replacement waits until its effect is there, at most so long, and says so
---@field events? boolean false: no Kubernetes Event on the jobs that it changes (default: one a change, which `kubectl describe` shows)
---@field canary? mpijobd.Canary how it is led in when it is new or its text has changed; with `replace` only (default: it acts on all at once)
---@field breaker? boolean false: it is not paused when it keeps failing (three failed runs in a row, half of a run's writes, five effects that do not come)
---@field approval? "never"|"over-limits"|"always"|mpijobd.Approval its runs wait until a person approves what they would write (`mpijobd approve`): always, or where they would exceed `limits` (default `"never"`)
---@field approval_expires? mpijobd.Duration how long a run waits for that, at least 1m (default 24h)
---@field through_child? boolean true: where a job's own field does not act, or does more harm, a child is changed: the launcher of an MPIJob, too; the Job of a TrainJob or a JobSet instead
---@field through_launcher? boolean the same for MPIJobs alone, true: where a job's own field does not act on a running job, its launcher Job or Pod is changed too

---Defines a policy. For the top level of a file only; a file may define several.
---@param definition mpijobd.Policy
function policy(definition) end

---@class mpijobd.Remove: userdata

---As a value in changes: deletes the field, label or annotation. `json.null` does the same.
---@type mpijobd.Remove
remove = nil

---For `labels` and `annotations` in changes: the whole map becomes this; keys that are not named are removed.
---
---    labels = exactly { team = "vision" }
---@param map table<string, string>
---@return table<string, string>
function exactly(map) end
