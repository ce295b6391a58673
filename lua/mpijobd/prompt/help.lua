-- SPDX-License-Identifier: Apache-2.0
-- What is known of names: read from the annotations in lua/types, for help() and for completion.
local texts = ...
-- A person may set the globals.
local table, math, type, select, pairs, ipairs = table, math, type, select, pairs, ipairs
local rawget, rawequal, error = rawget, rawequal, error

local NAMES_BESIDE = { "exactly", "remove", "require", "run", "secret", "sleep" }
local KINDS = { tfjob = true, pytorchjob = true, mxjob = true }

local functions, modules, classes, names = {}, {}, {}, {}

local function add_function(path, args, entry)
    entry.path, entry.args = path, args
    functions[path] = entry
    names[#names + 1] = path
end

-- "fun(job: Job): Changes? a function..." : the type, and what is said of it.
local function split_type(text)
    local depth, at = 0, 1
    while at <= #text do
        local c = text:sub(at, at)
        if c:find "[%(%[{<]" then
            depth = depth + 1
        elseif c:find "[%)%]}>]" then
            depth = depth - 1
        elseif c == " " and depth == 0 and not text:sub(at - 1, at - 1):find "[:,]" then
            return text:sub(1, at - 1), text:sub(at + 1)
        end
        at = at + 1
    end
    return text, ""
end

local function new_entry()
    return { text = {}, params = {}, returns = {} }
end

-- A line of annotation.
local function annotate(state, line)
    local entry = state.entry
    local tag, rest = line:match "^@(%a+)%s*(.*)"
    if tag == "param" then
        local name, more = rest:match "^(%S+)%s+(.*)"
        entry.params[#entry.params + 1] = { name or rest, split_type(more or "") }
    elseif tag == "return" then
        entry.returns[#entry.returns + 1] = rest
    elseif tag == "class" then
        entry.class = rest:match "^[%w_.]+"
        entry.parent = rest:match "^[%w_.]+%s*:%s*([%w_.]+)"
        entry.fields = {}
        classes[entry.class] = entry
    elseif tag == "field" and entry.fields then
        local name, more = rest:match "^(%S+)%s+(.*)"
        local type_, text = split_type(more or "")
        entry.fields[#entry.fields + 1] = { name = (name or rest):gsub("%?$", ""), type = type_, text = text }
    elseif not tag then
        entry.text[#entry.text + 1] = line
    end
end

local function read(text)
    local state = { entry = new_entry() }
    for line in (text .. "\n"):gmatch "(.-)\n" do
        local note = line:match "^%-%-%-(.*)"
        if note then
            annotate(state, note)
        elseif not line:find "^%-%-" then
            local path, args = line:match "^function ([%w_.:]+)%((.-)%)"
            local module = line:match "^([%w_]+) = "
            if path then
                add_function(path, args, state.entry)
            elseif module then
                modules[module] = state.entry
            end
            state.entry = new_entry()
        end
    end
end
for _, text in ipairs(texts) do
    read(text)
end
table.sort(names)

local function sentence(entry)
    local text = table.concat(entry.text, " ")
    return text:match "^.-%.%f[%s\0]" or text
end

local help = {}

-- What the global path stands for now; nil: nothing.
local function path_value(path)
    local value = _G
    for part in path:gmatch "[%w_]+" do
        if type(value) ~= "table" then
            return nil
        end
        value = rawget(value, part)
    end
    return value
end

local function kin(path)
    local module, rest = path:match "^(%w+)%.(.+)$"
    return KINDS[module] and "mpijob." .. rest or path
end

help.value = path_value

function help.fields(class)
    local entry, fields = classes[class], {}
    while entry do
        table.move(entry.fields, 1, #entry.fields, #fields + 1, fields)
        entry = classes[entry.parent]
    end
    return fields
end

local function add_columns(out, rows)
    local most = 0
    for _, row in ipairs(rows) do
        most = math.max(most, #row[1])
    end
    for _, row in ipairs(rows) do
        out[#out + 1] = ("  %-" .. most .. "s  %s"):format(row[1], row[2])
    end
end

local function of_class(class, title)
    local entry, rows = classes[class], {}
    for _, f in ipairs(help.fields(class)) do
        rows[#rows + 1] = { f.name, f.type .. (f.text ~= "" and ": " .. f.text or "") }
    end
    local methods = "^" .. (class:match "([%w_]+)$") .. ":"
    for _, path in ipairs(names) do
        if path:find(methods) then
            rows[#rows + 1] = { path:match ":.*" .. "(" .. functions[path].args .. ")", sentence(functions[path]) }
        end
    end
    local out = { title or class }
    for _, line in ipairs(entry.text) do
        out[#out + 1] = line
    end
    add_columns(out, rows)
    return table.concat(out, "\n")
end

local function of_function(path, as)
    local entry = functions[path]
    local out = { as .. "(" .. entry.args .. ")" }
    for _, line in ipairs(entry.text) do
        out[#out + 1] = "  " .. line
    end
    local rows = {}
    for _, p in ipairs(entry.params) do
        rows[#rows + 1] = { p[1] or "", (p[2] or "") .. (p[3] and p[3] ~= "" and ": " .. p[3] or "") }
    end
    if #rows > 0 then
        out[#out + 1] = "takes"
        add_columns(out, rows)
    end
    for i, text in ipairs(entry.returns) do
        out[#out + 1] = (i == 1 and "gives " or "      ") .. text
    end
    local seen = { ["mpijobd.Job"] = true }
    for _, p in ipairs(entry.params) do
        for class in (p[2] or ""):gmatch "mpijobd%.[%w]+" do
            if classes[class] and not seen[class] then
                seen[class] = true
                out[#out + 1] = "\n" .. of_class(class, class:match "[%w]+$" .. ":")
            end
        end
    end
    return table.concat(out, "\n")
end

local function of_module(module)
    local rows = {}
    local source = KINDS[module] and "mpijob" or module
    for _, path in ipairs(names) do
        if path:find("^" .. source .. "%.") then
            local call = path:gsub("^" .. source, module) .. "(" .. functions[path].args .. ")"
            rows[#rows + 1] = { call, sentence(functions[path]) }
        end
    end
    local out = { module }
    if modules[module] then
        for _, line in ipairs(modules[module].text) do
            out[#out + 1] = line
        end
    end
    add_columns(out, rows)
    return table.concat(out, "\n")
end

local function overview()
    local out, rows = { "Functions of this session:" }, {}
    local own = { "policies", "next", "jobs", "why", "caches", "config", "help", "print" }
    for _, name in ipairs(own) do
        rows[#rows + 1] = { name .. "(" .. functions[name].args .. ")", sentence(functions[name]) }
    end
    add_columns(out, rows)
    local found = {}
    for name in pairs(modules) do
        if type(rawget(_G, name)) == "table" then
            found[#found + 1] = name
        end
    end
    table.sort(found)
    out[#out + 1] = "Modules, as policies have them; help(mpijob) tells more of one: " .. table.concat(found, " ")
    local others = {}
    for _, name in ipairs(NAMES_BESIDE) do
        if path_value(name) ~= nil then
            others[#others + 1] = name
        end
    end
    out[#out + 1] = "Beside them; help \"sleep\" tells more of one: " .. table.concat(others, " ")
    return table.concat(out, "\n")
end

-- What is neither a function nor a module: remove.
local function of_value(name)
    return table.concat({ name, table.unpack(modules[name].text) }, "\n")
end

local function of_name(name)
    local path = kin(name)
    local class = "mpijobd." .. name:sub(1, 1):upper() .. name:sub(2)
    if functions[path] then
        return of_function(path, name)
    elseif modules[name] and type(path_value(name)) == "table" then
        return of_module(name)
    elseif classes[name] or classes[class] and #help.fields(class) > 0 then
        return of_class(classes[name] and name or class, name)
    elseif modules[name] and path_value(name) ~= nil then
        return of_value(name)
    end
    error(("there is no help for %q; help() tells what there is"):format(name), 0)
end

function help.of(...)
    local what = ...
    if select("#", ...) == 0 then
        return overview()
    elseif type(what) == "string" then
        return of_name(what)
    elseif type(what) == "userdata" then
        return rawequal(what, run) and of_name "run" or of_name "job"
    end
    for _, path in ipairs(names) do
        if what ~= nil and rawequal(path_value(path), what) then
            return of_function(path, path)
        end
    end
    for name in pairs(modules) do
        if what ~= nil and rawequal(rawget(_G, name), what) then
            return of_module(name)
        end
    end
    for kind in pairs(KINDS) do
        for name, value in pairs(type(what) == "function" and rawget(_G, kind) or {}) do
            if rawequal(value, what) then
                return of_name(kind .. "." .. name)
            end
        end
    end
    error("there is no help for this " .. type(what) .. "; help() tells what there is", 0)
end

-- The class of the table that the function takes first: "mpijobd.Match" of jobs.
function help.takes(path)
    local entry = functions[kin(path)]
    local first = entry and entry.params[1]
    return first and first[2] and first[2]:match "mpijobd%.%w+"
end

return help
