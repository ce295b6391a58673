-- SPDX-License-Identifier: Apache-2.0
-- What a plugin adds to mpijobd: conditions, sinks, columns of the report, calendars; read and given.
local native, tell, definition = ...
local found, describe, sorted, map = tell.found, tell.describe, tell.sorted, tell.map
local COLUMNS_MOST <const> = 8

function definition.conditions(value)
    local conditions = {}
    for _, key in ipairs(sorted(map("conditions", value) or {})) do
        local path = "conditions." .. key
        local c = type(value[key]) == "function" and { test = value[key] } or value[key]
        if not key:match "^%a[%w_]*$" then
            found("conditions", "has \"%s\", which is no name for a condition: letters, digits and _", key)
        elseif native.is_condition(key) then
            found(path, "is a condition of mpijobd's own; take another name")
        elseif type(c) ~= "table" or type(c.test) ~= "function" then
            found(path, "has to be a function of the job and the value, or { test = that, check = function(value), "
                .. "about = ... }")
        elseif c.check ~= nil and type(c.check) ~= "function" then
            found(path .. ".check", "is %s; it has to be a function of the value", describe(c.check))
        elseif c.about ~= nil and type(c.about) ~= "string" then
            found(path .. ".about", "is %s; it has to be a text", describe(c.about))
        else
            for _, k in ipairs(sorted(c)) do
                if k ~= "test" and k ~= "check" and k ~= "about" then
                    found(path, "has \"%s\"; a condition has test, check, about", tostring(k))
                end
            end
            conditions[#conditions + 1] = { name = key, test = c.test, check = c.check, about = c.about }
        end
    end
    return conditions
end

function definition.sinks(value)
    local sinks = {}
    for _, key in ipairs(sorted(map("sinks", value) or {})) do
        local path = "sinks." .. key
        local s = type(value[key]) == "function" and { send = value[key] } or value[key]
        if not key:match "^%a[%w_]*$" then
            found("sinks", "has \"%s\", which is no name for a sink: letters, digits and _", key)
        elseif rawget(notify, key) and not native.sinks[key] then
            found(path, "is a function of notify's own; take another name")
        elseif type(s) ~= "table" or type(s.send) ~= "function" then
            found(path, "has to be a function of the notification, or { send = that, about = ... }")
        elseif s.about ~= nil and type(s.about) ~= "string" then
            found(path .. ".about", "is %s; it has to be a text", describe(s.about))
        else
            sinks[#sinks + 1] = { name = key, send = s.send, about = s.about }
        end
    end
    return sinks
end

function definition.columns(value)
    local columns, names = {}, sorted(map("columns", value) or {})
    if #names > COLUMNS_MOST then
        found("columns", "has %d columns; a plugin has at most %d", #names, COLUMNS_MOST)
    end
    for _, key in ipairs(names) do
        local path = "columns." .. key
        local c = type(value[key]) == "function" and { value = value[key] } or value[key]
        if not key:match "^%l[%l%d_]*$" or #key > 32 then
            found("columns", "has \"%s\", which is no name for a column: lower-case letters, digits and _, at most 32",
                key)
        elseif type(c) ~= "table" or type(c.value) ~= "function" then
            found(path, "has to be a function of the job and of what it holds that gives a number, or { value = that, "
                .. "text = function(sum), about = ... }")
        elseif c.text ~= nil and type(c.text) ~= "function" then
            found(path .. ".text", "is %s; it has to be a function of the sum", describe(c.text))
        elseif c.about ~= nil and type(c.about) ~= "string" then
            found(path .. ".about", "is %s; it has to be a text", describe(c.about))
        else
            for _, k in ipairs(sorted(c)) do
                if k ~= "value" and k ~= "text" and k ~= "about" then
                    found(path, "has \"%s\"; a column has value, text, about", tostring(k))
                end
            end
            columns[#columns + 1] = { name = key, value = c.value, text = c.text, about = c.about }
        end
    end
    return columns
end

function definition.calendars(value)
    local calendars = {}
    for _, key in ipairs(sorted(map("calendars", value) or {})) do
        local path = "calendars." .. key
        local c = type(value[key]) == "function" and { days = value[key] } or value[key]
        if not key:match "^%a[%w_-]*$" then
            found("calendars", "has \"%s\", which is no name for a calendar: letters, digits, _ and -", key)
        elseif type(c) ~= "table" or type(c.days) ~= "function" then
            found(path, "has to be a function that gives a table of days, or { days = that, about = ... }")
        elseif c.about ~= nil and type(c.about) ~= "string" then
            found(path .. ".about", "is %s; it has to be a text", describe(c.about))
        else
            for _, k in ipairs(sorted(c)) do
                if k ~= "days" and k ~= "about" then
                    found(path, "has \"%s\"; a calendar has days, about", tostring(k))
                end
            end
            calendars[#calendars + 1] = { name = key, days = c.days, about = c.about }
        end
    end
    return calendars
end

-- What of another plugin has that name is a mistake that only the file that requires both can mend.
local function put(into, what, name, given)
    local other = into[name]
    if other and other.plugin ~= native.name then
        error(("the %s %s of the plugin %s is the plugin %s's, too; require one of them"):format(what, name,
            native.name, other.plugin), 0)
    end
    given.plugin = native.name
    into[name] = given
end

local function give(said)
    for _, c in ipairs(said.conditions or {}) do
        put(native.conditions, "condition", c.name, { test = c.test, check = c.check })
    end
    for _, c in ipairs(said.calendars or {}) do
        put(native.calendars, "calendar", c.name, { days = c.days })
    end
    if said.sinks then
        native.part "sinks"(native, said.sinks)
    end
    if said.columns then
        native.columns(said.columns)
    end
end

return give
