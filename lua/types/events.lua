-- SPDX-License-Identifier: Apache-2.0
---@meta events
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---Kubernetes Events on jobs, which `kubectl describe` shows. The daemon writes one for each change by itself, unless the policy says `events = false`; this module writes one of the policy's own.
---@class eventslib
events = {}

---@class mpijobd.OwnEvent
---@field reason string one word of letters and digits for machines, at most 64: "Capped"
---@field message string a sentence for people; what is beyond 1024 bytes, with the policy's name before it, is cut
---@field type? "Normal"|"Warning" default Normal

---Has an Event written on a job, and does not wait for it. The same one again counts the first one up. At most 100 of a run, and 25 of a job at once, then one every 5 minutes, with those of changes
---(Limit). False: none is written, in a dry run and where the configuration has `events: false`.
---@param job mpijobd.Job
---@param event mpijobd.OwnEvent
---@return boolean? taken
---@return mpijobd.Error? err
function events.emit(job, event) end
