-- SPDX-License-Identifier: Apache-2.0
-- What a person types into the running daemon (mpijobd eval, mpijobd attach): compiled and called; and what people ask.
local native = ...
-- A person may set the globals.
local raw_next, json, table, math, time, yaml, mpijob = next, json, table, math, time, yaml, mpijob
local type, tostring, select, pairs, ipairs = type, tostring, select, pairs, ipairs
local load, setmetatable = load, setmetatable

local text_of, json_of, is_error, ROWS = native.load "show"()

-- ---- what people ask: globals of the session ----

local asked = {}

function asked.print(...)
    local parts = table.pack(...)
    for i = 1, parts.n do
        parts[i] = type(parts[i]) == "function" and "function" or tostring(parts[i])
    end
    native.print(table.concat(parts, "\t") .. "\n")
end

-- What comes from C is an array of JSON, with a metatable of its own.
local function list(rows, columns)
    return setmetatable(table.move(rows, 1, #rows, 1, {}), { columns = columns })
end

local function with_times(rows, ...)
    for _, row in ipairs(rows) do
        for _, key in ipairs { ... } do
            row[key] = row[key] and time.rfc3339(row[key])
        end
    end
    return rows
end

local function several_clusters(rows)
    local first = rows[1] and rows[1].cluster
    for _, row in ipairs(rows) do
        if row.cluster ~= first then
            return true
        end
    end
    return false
end

local function columns(rows, ...)
    local names = { ... }
    if several_clusters(rows) then
        table.insert(names, 2, "cluster")
    end
    return list(rows, names)
end

function asked.policies()
    return columns(with_times(native.standings(), "next"), "name", "state", "next", "runs", "waiting", "trigger", "why")
end

-- Lua's own where it has a table; else the coming runs, the first one first.
function asked.next(...)
    if select("#", ...) > 0 then
        return raw_next(...)
    end
    local rows = {}
    for _, row in ipairs(native.standings()) do
        if row.next then
            rows[#rows + 1] = row
        end
    end
    table.sort(rows, function(a, b)
        return a.next < b.next
    end)
    for _, row in ipairs(rows) do
        row["in"] = row.next - math.floor(time.now()) .. "s"
    end
    return columns(with_times(rows, "next"), "name", "next", "in", "trigger")
end

function asked.caches()
    return list(native.caches(), { "kind", "namespace", "state", "jobs", "memory" })
end

function asked.jobs(match)
    local rows = {}
    for job in mpijob.list(match or {}) do
        if #rows == ROWS then
            rows.more = true
            break
        end
        rows[#rows + 1] = {
            job = job.key,
            phase = job.phase,
            cleanPodPolicy = job.cleanPodPolicy,
            gpus = job.gpus,
            age = math.floor(job.age),
        }
    end
    return list(rows, { "job", "phase", "cleanPodPolicy", "gpus", "age", spans = { age = true } })
end

-- ---- the configuration: what may be a secret is hidden ----

local SECRET = { "password", "passwd", "token", "secret", "key", "authorization", "credential", "cookie" }

local function may_be_secret(name, value)
    local low = tostring(name):lower()
    if type(value) ~= "string" or value:find "^%${[^}]*}$" or low:find "file$" or low:find "secrets$" then
        return false
    end
    for _, word in ipairs(SECRET) do
        if low:find(word, 1, true) then
            return true
        end
    end
    return false
end

-- A URL's user and query, and of a sink all that comes after its host.
local function without_secrets(value, sink)
    if type(value) == "string" and value:find("://", 1, true) and not value:find "^%${[^}]*}$" then
        local scheme, rest = value:match "^(.-://)(.*)$"
        local host, path = rest:match "^([^/?#]*)(.*)$"
        host = host:gsub("^.*@", "(hidden)@")
        path = sink and path ~= "" and "/(hidden)" or path:gsub("[?#].*$", "?(hidden)")
        return scheme .. host .. path
    end
    return value
end

local function hidden(value, name, sink)
    if type(value) ~= "table" then
        return may_be_secret(name, value) and "(hidden)" or without_secrets(value, sink)
    end
    local copy = {}
    for k, v in raw_next, value do
        copy[k] = hidden(v, type(k) == "string" and k or name, sink or k == "notify")
    end
    return copy
end

function asked.config()
    local text, file = native.config()
    if not file then
        return {}
    end
    return hidden(yaml.decode(text), "", false)
end

-- ---- why, and help ----

function asked.why(job, policy)
    if policy then
        return native.why(policy, job)
    end
    local found, seen = {}, {}
    for _, row in ipairs(native.standings()) do
        if not seen[row.name] and row.state ~= "not here" then
            seen[row.name] = true
            local why, err = native.why(row.name, job)
            if why then
                found[#found + 1] = why
            elseif err.reason ~= "Invalid" then -- it is about another kind
                return nil, err
            end
        end
    end
    return setmetatable(found, {
        __tostring = function()
            local texts = {}
            for i, why in ipairs(found) do
                texts[i] = tostring(why)
            end
            return #texts > 0 and table.concat(texts, "\n\n") or "no policy is about such jobs"
        end,
    })
end

local known
local function help()
    known = known or native.load "help"(native.annotations())
    return known
end

local names
local function complete(text)
    names = names or native.load "names"(help)
    return names(text)
end

function asked.help(...)
    return help().of(...)
end

for name, answer in pairs(asked) do
    _G[name] = answer
end

-- ---- a call ----

local function shown(json_wanted, ...)
    local values = table.pack(...)
    if values.n >= 2 and values[1] == nil and is_error(values[2]) then
        return "failed", tostring(values[2])
    end
    return "values", json_wanted and json_of(values) or text_of(values)
end

local JSON, NAMES = 1, 2 -- of enum prompt_form

return function(text, form)
    if form == NAMES then
        return "values", json.encode(complete(text))
    end
    local chunk, err_value = load("return " .. text, "@input", "t")
    local err
    if not chunk then
        chunk, err = load(text, "@input", "t")
    end
    if chunk then
        return shown(form == JSON, chunk())
    elseif err:find("near <eof>$") then
        return "more", err
    elseif err_value:find("near <eof>$") then
        return "more", err_value
    end
    local first = err:match("^input:1: unexpected symbol near '(.-)'$")
    return "wrong", first and text:find(first, 1, true) == text:find("%S") and err_value or err
end
