-- SPDX-License-Identifier: Apache-2.0
-- A kind of a plugin as a module: get, list and replace, by its row (plugin_kinds.lua).
local native, tell, taken = ...
local describe, near, joined, sorted = tell.describe, tell.near, tell.joined, tell.sorted
local remove, null = remove, json.null

local TRIES <const> = 6
local OPTIONS <const> = { "dry_run", "destructive", "resourceVersion" }

-- ---- objects ----

-- What stands at the place; raises where the way leads through something else than objects.
local function value_at(row, object, parts)
    local value = object
    for i, part in ipairs(parts) do
        if value == nil or value == null then
            return nil
        elseif type(value) ~= "table" or #value > 0 or getmetatable(value) == false then
            error(("%s: /%s is no object here, and %s stands below it; mend the field's `at` in the plugin %s")
                :format(row.name, table.concat(parts, "/", 1, i - 1), part, native.name), 0)
        end
        value = rawget(value, part)
    end
    if value ~= null then
        return value
    end
end

local function place(field, object)
    local version = tostring(object.apiVersion):match "[^/]+$"
    return field.at[version], version
end

-- The same as in policies (src/mpijob/view.c).
local function is_told(object, where)
    if where:sub(1, 1) == "/" then
        local value = object
        for part in where:gmatch "[^/]+" do
            value = type(value) == "table" and rawget(value, part) or nil
        end
        return value ~= nil and value ~= false and value ~= 0 and value ~= ""
    end
    local status = rawget(object, "status")
    for _, condition in ipairs(type(status) == "table" and type(status.conditions) == "table" and status.conditions
        or {}) do
        if type(condition) == "table" and condition.type == where and condition.status == "True" then
            return true
        end
    end
    return false
end

local function phase_of(row, object)
    if type(row.phase) == "function" then
        return row.phase(object)
    end
    for _, phase in ipairs(row.phases or {}) do
        if is_told(object, phase.where) then
            return phase.phase
        end
    end
    return "Pending"
end

-- An object as the server has it, which answers to the names of the row as well.
local function wrapped(row, object, api_version)
    object.apiVersion, object.kind = object.apiVersion or api_version, object.kind or row.kind
    local metadata = object.metadata
    local own = { -- also where the policy takes these away from the object
        apiVersion = object.apiVersion, kind = object.kind,
        name = metadata.name, namespace = metadata.namespace, uid = metadata.uid,
        resourceVersion = metadata.resourceVersion, labels = metadata.labels or {},
        annotations = metadata.annotations or {},
        key = metadata.namespace and metadata.namespace .. "/" .. metadata.name or metadata.name,
    }
    return setmetatable(object, { __metatable = row.mark, __index = function(_, key)
        local field = row.by_name[key]
        if own[key] ~= nil then
            return own[key]
        elseif key == "phase" and row.phase then
            return phase_of(row, object)
        elseif field then
            local parts = place(field, object)
            return parts and value_at(row, object, parts)
        elseif row.tops[key] then
            return nil
        end
        error(("%s: a %s has no %s%s"):format(native.where(), row.name, tostring(key), near(key, row.names)), 0)
    end })
end

-- ---- the version that is served ----

-- The apiVersion to use; nil and an error.
local function version_of(row, call)
    local cluster = native.cluster(call)
    local function whole(version)
        return row.group == "" and version or row.group .. "/" .. version
    end
    if #row.versions == 1 then
        return whole(row.versions[1])
    end
    for _, version in ipairs(row.versions) do
        if row.served[cluster] then
            break
        end
        local serves, err = native.serves(call, whole(version), row.kind)
        if err then
            return nil, err
        elseif serves then
            row.served[cluster] = whole(version)
        end
    end
    return row.served[cluster] or whole(row.versions[1]) -- whose absence the call itself will tell
end

-- ---- the changes ----

-- Raises where the policy calls, not here.
local function refuse(row, format, ...)
    error(("%s: %s.replace: "):format(native.where(), row.name) .. format:format(...), 0)
end

