---@meta json
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---JSON without losses: integers stay integers (numbers with a fraction or an exponent become floats), `[]` stays an array, null is
---`json.null`. lua-cjson is there too: `require "cjson"`.
---@class jsonlib
---@field null userdata JSON's null; in changes it deletes, as `remove` does
json = {}

---@param text string at most 16 MiB, strictly RFC 8259
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
