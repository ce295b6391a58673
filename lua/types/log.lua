-- SPDX-License-Identifier: Apache-2.0
---@meta log
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---@alias mpijobd.LogFields table<string, any> at most 32, with names. Numbers, true and false, json.null and tables are written as JSON, anything else as tostring gives it. Names that each line has (time, level, message, policy, cluster, run, file, repeated and its like) get an underscore behind them

---Lines of the daemon's log. To each its policy, cluster and run are added. Lines that repeat are counted, as `log.fold` of the configuration says.
---@class loglib
log = {}

---@param message any
---@param fields? mpijobd.LogFields
function log.debug(message, fields) end

---@param message any
---@param fields? mpijobd.LogFields
function log.info(message, fields) end

---@param message any
---@param fields? mpijobd.LogFields
function log.warn(message, fields) end

---@param message any
---@param fields? mpijobd.LogFields
function log.error(message, fields) end
