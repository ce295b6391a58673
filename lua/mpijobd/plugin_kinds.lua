-- SPDX-License-Identifier: Apache-2.0
-- The kinds of a plugin: rows that let policies read another kind of object and replace its fields. This reads the rows
-- of plugin { kinds = ... }; plugin_kind.lua makes a module of each.
local native, tell = ...
local found, describe, near, joined = tell.found, tell.describe, tell.near, tell.joined
local sorted, map, is_list = tell.sorted, tell.map, tell.is_list

local ROW_KEYS <const> = { "group", "versions", "kind", "plural", "about", "fields", "phase" }
local FIELD_KEYS <const> = { "at", "type", "values", "least", "most", "about", "when", "effect", "required" }
-- What an object answers to by itself, and the options of list.
local TAKEN <const> = { "name", "namespace", "key", "uid", "resourceVersion", "labels", "annotations", "phase", "where",
    "apiVersion", "kind", "metadata", "spec", "status" }
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
    local effect = value.effect
    if type(effect) ~= "function" and effect ~= nil and not native.is_effect(effect) then
        found(path .. ".effect", "is %s; it has to be one of stored, inert, at-finish, late, effective, unknown, "
            .. "reverted, destructive, or a function of the object and the value that gives one and a sentence",
            describe(effect))
    end
    if value.when ~= nil and type(value.when) ~= "function" then
        found(path .. ".when", "is %s; it has to be a function of the object", describe(value.when))
    end
    if value.required ~= nil and type(value.required) ~= "boolean" then
        found(path .. ".required", "is %s; it has to be true or false", describe(value.required))
    end
    local field = { name = name, at = read_at(path, value.at, versions), when = value.when, effect = effect,
        required = value.required, spec = spec, about = value.about, place = value.at }
    return spec and field
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
    if row.phase ~= nil and type(row.phase) ~= "function" then
        found(path .. ".phase", "is %s; it has to be a function of the object", describe(row.phase))
    end
    if read.kind and read.group and native.own_kind(read.kind, read.group) then
        found(path .. ".kind", "is a kind of mpijobd's own; it has a module, and its replacements are judged")
    end
    local names = sorted(map(path .. ".fields", row.fields) or {})
    if #names > FIELDS_MOST then
        found(path .. ".fields", "has %d fields; a kind has at most %d", #names, FIELDS_MOST)
    end
    for _, field in ipairs(names) do
        read.fields[#read.fields + 1] = read_field(path .. ".fields." .. field, field, row.fields[field], read.versions)
    end
    return read
end

local function read_kinds(value)
    local rows, names = {}, sorted(map("kinds", value) or {})
    if #names > KINDS_MOST then
        found("kinds", "has %d kinds; a plugin has at most %d", #names, KINDS_MOST)
    end
    for _, name in ipairs(names) do
        rows[#rows + 1] = read_row(name, value[name])
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
            most = f.spec.most, about = f.about }
    end
    return { name = row.name, kind = row.kind, group = row.group, versions = json.array(row.versions),
        plural = row.plural, about = row.about, phase = row.phase ~= nil, fields = json.array(fields) }
end

return read_kinds, need, said, TAKEN
