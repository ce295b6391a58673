-- SPDX-License-Identifier: Apache-2.0
-- The kinds of a plugin: rows that let policies read another kind of object and replace its fields. This reads the rows
-- of plugin { kinds = ... }; plugin_kind.lua makes a module of each.
local native, tell = ...
local found, describe, near, joined = tell.found, tell.describe, tell.near, tell.joined
local sorted, map, is_list = tell.sorted, tell.map, tell.is_list

local ROW_KEYS <const> = { "group", "versions", "kind", "plural", "about", "fields", "phase" }
local FIELD_KEYS <const> = { "at", "type", "values", "least", "most", "about", "when", "effect", "why", "required" }
local PHASES <const> = { "Succeeded", "Failed", "Suspended", "Restarting", "Running" } -- as they are looked at
local WHEN <const> = { "always", "once", "suspended", "never" }
-- What an object answers to by itself, and the options of list.
local TAKEN <const> = { "name", "namespace", "key", "uid", "resourceVersion", "labels", "annotations", "phase", "where",
    "apiVersion", "kind", "metadata", "spec", "status" }
local EFFECTS <const> = "stored, inert, at-finish, late, effective, unknown, reverted, destructive"
local remove, null = remove, json.null
local KINDS_MOST <const>, FIELDS_MOST <const> = 16, 64

-- ---- reading the rows ----

local function pattern(path, key, value, wanted, words)
    if type(value) ~= "string" then
        found(path .. "." .. key, "is %s; it has to be a text", describe(value))
    elseif #value > 253 or not value:match(wanted) then
        found(path .. "." .. key, "is \"%s\"; it has to be %s", value:sub(1, 80), words)
    else
        return value
    end
end

