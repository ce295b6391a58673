-- SPDX-License-Identifier: Apache-2.0
---@meta run
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---The run that is under way, in a policy's functions; read-only. Reading it while a file is being loaded raises an error.
---@class mpijobd.Run
---@field id integer its number in the journal; 0 without a journal (`mpijobd plan`)
---@field policy string the policy's name
---@field trigger "schedule"|"every"|"match"|"added"|"finished"|"changed"|"once"|"once-override"|"manual"|"manual-override"|"why"|"rehearsal"
---@field cluster string which of the configuration's clusters it is about; `"default"` where there is but one. A policy on several has a run on each
---@field scheduled_at integer when it fell due, seconds since 1970: the nominal time, without jitter; with `on` when the first of its jobs did
---@field jobs fun(): mpijobd.Job? for `run` functions: an iterator over the jobs of `match`; with `on` those of this run
---@field changed integer jobs changed so far (in a dry run of the policy: that would be); calls with the option dry_run do not count
---@field unchanged integer jobs that were as asked for already
---@field failed integer
---@field dry_run boolean
---@field cancelled boolean the run is being stopped

---@type mpijobd.Run
run = nil
