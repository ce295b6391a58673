-- SPDX-License-Identifier: Apache-2.0
-- plugin { ... }: what a plugin says of itself, checked; and the options that it gets (plugin_options.lua).
-- Gives what the plugin's files see as `plugin`, and a function that says whether they have called it.
local native = ...
local name, given, lines = native.name, native.options, native.lines

local findings = {}

local function note(file, line, at, message)
    findings[#findings + 1] = { file = file, line = line, at = at, text = message }
end

-- Of the declaration: the line of the key's last part.
local function found(key, format, ...)
    local line, at = native.place(key)
    note(native.path, line, at, ("plugin \"%s\": %s%s"):format(name, key and key .. " " or "", format:format(...)))
end

-- Of an option in the configuration.
local function option_found(key, format, ...)
    local message = ("plugins.%s.config%s %s"):format(name, key and "." .. key or "", format:format(...))
    note(native.from or native.path, key and lines[key] or native.line, 0, message)
end

local function sorted(map)
    local keys = {}
    for key in next, map do
        keys[#keys + 1] = key
    end
    table.sort(keys, function(a, b)
        return tostring(a) < tostring(b)
    end)
    return keys
end

local function describe(value)
    local kind = type(value)
    if kind == "string" then
        return #value <= 40 and ("the text %q"):format(value) or "a text"
    elseif kind == "number" then
        return "the number " .. value
    elseif kind == "nil" then
        return "missing"
    end
    return kind == "boolean" and tostring(value) or "a " .. kind
end

local function joined(names)
    return table.concat(names, ", ")
end

local function near(word, names)
    local nearest = type(word) == "string" and native.nearest(word, names)
    return nearest and (" (did you mean \"%s\"?)"):format(nearest) or ""
end

-- A table with text keys; nil: it was reported.
local function map(key, value)
    if type(value) ~= "table" then
        return found(key, "is %s; it has to be a table", describe(value))
    end
    for k in next, value do
        if type(k) ~= "string" then
            return found(key, "has an entry without a name; write name = value")
        end
    end
    return value
end

local function is_list(value, of)
    if type(value) ~= "table" then
        return false
    end
    local n = 0
    for _, entry in next, value do
        n = n + 1
        if of and type(entry) ~= of then
            return false
        end
    end
    return n == #value
end

local shared = {
    found = found, option_found = option_found, describe = describe, near = near, joined = joined, sorted = sorted,
    map = map, is_list = is_list,
}
local read_option, options
read_option, options, shared.read_type, shared.take = native.part "options"(native, shared)

-- ---- the declaration ----

local definition = {}
local VERBS = { "get", "list", "watch", "create", "update", "patch", "delete" }

local function text(key, value, most)
    if type(value) ~= "string" then
        return found(key, "is %s; it has to be a text", describe(value))
    elseif #value > most then
        return found(key, "has more than %d bytes", most)
    end
    return value
end

function definition.name(value)
    if text("name", value, 63) and value ~= name then
        found("name", "is \"%s\", and the configuration or its folder calls it \"%s\"; both have to be the same", value,
            name)
    elseif native.is_module(name) then
        found("name", "is the name of a module of mpijobd; take another one")
    end
    return value
end

function definition.version(value)
    if text("version", value, 64) and not value:match "^%d+%.%d+%.%d+[%w.+-]*$" then
        found("version", "is \"%s\"; it has to be three numbers, as in \"1.0.0\"", value)
    end
    return value
end

function definition.api(value)
    if math.type(value) ~= "integer" then
        found("api", "is %s; it has to be a whole number: api = %d", describe(value), native.api)
    elseif value > native.api then
        found("api", "is %d, and this mpijobd speaks %d; install a newer mpijobd, or a version of the plugin for "
            .. "api %d", value, native.api, native.api)
    elseif value < native.oldest then
        found("api", "is %d, and this mpijobd speaks %d to %d; install a newer version of the plugin", value,
            native.oldest, native.api)
    end
    return value
end

function definition.about(value)
    return text("about", value, 4096)
end

local function names_list(key, value, pattern, what)
    if not is_list(value, "string") then
        return found(key, "is %s; it has to be a list of texts", describe(value))
    end
    for _, entry in ipairs(value) do
        if not entry:match(pattern) then
            found(key, "has \"%s\", which is no %s", entry, what)
        end
    end
    return json.array { table.unpack(value) }
end

local function api_needs(value)
    local needs = {}
    for _, resource in ipairs(sorted(map("needs.api", value) or {})) do
        local verbs, key = value[resource], "needs.api." .. resource
        if not resource:match "^%l[%l%d]*/?%l*[%l%d.-]*$" then
            found("needs.api", "has \"%s\", which is no resource, as \"pods\" or \"workloads.kueue.x-k8s.io\" are",
                resource)
        elseif not is_list(verbs, "string") or #verbs == 0 then
            found(key, "is %s; it has to be a list of verbs, as in { \"get\", \"list\" }", describe(verbs))
        else
            for _, verb in ipairs(verbs) do
                if not native.among(verb, VERBS) then
                    found(key, "has \"%s\", which is no verb%s; there are %s", verb, near(verb, VERBS), joined(VERBS))
                end
            end
            needs[#needs + 1] = { resource = resource, verbs = json.array { table.unpack(verbs) } }
        end
    end
    return json.array(needs)
end

function definition.needs(value)
    local needs = {}
    for _, key in ipairs(sorted(map("needs", value) or {})) do
        if key == "api" then
            needs.api = api_needs(value.api)
        elseif key == "hosts" then
            needs.hosts = names_list("needs.hosts", value.hosts, "^[%w.*-]+:?%d*$", "host")
        elseif key == "secrets" then
            needs.secrets = names_list("needs.secrets", value.secrets, "^[%w._-]+$", "name of a secret")
        else
            local names = { "api", "hosts", "secrets" }
            found("needs." .. key, "is not known%s; there are %s", near(key, names), joined(names))
        end
    end
    return needs
end

function definition.config(value)
    local specs = {}
    for _, key in ipairs(sorted(map("config", value) or {})) do
        specs[#specs + 1] = read_option(key, value[key])
    end
    return specs
end

function definition.exports(value)
    return map("exports", value)
end

local give = native.part "adds"(native, shared, definition)

local need, kind_said, kind_names -- where there are kinds

function definition.kinds(value)
    local read
    read, need, kind_said, kind_names = native.part "kinds"(native, shared)
    return read(value)
end

local KEYS = { "name", "version", "api", "about", "needs", "config", "exports", "conditions", "sinks", "kinds",
    "columns", "calendars" }

local function read(table)
    local said = {}
    for _, key in ipairs(sorted(table)) do
        if type(key) ~= "string" then
            found(nil, "has an entry without a name; write key = value")
        elseif not definition[key] then
            found(key, "is not a key of a plugin%s; there are %s", near(key, KEYS), joined(KEYS))
        else
            said[key] = definition[key](table[key])
        end
    end
    local examples = { name = ("\"%s\""):format(name), version = "\"1.0.0\"", api = native.api }
    for _, key in ipairs { "name", "version", "api" } do
        if table[key] == nil then
            found(nil, "has no %s; give it one, as in %s = %s", key, key, examples[key])
        end
    end
    return said
end

-- For `mpijobd plugins` and the lock.
local function tell(said)
    local exports, conditions, sinks, specs, kinds, columns, calendars = {}, {}, {}, {}, {}, {}, {}
    for _, key in ipairs(sorted(said.exports or {})) do
        exports[#exports + 1] = { name = key, type = type(said.exports[key]) }
    end
    for i, c in ipairs(said.conditions or {}) do
        conditions[i] = { name = c.name, about = c.about }
    end
    for i, s in ipairs(said.sinks or {}) do
        sinks[i] = { name = s.name, about = s.about }
    end
    for i, c in ipairs(said.columns or {}) do
        columns[i] = { name = c.name, about = c.about }
    end
    for i, c in ipairs(said.calendars or {}) do
        calendars[i] = { name = c.name, about = c.about }
    end
    for i, s in ipairs(said.config or {}) do
        specs[i] = { name = s.name, type = s.kind, optional = s.optional, default = s.default, about = s.about,
            values = s.values, set = given[s.name] ~= nil }
    end
    local needs = said.needs or {}
    for i, row in ipairs(said.kinds or {}) do
        kinds[i] = kind_said(row)
        needs.api = needs.api or json.array {}
        needs.api[#needs.api + 1] = need(row)
    end
    native.said {
        name = said.name, version = said.version, api = said.api, about = said.about,
        needs = needs, config = json.array(specs), exports = json.array(exports),
        conditions = json.array(conditions), sinks = json.array(sinks),
        kinds = json.array(kinds), columns = json.array(columns),
        calendars = json.array(calendars),
    }
end

-- The kinds are exports, and plugin.kinds to the plugin's own files.
local function give_kinds(rows, exports)
    local modules = {}
    local module_of = rows and native.part "kind"(native, shared, kind_names)
    for _, row in ipairs(rows or {}) do
        modules[row.name] = module_of(row)
        exports[row.name] = modules[row.name]
    end
    return modules
end

-- Reports them one by one where the plugin is tried; else they are one error.
local function report()
    table.sort(findings, function(a, b)
        if a.file ~= b.file then
            return a.file < b.file
        end
        return a.line ~= b.line and a.line < b.line or a.line == b.line and a.at < b.at
    end)
    local texts = {}
    for i, f in ipairs(findings) do
        if not native.report(f.file, f.line, f.at, f.text) then
            texts[i] = ("%s:%d: %s"):format(f.file, f.line, f.text)
        end
    end
    if #texts > 0 then
        error(table.concat(texts, "\n"), 0)
    end
end

local declared

local function declare(_, table)
    if declared then
        error("plugin { ... } is called twice; a plugin.lua calls it once", 2)
    elseif type(table) ~= "table" then
        error("plugin takes one table: plugin { name = ..., version = ..., api = 1, exports = { ... } }", 2)
    end
    native.begin()
    declared = read(table)
    for _, row in ipairs(declared.kinds or {}) do
        if declared.exports and declared.exports[row.name] ~= nil then
            found("exports." .. row.name, "is the name of one of its kinds, which is exported by itself")
        end
    end
    local config = #findings == 0 and options(declared.config or {}) or {}
    if #findings > 0 then
        report()
    else
        tell(declared)
        give(declared)
        declared.exports = declared.exports or {}
        declared.modules = give_kinds(declared.kinds, declared.exports)
    end
    declared.options = config
    return config
end

local function index(_, key)
    if key == "name" then
        return name
    elseif key == "file" then
        return native.file
    elseif key == "config" or key == "version" or key == "kinds" then
        if not declared then
            error(("plugin.%s is known when plugin { ... } has been called"):format(key), 2)
        end
        return key == "config" and declared.options or key == "version" and declared.version or declared.modules
    end
    error(("plugin has no %s; it has name, version, config, kinds and file"):format(tostring(key)), 2)
end

return setmetatable({}, { __call = declare, __index = index, __newindex = function()
    error("plugin cannot be changed", 2)
end, __metatable = false }), function()
    return declared and (declared.exports or {}), #findings > 0
end
