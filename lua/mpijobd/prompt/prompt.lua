-- SPDX-License-Identifier: Apache-2.0
-- What a person types into the running daemon (mpijobd eval, mpijobd attach): compiled, called, and its values shown.
local native = ...
-- A person may set the globals.
local raw_next, json, table, math, utf8, time, yaml, mpijob = next, json, table, math, utf8, time, yaml, mpijob
local type, tostring, select, pairs, ipairs, rawget = type, tostring, select, pairs, ipairs, rawget
local pcall, error, load, getmetatable, setmetatable = pcall, error, load, getmetatable, setmetatable

-- Of what is shown: rows of a table, tables in tables, letters of a cell, bytes.
local ROWS, DEPTH, WIDTH, MOST = 1000, 6, 60, 1000000

local function is_error(value)
    local meta = type(value) == "table" and getmetatable(value)
    return type(meta) == "table" and meta.__name == "error"
end

-- ---- values as text ----

local function quoted(s)
    local known = { ["\n"] = "\\n", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }
    return '"' .. s:gsub('[%c"\\]', function(c)
        return known[c] or ("\\%d"):format(c:byte())
    end) .. '"'
end

local function sorted_keys(t)
    local keys = {}
    for k in raw_next, t do
        keys[#keys + 1] = k
    end
    table.sort(keys, function(a, b)
        local ta, tb = type(a), type(b)
        if ta ~= tb then
            return ta < tb
        elseif ta == "number" or ta == "string" then
            return a < b
        end
        return false
    end)
    return keys
end

local function has_text(value)
    local meta = getmetatable(value)
    return type(meta) == "table" and meta.__tostring
end

local Out = {}
Out.__index = Out
function Out:add(text)
    if self.size > MOST then
        self.cut = true
        return false
    end
    self.size = self.size + #text
    self[#self + 1] = text
    return true
end

local show

local function show_table(out, t, depth, seen)
    if seen[t] then
        return out:add("(the table around it)")
    elseif depth > DEPTH then
        return out:add("{...}")
    end
    seen[t] = true
    local pad, n, first = ("  "):rep(depth), #t, true
    local function entry(key, value)
        out:add((first and "{\n" or ",\n") .. pad .. "  " .. key)
        first = false
        show(out, value, depth + 1, seen)
    end
    local left = 0
    for i = 1, n do
        if i > ROWS then
            left = n - ROWS
            break
        end
        entry("", rawget(t, i))
    end
    local shown = 0
    for _, k in ipairs(sorted_keys(t)) do
        if not (math.type(k) == "integer" and k >= 1 and k <= n) then
            shown = shown + 1
            if shown > ROWS then
                left = left + 1
            else
                local text = type(k) == "string" and quoted(k) or tostring(k)
                local name = type(k) == "string" and k:match("^[%a_][%w_]*$") or "[" .. text .. "]"
                entry(name .. " = ", rawget(t, k))
            end
        end
    end
    if left > 0 then
        out:add(",\n" .. pad .. "  ... (" .. left .. " more)")
    end
    out:add(first and "{}" or "\n" .. pad .. "}")
    seen[t] = nil
end

function show(out, value, depth, seen)
    if type(value) == "string" then
        out:add(quoted(value))
    elseif value == json.null then
        out:add("json.null")
    elseif type(value) == "table" and not has_text(value) then
        show_table(out, value, depth, seen)
    else
        out:add(tostring(value))
    end
end

-- ---- lists of rows as columns ----

local function cell(value)
    if value == nil then
        return "-"
    end
    local s = tostring(value):gsub("%c", " ")
    return utf8.len(s) and utf8.len(s) > WIDTH and s:sub(1, utf8.offset(s, WIDTH - 2) - 1) .. "..." or s
end

local function width(s)
    return utf8.len(s) or #s
end

-- Of a list that was made here.
local function columns_of(value)
    local meta = type(value) == "table" and getmetatable(value)
    return type(meta) == "table" and meta.columns
end

local function show_rows(out, rows, columns)
    local lines, widths = { {} }, {}
    for c, name in ipairs(columns) do
        lines[1][c] = name:upper()
        widths[c] = #name
    end
    for i = 1, math.min(#rows, ROWS) do
        local line = {}
        for c, name in ipairs(columns) do
            line[c] = cell(rows[i][name])
            widths[c] = math.max(widths[c], width(line[c]))
        end
        lines[i + 1] = line
    end
    for i, line in ipairs(lines) do
        local last = #columns
        for c = 1, last - 1 do
            line[c] = line[c] .. (" "):rep(widths[c] - width(line[c]) + 2)
        end
        if not out:add((i > 1 and "\n" or "") .. table.concat(line)) then
            return
        end
    end
    if #rows > ROWS then
        out:add("\n... (" .. #rows - ROWS .. " more)")
    end
end

local function text_of(values)
    local out = setmetatable({ size = 0 }, Out)
    for i = 1, values.n do
        local value = values[i]
        out:add(i > 1 and "\n" or "")
        if type(value) == "string" then
            out:add(#value > MOST and value:sub(1, MOST) or value)
            out.cut = out.cut or #value > MOST
        elseif columns_of(value) and #value > 0 then
            show_rows(out, value, columns_of(value))
        elseif columns_of(value) then
            out:add("(none)")
        else
            show(out, value, 0, {})
        end
    end
    return table.concat(out) .. (out.cut and "\n... (cut: this is longer than 1 MB)" or "")
end

-- ---- values as JSON ----

local function plain(value, depth)
    if type(value) == "userdata" and value ~= json.null then
        local ok, t = pcall(function()
            return value:table()
        end)
        return ok and t or tostring(value)
    elseif is_error(value) or type(value) ~= "table" or depth > 20 then
        return value
    end
    local copy
    for k, v in raw_next, value do
        local p = plain(v, depth + 1)
        if p ~= v then
            if not copy then
                copy = {}
                for k2, v2 in raw_next, value do
                    copy[k2] = v2
                end
            end
            copy[k] = p
        end
    end
    return copy or value
end

local function encode(value)
    if value == nil then
        return "null"
    end
    local ok, text = pcall(json.encode, plain(value, 0))
    return ok and text or error(text:gsub("^prompt:%d+: ", ""), 0)
end

local function json_of(values)
    local parts = {}
    for i = 1, values.n do
        parts[i] = encode(values[i])
    end
    return values.n == 1 and parts[1] or values.n == 0 and "null" or "[" .. table.concat(parts, ",") .. "]"
end

-- ---- what people ask: globals of the session ----

local asked = {}

function asked.print(...)
    local parts = table.pack(...)
    for i = 1, parts.n do
        parts[i] = tostring(parts[i])
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
    return list(rows, { "job", "phase", "cleanPodPolicy", "gpus", "age" })
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
