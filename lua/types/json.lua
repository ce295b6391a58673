-- SPDX-License-Identifier: Apache-2.0
---@meta json
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---JSON without losses: integers stay integers (numbers with a fraction or an exponent become floats), `[]` stays an array, null is
---`json.null`. `require "cjson"` gives the same two functions under lua-cjson's names; its `decode` raises, and its setters do.
---@class jsonlib
---@field null userdata JSON's null; in changes it deletes, as `remove` does
json = {}

---@param text string at most 8 MiB, strictly RFC 8259
---@return any value
---@return mpijobd.Error? err with value nil
function json.decode(text) end

---Raises an error for what JSON cannot hold: functions, NaN, keys that are neither strings nor 1..n.
---@param value any an empty table is `{}` unless json.array marked it
---@return string
function json.encode(value) end

---Marks a table as an array, so that it is written as `[]` when it is empty.
---@generic T: table
---@param table? T default: a new one
---@return T
function json.array(table) end