-- "/spec/suspend" as { "spec", "suspend" }
local function pointer(path, text)
    local parts = {}
    if type(text) ~= "string" or not text:match "^/[%w_.%-/]+$" or text:find "//" or text:match "/$" or #text > 253 then
        return found(path, "is %s; it has to be a path in the object, as in \"/spec/suspend\"", describe(text))
    end
    for part in text:gmatch "[^/]+" do
        if part:match "^%d+$" then
            return found(path, "leads into a list; a field stands in an object, or is a whole list")
        end
        parts[#parts + 1] = part
    end
    local first = parts[1]
    if first == "metadata" or first == "status" or first == "apiVersion" or first == "kind" then
        return found(path, "leads to %s, which is no field to replace%s", first,
            first == "metadata" and "; labels and annotations can be replaced in any kind" or "")
    end
    return parts
end

local function read_at(path, at, versions)
    if type(at) ~= "table" then
        local parts = pointer(path .. ".at", at)
        local by = {}
        for _, version in ipairs(versions) do
            by[version] = parts
        end
        return by
    end
    local by = {}
    for _, version in ipairs(sorted(map(path .. ".at", at) or {})) do
        if not native.among(version, versions) then
            found(path .. ".at." .. version, "is no version of the kind%s; there are %s", near(version, versions),
                joined(versions))
        end
        by[version] = pointer(path .. ".at." .. version, at[version])
    end
    return by
end

-- One word for all values, or one for each: a list of { value, effect }; nil: not known, or a function tells it.
local function read_effects(path, effect, spec)
    local list = {}
    if effect == nil or type(effect) == "function" then
        return nil
    elseif native.is_effect(effect) then
        return { { effect = effect } }
    elseif type(effect) ~= "table" then
        return found(path, "is %s; it has to be one of %s, a table of one for each value, or a function of the object "
            .. "and the value that gives one and a sentence", describe(effect), EFFECTS)
    end
    for _, value in ipairs(sorted(effect)) do
        local problem
        if value ~= remove then
            local _
            _, problem = tell.take(spec, value)
        end
        if problem then
            found(path, "has an effect for %s, which %s", describe(value), problem)
        elseif not native.is_effect(effect[value]) then
            found(path, "is %s for %s; it has to be one of %s", describe(effect[value]),
                value == remove and "remove" or tostring(value), EFFECTS)
        else
            list[#list + 1] = { value = value == remove and null or value, effect = effect[value] }
        end
    end
    return list
end

local function read_field(path, name, value, versions)
    if not name:match "^%a[%w_]*$" or native.among(name, TAKEN) then
        return found(path, "is no name for a field: letters, digits and _, and none of %s", joined(TAKEN))
    elseif type(value) ~= "table" then
        return found(path, "is %s; it has to be a table, as in { at = \"/spec/suspend\", type = \"boolean\" }",
            describe(value))
    end
    for _, key in ipairs(sorted(value)) do
        if not native.among(key, FIELD_KEYS) then
            found(path .. "." .. tostring(key), "is not known%s; a field has %s", near(key, FIELD_KEYS),
                joined(FIELD_KEYS))
        end
    end
    local spec = tell.read_type(path, value)
    local when = value.when
    if when ~= nil and type(when) ~= "function" and not (type(when) == "string" and native.among(when, WHEN)) then
        found(path .. ".when", "is %s%s; it has to be one of %s, or a function of the object", describe(when),
            near(when, WHEN), joined(WHEN))
    end
    if value.why ~= nil and type(value.why) ~= "string" then
        found(path .. ".why", "is %s; it has to be a sentence about the effect", describe(value.why))
    end
    if value.required ~= nil and type(value.required) ~= "boolean" then
        found(path .. ".required", "is %s; it has to be true or false", describe(value.required))
    end
    local field = { name = name, at = read_at(path, value.at, versions), when = when, effect = value.effect,
        effects = spec and read_effects(path .. ".effect", value.effect, spec), why = value.why,
        required = value.required, spec = spec, about = value.about, place = value.at }
    return spec and field
end

-- Two names for one place would be two wishes for one value.
local function check_places(path, fields, versions)
    for _, version in ipairs(versions) do
        local taken = {}
        for _, field in ipairs(fields) do
            local parts = field.at[version] or {}
            for n = #parts, 1, -1 do
                local place = "/" .. table.concat(parts, "/", 1, n)
                local other = taken[place]
                if other and (n == #parts or other.whole) then
                    found(path .. "." .. field.name, "stands at %s in %s, %s the field %s; one value has one field",
                        "/" .. table.concat(parts, "/"), version, other.whole and n == #parts and "as does"
                        or n == #parts and "which holds" or "which is within", other.name)
                    break
                end
            end
            for n = 1, #parts do
                local place = "/" .. table.concat(parts, "/", 1, n)
                taken[place] = taken[place] and taken[place].whole and taken[place]
                    or { name = field.name, whole = n == #parts }
            end
        end
    end
end

local function read_versions(path, value)
    local versions = type(value) == "string" and { value } or value
    if not is_list(versions, "string") or #versions == 0 then
        return found(path, "is %s; it has to be a version, or a list of these, the best first", describe(value)) or {}
    end
    for _, version in ipairs(versions) do
        if not version:match "^v%d+%l*%d*$" then
            found(path, "has \"%s\", which is no version, as \"v1\" and \"v1alpha2\" are", version)
        end
    end
    return { table.unpack(versions) }
end

-- Where each phase is told: the type of a condition, or a place in the object. In the order of looking.
local function read_phases(path, phase)
    local phases = {}
    if phase == nil then
        return nil
    elseif type(phase) ~= "table" then
        return found(path, "is %s; it has to be a table of conditions, as in { Succeeded = \"Complete\" }, or a "
            .. "function of the object", describe(phase))
    end
    for _, name in ipairs(sorted(map(path, phase) or {})) do
        if not native.among(name, PHASES) then
            found(path .. "." .. name, "is no phase that can be told%s; there are %s, and Pending where none of these "
                .. "is", near(name, PHASES), joined(PHASES))
        elseif type(phase[name]) ~= "string" or #phase[name] > 253
            or not phase[name]:match "^[%w_.%-/]+$" or phase[name]:match "^/.*/$" or phase[name]:find "//" then
            found(path .. "." .. name, "is %s; it has to be the type of a condition, as \"Complete\", or a place in "
                .. "the object, as \"/status/active\"", describe(phase[name]))
        end
    end
    for _, name in ipairs(PHASES) do
        if type(phase[name]) == "string" then
            phases[#phases + 1] = { phase = name, where = phase[name] }
        end
    end
    return phases
end

local function read_row(name, row)
    local path = "kinds." .. name
    if not name:match "^%l[%l%d]*$" or #name > 63 then
        return found("kinds", "has \"%s\", which is no name for a kind: lower-case letters and digits, as trainjob",
            name)
    elseif type(row) ~= "table" then
        return found(path, "is %s; it has to be a table of %s", describe(row), joined(ROW_KEYS))
    end
    for _, key in ipairs(sorted(row)) do
        if not native.among(key, ROW_KEYS) then
            found(path .. "." .. tostring(key), "is not known%s; a kind has %s", near(key, ROW_KEYS), joined(ROW_KEYS))
        end
    end
    local read = {
        name = name, about = row.about, phase = row.phase, fields = {},
        kind = pattern(path, "kind", row.kind, "^%u%w*$", "the kind's name, as in \"TrainJob\""),
        group = row.group == "" and "" or pattern(path, "group", row.group, "^%l[%l%d.-]*$",
            "the API's group, as in \"trainer.kubeflow.org\"; \"\" for Kubernetes' first one"),
        plural = pattern(path, "plural", row.plural, "^%l[%l%d]*$", "the name in paths and roles, as in \"trainjobs\""),
        versions = read_versions(path .. ".versions", row.versions),
    }
    if row.about ~= nil and type(row.about) ~= "string" then
        found(path .. ".about", "is %s; it has to be a text", describe(row.about))
    end
    if type(row.phase) ~= "function" then
        read.phases = read_phases(path .. ".phase", row.phase)
    end
    local own = read.kind and native.own_kind(read.kind)
    if own and own == read.group then
        found(path .. ".kind", "is a kind of mpijobd's own; it has a module, and its replacements are judged")
    elseif own then
        found(path .. ".kind", "is the name of a kind of mpijobd's own, in %s, and `kind` of a policy means that one; "
            .. "leave the row out, and use kube.get and kube.patch for yours", own)
    end
    local names = sorted(map(path .. ".fields", row.fields) or {})
    if #names > FIELDS_MOST then
        found(path .. ".fields", "has %d fields; a kind has at most %d", #names, FIELDS_MOST)
    end
    for _, field in ipairs(names) do
        read.fields[#read.fields + 1] = read_field(path .. ".fields." .. field, field, row.fields[field], read.versions)
    end
    check_places(path .. ".fields", read.fields, read.versions)
    return read
end

local function read_kinds(value)
    local rows, names = {}, sorted(map("kinds", value) or {})
    if #names > KINDS_MOST then
        found("kinds", "has %d kinds; a plugin has at most %d", #names, KINDS_MOST)
    end
    local seen = {}
    for _, name in ipairs(names) do
        local row = read_row(name, value[name])
        local which = row and row.kind and row.group and row.kind .. " of " .. row.group
        if which and seen[which] then
            found("kinds." .. name .. ".kind", "is %s, as that of kinds.%s is; one kind has one row", which,
                seen[which])
        elseif which then
            seen[which] = name
        end
        rows[#rows + 1] = row
    end
    return rows
end

-- What the server needs to let policies do, for `needs`.
local function need(row)
    return { resource = row.group == "" and row.plural or row.plural .. "." .. row.group,
        verbs = json.array { "get", "list", "update" } }
end

-- For `mpijobd plugins` and the editor's types.
local function said(row)
    local fields = {}
    for i, f in ipairs(row.fields) do
        fields[i] = { name = f.name, at = f.place, type = f.spec.kind, values = f.spec.values, least = f.spec.least,
            most = f.spec.most, about = f.about, required = f.required, why = f.why,
            when = type(f.when) == "string" and f.when or nil, effects = f.effects and json.array(f.effects),
            asks = type(f.when) == "function" and "when" or type(f.effect) == "function" and "effect" or nil }
    end
    return { name = row.name, kind = row.kind, group = row.group, versions = json.array(row.versions),
        plural = row.plural, about = row.about, phase = row.phase ~= nil,
        phases = row.phases and json.array(row.phases), fields = json.array(fields) }
end

return read_kinds, need, said, TAKEN
