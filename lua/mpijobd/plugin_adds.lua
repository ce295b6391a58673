-- SPDX-License-Identifier: Apache-2.0
-- What a plugin adds to mpijobd: conditions, sinks, columns of the report, calendars; read and given.
local native, tell, definition = ...
local found, describe, sorted, map = tell.found, tell.describe, tell.sorted, tell.map
local COLUMNS_MOST <const> = 8

-- A condition, a sink, a column, a calendar: a function, or a table that has it under the first of these keys. of: what
-- each key has to be; "about" is a text. Gives the table; nil: what is wrong was reported.
local function read_entry(what, path, value, keys, of, words)
    local entry = type(value) == "function" and { [keys[1]] = value } or value
    if type(entry) ~= "table" or type(entry[keys[1]]) ~= "function" then
        return found(path, "has to be %s, or %s", of[keys[1]], words)
    end
    for _, key in ipairs(keys) do
        local given, wanted = entry[key], key == "about" and "string" or "function"
        if given ~= nil and type(given) ~= wanted then
            return found(path .. "." .. key, "is %s; it has to be %s", describe(given),
                of[key] or "a text")
        end
    end
    for _, key in ipairs(sorted(entry)) do
        if not native.among(key, keys) then
            found(path, "has \"%s\"; a %s has %s", tostring(key), what, table.concat(keys, ", "))
        end
    end
    return entry
end

-- Of each entry that is right: its name and the members that the keys name.
local function take(list, name, entry, keys)
    local taken = { name = name }
    for _, key in ipairs(entry and keys or {}) do
        taken[key] = entry[key]
    end
    list[#list + 1] = entry and taken
end

local CONDITION <const>, SINK <const> = { "test", "check", "about" }, { "send", "about" }
local COLUMN <const>, CALENDAR <const> = { "value", "text", "about" }, { "days", "about" }

function definition.conditions(value)
    local conditions = {}
    for _, key in ipairs(sorted(map("conditions", value) or {})) do
        local path = "conditions." .. key
        if not key:match "^%a[%w_]*$" then
            found("conditions", "has \"%s\", which is no name for a condition: letters, digits and _", key)
        elseif native.is_condition(key) then
            found(path, "is a condition of mpijobd's own; take another name")
        else
            take(conditions, key, read_entry("condition", path, value[key], CONDITION, {
                test = "a function of the job and the value", check = "a function of the value" },
                "{ test = that, check = function(value), about = ... }"), CONDITION)
        end
    end
    return conditions
end

function definition.sinks(value)
    local sinks = {}
    for _, key in ipairs(sorted(map("sinks", value) or {})) do
        local path = "sinks." .. key
        if not key:match "^%a[%w_]*$" then
            found("sinks", "has \"%s\", which is no name for a sink: letters, digits and _", key)
        elseif rawget(notify, key) and not native.sinks[key] then
            found(path, "is a function of notify's own; take another name")
        else
            take(sinks, key, read_entry("sink", path, value[key], SINK, { send = "a function of the notification" },
                "{ send = that, about = ... }"), SINK)
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
        if not key:match "^%l[%l%d_]*$" or #key > 32 then
            found("columns", "has \"%s\", which is no name for a column: lower-case letters, digits and _, at most 32",
                key)
        else
            take(columns, key, read_entry("column", "columns." .. key, value[key], COLUMN, {
                value = "a function of the job and of what it holds that gives a number",
                text = "a function of the sum" },
                "{ value = that, text = function(sum), about = ... }"), COLUMN)
        end
    end
    return columns
end

function definition.calendars(value)
    local calendars = {}
    for _, key in ipairs(sorted(map("calendars", value) or {})) do
        if not key:match "^%a[%w_-]*$" then
            found("calendars", "has \"%s\", which is no name for a calendar: letters, digits, _ and -", key)
        else
            take(calendars, key, read_entry("calendar", "calendars." .. key, value[key], CALENDAR, {
                days = "a function that gives a table of days" }, "{ days = that, about = ... }"), CALENDAR)
        end
    end
    return calendars
end

-- What of another plugin has that name is a mistake that only the file that requires both can mend.
local function put(into, what, name, given)
    local other = into[name]
    if other and other.plugin ~= native.name and other.plugin ~= "mpijobd" then -- its own gives way
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