local function put(patch, parts, value)
    for i = 1, #parts - 1 do
        patch[parts[i]] = patch[parts[i]] or {}
        patch = patch[parts[i]]
    end
    patch[parts[#parts]] = value
end

local function take_map(row, patch, object, key, value)
    if type(value) ~= "table" then
        refuse(row, "%s is %s; it has to be a table of texts", key, describe(value))
    end
    local there = object[key]
    for name, text in next, value do
        local gone = text == remove or text == null
        if type(name) ~= "string" or not gone and type(text) ~= "string" then
            refuse(row, "%s[%q] is %s; it has to be a text, or remove", key, tostring(name), describe(text))
        elseif not gone or type(there) == "table" and there[name] ~= nil then
            put(patch, { "metadata", key, name }, gone and null or text)
        end
    end
end

local WEIGHT <const> = { stored = 1, inert = 2, ["at-finish"] = 3, late = 4, effective = 5, unknown = 6, reverted = 7,
    destructive = 8 }

-- Whether the field may be written now, and what that does.
local function may_be_written(row, field, object)
    if type(field.when) == "function" then
        return field.when(object)
    elseif field.when == "never" then
        return false, "it is never to be replaced"
    elseif field.when == "suspended" and phase_of(row, object) ~= "Suspended" then
        return false, "only while the job is suspended"
    elseif field.when == "once" and object[field.name] ~= nil then
        return false, "it may be set once, and has a value"
    end
    return true
end

-- Of the row's effects by value.
local function told_effect(field, value)
    for _, told in ipairs(field.effects) do
        if told.value == nil or told.value == value or value == nil and told.value == null then
            return told.effect
        end
    end
end

local function judged(row, field, object, value)
    local may, reason = may_be_written(row, field, object)
    if not may then
        return nil, ("%s cannot be replaced now%s"):format(field.name, reason and ": " .. tostring(reason) or "")
    end
    local effect, why = field.effect, field.why
    if type(effect) == "function" then
        effect, why = effect(object, value)
        if effect ~= nil and not native.is_effect(effect) then
            refuse(row, "the plugin %s says of %s that its effect is %s, which does not exist", native.name, field.name,
                describe(effect))
        end
    end
    if field.effects then
        effect = told_effect(field, value)
        why = effect and why
    end
    return effect or "unknown", why and tostring(why):sub(1, 400)
end

-- The merge patch, its effect and the sentence about that. nil and why: it may not be now.
local function make(row, object, changes)
    local patch, effect, why = {}, nil, nil
    for _, key in ipairs(sorted(changes)) do
        local field, value = row.by_name[key], changes[key]
        if key == "labels" or key == "annotations" then
            take_map(row, patch, object, key, value)
            if not effect then
                effect, why = "stored", "labels and annotations are stored"
            end
        elseif not field then
            refuse(row, "%s is no field of a %s%s; there are %s", tostring(key), row.name, near(key, row.fields_told),
                joined(row.fields_told))
        else
            local gone = value == remove or value == null
            local parts, version = place(field, object)
            if not parts then
                refuse(row, "%s has no place in %s of this kind", key, version)
            elseif gone and field.required then
                refuse(row, "%s cannot be removed", key)
            elseif not gone then
                local problem
                value, problem = tell.take(field.spec, value)
                if problem then
                    refuse(row, "%s %s", key, problem)
                end
            end
            local there = value_at(row, object, parts)
            if gone and there ~= nil or not gone and (there ~= value or type(value) == "table") then
                local to = value
                if gone then
                    to = nil
                end
                local its, said = judged(row, field, object, to)
                if not its then
                    return nil, said
                end
                put(patch, parts, gone and null or value)
                if not effect or WEIGHT[its] > WEIGHT[effect] then
                    effect = its
                    why = said or ("by the plugin %s, the effect of %s is %s"):format(native.name, key, its)
                end
            end
        end
    end
    return patch, effect, why
end

-- ---- the module of a row ----

local function module_of(row)
    local module = { kind = row.kind, group = row.group, plural = row.plural }
    local call = { get = row.name .. ".get", list = row.name .. ".list", replace = row.name .. ".replace" }
    row.mark, row.served, row.by_name, row.tops = {}, {}, {}, { metadata = true, spec = true, status = true }
    row.fields_told, row.names = { "labels", "annotations" }, {}
    for i, name in ipairs(taken) do
        row.names[i] = name
    end
    for _, field in ipairs(row.fields) do
        row.by_name[field.name] = field
        row.fields_told[#row.fields_told + 1], row.names[#row.names + 1] = field.name, field.name
        for _, parts in pairs(field.at) do
            row.tops[parts[1]] = true
        end
    end

    function module.get(key)
        local version, err = version_of(row, call.get)
        if not version then
            return nil, err
        end
        local object
        object, err = kube.get(version, row.kind, key)
        if not object then
            return nil, err
        end
        return wrapped(row, object, version)
    end

    local function matcher(options)
        local wanted = {}
        for key, value in next, options do
            if row.by_name[key] or key == "phase" and row.phase then
                wanted[key] = value
            elseif key == "where" and type(value) ~= "function" then
                error(("%s: where is %s; it has to be a function of the object"):format(call.list, describe(value)), 3)
            elseif key ~= "namespace" and key ~= "labels" and key ~= "where" then
                local names = { "namespace", "labels", "where", row.phase and "phase" or nil }
                for i = 3, #row.fields_told do
                    names[#names + 1] = row.fields_told[i]
                end
                error(("%s has no option %s%s; there are %s"):format(call.list, tostring(key), near(key, names),
                    joined(names)), 3)
            end
        end
        return function(object)
            for key, value in next, wanted do
                local is = object[key]
                if value == "unset" or value == null then
                    value = nil
                end
                if is ~= value then
                    return false
                end
            end
            return not options.where or options.where(object)
        end
    end

    function module.list(options)
        options = options or {}
        if type(options) ~= "table" then
            error(("%s takes a table, as in { namespace = \"train\" }"):format(call.list), 2)
        end
        local matches = matcher(options)
        local version, err = version_of(row, call.list)
        if not version then
            error(err, 2)
        end
        local following, state, first, closing = kube.list(version, row.kind,
            { namespace = options.namespace, labels = options.labels })
        return function()
            while true do
                local object = following(state, first)
                if object == nil then
                    return nil
                end
                wrapped(row, object, version)
                if matches(object) then
                    return object
                end
            end
        end, nil, nil, closing
    end

    -- target: an object of this kind, or its key. Gives the object, or nil and its key.
    local function read_target(target)
        if type(target) == "string" then
            return nil, target
        elseif type(target) == "table" and getmetatable(target) == row.mark then
            return target, target.key
        end
        error(("%s: the target is %s; it has to be \"namespace/name\", or an object of %s.get or %s.list")
            :format(call.replace, describe(target), row.name, row.name), 3)
    end

    function module.replace(target, changes, options)
        local object, key = read_target(target)
        options = options or {}
        if type(changes) ~= "table" and type(changes) ~= "function" or type(options) ~= "table" then
            error(("%s takes a target, a table of changes or a function of the object, and a table of options")
                :format(call.replace), 2)
        end
        for try = 1, TRIES do
            local err
            if not object then
                object, err = module.get(key)
                if not object then
                    return nil, err
                end
            end
            local wanted = changes
            if type(changes) == "function" then
                wanted = changes(object) or {}
                if type(wanted) ~= "table" then
                    error(("%s: the function of the changes gave %s; it has to give a table, or nil"):format(
                        call.replace, describe(wanted)), 2)
                end
            end
            local patch, effect, why = make(row, object, wanted)
            if not patch then
                return native.refused(("%s: %s"):format(key, effect))
            end
            -- The last try is bound to the object by name, so that its failure is told as one.
            local version, given = options.resourceVersion or try == TRIES and object.resourceVersion or nil, {}
            for name, value in next, options do
                if not native.among(name, OPTIONS) then
                    refuse(row, "there is no option %s%s; there are %s", tostring(name), near(name, OPTIONS),
                        joined(OPTIONS))
                end
                given[name] = value
            end
            given.resourceVersion = version
            local result, fresh
            result, err, fresh = native.replace(call.replace, { apiVersion = object.apiVersion, kind = row.kind,
                plural = row.plural, from = not version and object.resourceVersion or nil }, key, patch, given, effect,
                why)
            if not fresh then
                return result, err
            end
            object = wrapped(row, fresh, object.apiVersion)
        end
    end

    return module
end

return module_of
