-- SPDX-License-Identifier: Apache-2.0
---@meta secret
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---Stands for a secret, or a text with secrets in it, whose values a script never sees: it prints as `secret("name")`.
---What sends a text (http, notify) puts the value in its place.
---@class mpijobd.Secret

---A secret by its name: a file of this name in the configuration's folder `secrets`, or among the service's credentials (systemd). Read again each time that it is sent.
---@param text string a name (letters, digits, ".", "_" and "-"), or a text with `${name}` in it: `secret "Token ${grafana}"`
---@return mpijobd.Secret
function secret(text) end
