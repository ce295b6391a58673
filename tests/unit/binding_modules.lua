-- SPDX-License-Identifier: Apache-2.0
-- For test_binding_modules.c, which calls it with: the folder of the sources; the table of modules; the globals of a
-- sandbox before and after opening, with their types; the members of the modules, "module.name" with its type.
local source, modules, before, globals, members = ...
local wrong = {}
local function complain(...)
    wrong[#wrong + 1] = string.format(...)
end

local function read(path)
    local file = assert(io.open(source .. "/" .. path))
    local text = file:read("a")
    file:close()
    return text
end

-- Both ways: what is in one and not in the other is said with these words.
local function compare(a, b, only_in_a, only_in_b)
    for name in pairs(a) do
        if b[name] == nil then
            complain("%s: %s", name, only_in_a)
        end
    end
    for name in pairs(b) do
        if a[name] == nil then
            complain("%s: %s", name, only_in_b)
        end
    end
end

-- What the state has: the globals that opening made, and the members of the modules.
local has, global_names = {}, {}
for name, kind in pairs(globals) do
    if not before[name] then
        has[name], global_names[name] = kind, kind
    end
end
for name, kind in pairs(members) do
    has[name] = kind
end

-- The table's functions against the state's.
local listed, file_of, own, kinds = {}, {}, {}, {}
for _, m in ipairs(modules) do
    for name in pairs(m.functions) do
        local full = m.name and m.name .. "." .. name or name
        listed[full] = true
        own[full] = m.annotations
    end
    if m.name and not m.late and globals[m.name] ~= "table" then
        complain("%s: no table of this name among the globals", m.name)
    elseif m.late and globals[m.name] then
        complain("%s: a module that is made at its first require has a global", m.name)
    end
    if m.annotations then
        file_of[m.annotations] = m.annotations
    end
    if m.of_a_kind then
        kinds[m.name] = true
    end
end
local functions = {}
for name, kind in pairs(has) do
    if kind == "function" then
        functions[name] = true
    end
end
compare(listed, functions, "in the table of modules, and not in a state", "in a state, and not in the table of modules")

-- The annotations.
local files = {}
for file in io.popen("cd '" .. source .. "/lua/types' && ls *.lua"):lines() do -- those in folders are not of policies
    files[file] = true
end
compare(file_of, files, "no such file in lua/types", "in lua/types, and no module's")

local annotated = {}
local function annotate(name, file)
    if annotated[name] then
        complain("%s: annotated twice, in %s and %s", name, annotated[name], file)
    end
    annotated[name] = file
end
for file in pairs(files) do
    local fields, class_of
    for line in read("lua/types/" .. file):gmatch("[^\n]*") do
        local global, value = line:match("^(%a%w*) = (.*)$")
        if line:find("^%-%-%-@class ") then
            fields = {}
        elseif line:find("^%-%-%-@type ") then
            class_of = line:match("^%-%-%-@type (%S+)")
        elseif line:find("^%-%-%-@field ") and fields then
            fields[#fields + 1] = line:match("^%-%-%-@field (%w+)")
        elseif global then
            annotate(global, file)
            for _, field in ipairs(value == "{}" and fields or {}) do
                annotate(global .. "." .. field, file)
            end
            if kinds[global] and global ~= "mpijob" and class_of ~= "mpijoblib" then
                complain("%s: annotated as %s, not as the module mpijob", global, class_of)
            end
            fields, class_of = nil, nil
        elseif line:find("^function %w+%.?[%w_]*%(") then
            annotate(line:match("^function ([%w_.]+)"), file)
        elseif line == "" then
            fields = nil
        end
    end
end
for name, file in pairs(annotated) do
    if own[name] and own[name] ~= file then
        complain("%s: annotated in %s, its module's file is %s", name, file, own[name])
    end
end
-- The modules of other kinds are the module mpijob under another name.
for name, kind in pairs(has) do
    local module, member = name:match("^(%w+)%.(.+)$")
    if kinds[module] and module ~= "mpijob" then
        if has["mpijob." .. member] ~= kind then
            complain("%s: not in the module mpijob", name)
        end
        has[name] = nil
    end
end
has.require = nil -- Lua's own
compare(annotated, has, "annotated, and not in a state", "in a state, and not annotated in lua/types")

-- The options and fields: what a class annotates is what the C code takes, and the other way round. Each table of names
-- is read from the source as it stands.
local function names_in(path, variable)
    local text = read(path):match("%f[%w_]" .. variable .. "%[[%w_]*%] *= *(%b{})")
    assert(text, path .. ": no table " .. variable)
    local names = {}
    for name in text:gmatch('"([^"]*)"') do
        names[name] = path
    end
    return names
end
local classes, base_of = {}, {}
for file in pairs(files) do
    local fields
    for line in read("lua/types/" .. file):gmatch("[^\n]*") do
        local name, base = line:match("^%-%-%-@class ([%w.]+) ?:? ?([%w.]*)")
        if name then
            fields = {}
            classes[name], base_of[name] = fields, base
        elseif line == "" then
            fields = nil
        elseif fields then
            fields[line:match("^%-%-%-@field ([%w_]+)") or ""] = file
        end
    end
end
for name, fields in pairs(classes) do
    fields[""] = nil
    for field, file in pairs(classes[base_of[name]] or {}) do
        fields[field] = file
    end
end
local definition = "src/policy/definition/definition.c"
local tables = {
    ["mpijobd.Policy"] = { definition, "keys" },
    ["mpijobd.PolicyMatch"] = { "src/policy/definition/lua_match.c", "keys" },
    ["mpijobd.Limits"] = { "src/policy/definition/definition_limits.c", "limit_names" },
    ["mpijobd.Changes"] = { "src/mpijob/field.c", "names" },
    ["mpijobd.SchedulingPolicy"] = { "src/mpijob/field_check.c", "mpijob_scheduling_members" },
    ["mpijobd.Job"] = {
        "src/policy/values/lua_job.c", "lua_job_names", less = { get = true, json = true, table = true },
    },
    ["mpijobd.Date"] = { "src/binding/time.c", "fields" },
    ["mpijobd.ReplaceOptions"] = { "src/binding/lua_write.c", "lua_write_fields_options" },
    ["mpijobd.PatchOptions"] = { "src/binding/lua_write.c", "lua_write_patch_options" },
    ["mpijobd.CreateOptions"] = { "src/binding/lua_write.c", "lua_write_create_options" },
    ["mpijobd.DeleteOptions"] = { "src/binding/lua_write.c", "lua_write_delete_options" },
    ["mpijobd.StopOptions"] = { "src/binding/mpijob_stop.c", "stop_options" },
    ["mpijobd.ResumeOptions"] = { "src/binding/mpijob_stop.c", "resume_options" },
    ["mpijobd.KubeListOptions"] = { "src/binding/kube.c", "names" },
    ["mpijobd.HttpOptions"] = { "src/binding/outside/http_options.c", "lua_http_options" },
    ["mpijobd.Notification"] = { "src/binding/outside/notify.c", "options" },
    ["mpijobd.PrometheusOptions"] = { "src/binding/outside/prometheus.c", "options" },
    ["mpijobd.StoreOptions"] = { "src/binding/outside/store.c", "options" },
}
for class, t in pairs(tables) do
    local taken, written = names_in(t[1], t[2]), {}
    for name in pairs(t.less or {}) do
        taken[name] = nil
    end
    for name in pairs(taken) do
        written[class .. "." .. name] = true
    end
    local there = {}
    for name in pairs(classes[class] or {}) do
        there[class .. "." .. name] = true
    end
    compare(written, there, "taken by " .. t[1] .. ", and not annotated in lua/types",
        "annotated in lua/types, and not taken by " .. t[1])
end
-- A function that takes options has a class for them, which stands above.
for class in pairs(classes) do
    if class:find("Options$") and not tables[class] then
        complain("%s: annotated, and not compared with what is taken; add it in tests/unit/binding_modules.lua", class)
    end
end

-- The reference names every function.
local reference = read("docs/reference/lua.md")
for name in pairs(has) do
    if not reference:find("%f[%w]" .. name:gsub("%p", "%%%0") .. "%f[^%w_]") then
        complain("%s: not in docs/reference/lua.md", name)
    end
end

-- luacheck's list of what policies may name.
local rules = setmetatable({ files = {} }, { __index = _G })
assert(load(read(".luacheckrc"), "=.luacheckrc", "t", rules))()
local allowed = {}
for _, name in ipairs(rules.files["lua/policies"].read_globals) do
    allowed[name] = true
end
global_names.require = nil
compare(allowed, global_names, "in .luacheckrc, and not a global of policies",
    "a global of policies, and not in .luacheckrc")

table.sort(wrong)
assert(#wrong == 0, table.concat(wrong, "\n"))
