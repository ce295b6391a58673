-- SPDX-License-Identifier: Apache-2.0
---@meta session
-- luacheck: no max line length
-- luacheck: ignore 111 121 212
-- What a session of a person has besides that which policies have, in the form of lua/types, for help() and completion. The program runs
-- none of it.

---@class mpijobd.PolicyRow
---@field name string
---@field cluster string
---@field state string "in force", "paused", "in quarantine", "stands aside", "not here", "not started yet"
---@field why? string why it is so
---@field trigger string as check prints it
---@field about? string
---@field next? string when it runs next
---@field runs integer under way
---@field waiting integer jobs that wait for a run of it
---@field file string
---@field line integer

---How each policy is, as mpijobd status tells it.
---@return mpijobd.PolicyRow[]
function policies() end

---The policies that run by time, the next one first. With a table it is Lua's own next.
---@return mpijobd.PolicyRow[]
function next() end

---The jobs that match, at most 1000, as rows: job, phase, cleanPodPolicy, gpus, age (seconds).
---
---    jobs { phase = "Failed", older_than = "1d" }
---@param match? mpijobd.Match
---@return table[]
---@async
function jobs(match) end

---What is listed and watched of the cluster, how that is, and what it holds: kind, namespace, state, jobs, memory (bytes).
---@return table[]
function caches() end

---The configuration as it was at the daemon's start. What may be a secret is hidden.
---@return table
function config() end

---Why a policy acts on a job, or does not, as mpijobd why tells it.
---@param job mpijobd.Job|string a job, or "namespace/name"
---@param policy? string its name (default: each policy that is in force for such jobs)
---@return mpijobd.Why|mpijobd.Why[] why it prints well
---@return mpijobd.Error? err
---@async
function why(job, policy) end

---What a function does and takes, what a module has, or which fields a value has.
---
---    help(mpijob.replace)  help "mpijob.replace"  help(time)  help "job"
---@param what? any a function, a module, a job, or a name; none: what there is
---@return string
function help(what) end

---The table of a module, or what a plugin of the configuration exports.
---@param name string "json", "gpu-cost"
---@return any
function require(name) end

---Prints values as texts, with tabs between them.
---@param ... any
function print(...) end
