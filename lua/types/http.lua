-- SPDX-License-Identifier: Apache-2.0
---@meta http
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---Requests to other servers: those that the configuration lists in http.allow. TLS is verified. Redirects are followed, at most 5, each checked in the same way; to another server neither
---credentials nor a body go along. At most 8 MiB of body either way.
---@class httplib
http = {}

---@class mpijobd.HttpOptions
---@field headers? table<string, string|mpijobd.Secret> at most 60
---@field query? table<string, string|number> joined to the URL, percent-encoded
---@field body? string|mpijobd.Secret
---@field json? any encoded, and sent as application/json
---@field bearer? string|mpijobd.Secret the header Authorization: Bearer
---@field auth? { user: string|mpijobd.Secret, password: string|mpijobd.Secret } basic authentication
---@field timeout? string|number of the whole, default 30s, at most 5m
---@field max_bytes? integer of the answer's body; a longer one is an error (Limit)
---@field redirects? boolean false: a redirect is the answer
---@field in_dry_run? boolean true: also what is not GET, HEAD or OPTIONS is sent in a dry run

---@class mpijobd.HttpAnswer
---@field status integer 0 in a dry run that has sent nothing
---@field ok boolean the status is 2xx
---@field body string
---@field headers table<string, string> names in small letters; several of one name are joined by ", "
---@field dry_run? boolean true: nothing was sent
---@field json fun(self: mpijobd.HttpAnswer): any, mpijobd.Error? the body, read as JSON

---@param url string|mpijobd.Secret
---@param options? mpijobd.HttpOptions
---@return mpijobd.HttpAnswer? answer of any status
---@return mpijobd.Error? err there was no answer
---@async
function http.get(url, options) end

---In a dry run nothing is sent.
---@param url string|mpijobd.Secret
---@param body string|mpijobd.Secret|table a table is sent as JSON
---@param options? mpijobd.HttpOptions
---@return mpijobd.HttpAnswer? answer
---@return mpijobd.Error? err
---@async
function http.post(url, body, options) end

---In a dry run only GET, HEAD and OPTIONS are sent.
---@param method "GET"|"HEAD"|"OPTIONS"|"POST"|"PUT"|"PATCH"|"DELETE"
---@param url string|mpijobd.Secret
---@param options? mpijobd.HttpOptions
---@return mpijobd.HttpAnswer? answer
---@return mpijobd.Error? err
---@async
function http.request(method, url, options) end
