-- SPDX-License-Identifier: Apache-2.0
---@meta yaml
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---YAML, read as kubectl reads it: `yes` is true, `0x1F` is 31, a key stands once. Lists and null are as those of json.
---@class yamllib
yaml = {}

---One document of at most 128 KiB, which is at most 1 MiB as JSON.
---@param text string
---@return any value
---@return mpijobd.Error? err
function yaml.decode(text) end

---In block style, as kubectl prints it. Raises for what JSON cannot hold.
---@param value any
---@return string text
function yaml.encode(value) end
