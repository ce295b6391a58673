-- SPDX-License-Identifier: Apache-2.0
---@meta log
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---@alias mpijobd.LogFields table<string, any> at most 32, with names; values are written as tostring gives them

---Lines of the daemon's log. The policy's name is added to each.
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
