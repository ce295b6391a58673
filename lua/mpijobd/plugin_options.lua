-- SPDX-License-Identifier: Apache-2.0
-- The options of a plugin: what its plugin { ... } says of them, and the values that it gets.
local native, tell = ...
local found, option_found, describe, near, joined = tell.found, tell.option_found, tell.describe, tell.near, tell.joined
local sorted, map, is_list, given = tell.sorted, tell.map, tell.is_list, native.options

local TYPES = {
    string = { "a text", function(v) return type(v) == "string", v end },
    number = { "a number", function(v) return type(v) == "number", v end },
    integer = { "a whole number", function(v) return math.type(v) == "integer", v end },
    boolean = { "true or false", function(v) return type(v) == "boolean", v end },
    duration = { "a duration such as \"2h\", or seconds", function(v)
        local seconds = native.duration(v)
        return seconds ~= nil, seconds
    end },
    list = { "a list of texts", function(v) return is_list(v, "string"), v end },
    table = { "a map or a list", function(v) return type(v) == "table", v end },
}
local TYPE_NAMES = { "string", "number", "integer", "boolean", "duration", "list", "table" }
local NUMBERS <const> = { "number", "integer", "duration" } -- have least and most
local OPTION_KEYS = { "type", "default", "about", "values", "least", "most" }

-- Without the value: it may be the text of a file.
local function kind_of(value)
    local kind = type(value)
    return kind == "string" and "a text" or "a " .. kind
end

-- The value as the plugin gets it; nil and what is wrong with it.
local function take(spec, value)
    local good, taken = TYPES[spec.kind][2](value)
    if not good then
        return nil, ("is %s; it has to be %s"):format(kind_of(value), TYPES[spec.kind][1])
    end
    if spec.values then
        for _, allowed in ipairs(spec.values) do
            if allowed == value then
                return taken
            end
        end
        local names = {}
        for i, allowed in ipairs(spec.values) do
            names[i] = tostring(allowed)
        end
        return nil, ("has another value%s; it has to be one of %s"):format(near(value, names), joined(names))
    end
    if type(taken) == "number" and (spec.least and taken < spec.least or spec.most and taken > spec.most
        or taken ~= taken) then
        local range = spec.least and spec.most and "from %s to %s" or spec.least and "at least %s" or "at most %s"
        return nil, ("is out of its range; it has to be " .. range):format(spec.least or spec.most, spec.most)
    end
    return taken
end

-- The type, range and allowed values that a table says: of an option, or of the field of a kind.
local function read_type(path, spec)
    local kind, optional
    if type(spec.type) == "string" then
        kind, optional = spec.type:match "^(%l+)(%??)$"
    end
    if not TYPES[kind] then
        return found(path, "has no type that is known%s; there are %s, and each with ? at its end where it may be left "
            .. "out", near(spec.type, TYPE_NAMES), joined(TYPE_NAMES))
    end
    local read = {
        kind = kind, about = spec.about, values = spec.values, least = spec.least, most = spec.most,
        optional = optional == "?" or spec.default ~= nil,
    }
    if spec.values ~= nil and not is_list(spec.values) then
        return found(path .. ".values", "is %s; it has to be a list", describe(spec.values))
    end
    for _, k in ipairs { "least", "most" } do
        if spec[k] ~= nil and type(spec[k]) ~= "number" then
            return found(path .. "." .. k, "is %s; it has to be a number", describe(spec[k]))
        elseif spec[k] ~= nil and not native.among(kind, NUMBERS) then
            return found(path .. "." .. k, "goes with a %s, and the type is %s; leave it out", joined(NUMBERS), kind)
        end
    end
    if spec.least and spec.most and spec.least > spec.most then
        return found(path .. ".least", "is larger than `most`, so that no value is allowed")
    end
    if spec.about ~= nil and type(spec.about) ~= "string" then
        return found(path .. ".about", "is %s; it has to be a text", describe(spec.about))
    end
    return read
end

local function read_option(key, value)
    local path = "config." .. key
    if not key:match "^[a-z][a-z0-9_]*$" then
        return found(path, "is no name for an option: lower-case letters, digits and _")
    end
    local spec = type(value) == "string" and { type = value } or value
    if not map(path, spec) then
        return
    end
    for _, k in ipairs(sorted(spec)) do
        if not native.among(k, OPTION_KEYS) then
            found(path .. "." .. k, "is not known%s; an option has %s", near(k, OPTION_KEYS), joined(OPTION_KEYS))
        end
    end
    local read = read_type(path, spec)
    if not read then
        return
    end
    read.name = key
    if spec.default ~= nil then
        local problem
        read.default, problem = take(read, spec.default)
        if problem then
            return found(path .. ".default", "%s", problem)
        end
    end
    return read
end

-- The options that were given, as the plugin gets them.
local function options(specs)
    local config, names = {}, {}
    for _, spec in ipairs(specs) do
        names[#names + 1] = spec.name
        local value = given[spec.name]
        if value == nil or value == json.null then
            config[spec.name] = spec.default
            if not spec.optional then
                option_found(spec.name, "is missing; it has to be %s%s", TYPES[spec.kind][1],
                    spec.about and ": " .. spec.about or "")
            end
        else
            local problem
            config[spec.name], problem = take(spec, value)
            if problem then
                option_found(spec.name, "%s", problem)
            end
        end
    end
    for _, key in ipairs(sorted(given)) do
        if not native.among(key, names) then
            option_found(key, "is not an option of the plugin%s; it has %s", near(key, names),
                #names > 0 and joined(names) or "none")
        end
    end
    return config
end

return read_option, options, read_type, take
