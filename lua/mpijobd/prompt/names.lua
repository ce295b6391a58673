-- SPDX-License-Identifier: Apache-2.0
-- Completion: the names that the end of a text may be the beginning of.
local help = ...
local table, math, string, json, type, pairs, ipairs = table, math, string, json, type, pairs, ipairs
local rawequal = rawequal
local MOST = 200

local WORDS = {}
local words = "and break do else elseif end false for function if in local nil not or repeat return then true until "
    .. "while"
for word in words:gmatch "%a+" do
    WORDS[#WORDS + 1] = word
end

local function take(found, seen, name, part)
    if type(name) == "string" and not seen[name] and name:find("^[%a_][%w_]*$") and name:sub(1, #part) == part then
        seen[name] = true
        found[#found + 1] = name
    end
end

local function take_fields(found, seen, class, part)
    for _, field in ipairs(help().fields(class)) do
        take(found, seen, field.name, part)
    end
end

-- The function whose table is open at the text's end: "jobs" of `jobs { phase = "Failed", na`.
local function open_call(text)
    local open = {}
    for at, c in text:gsub('%b""', '""'):gsub("%b''", "''"):gmatch "()([{}])" do
        if c == "{" then
            open[#open + 1] = at
        else
            open[#open] = nil
        end
    end
    local plain = text:gsub('%b""', '""'):gsub("%b''", "''")
    return #open > 0 and plain:sub(1, open[#open] - 1):match "([%w_.]+)%s*%(?%s*$"
end

return function(text)
    local path, part = text:match "([%w_.:]-)([%w_]*)$"
    local found, seen = {}, {}
    if path == "" then
        local call = open_call(text)
        local class = call and help().takes(call)
        if class then
            take_fields(found, seen, class, part)
        end
        for name in pairs(_G) do
            take(found, seen, name, part)
        end
        for _, word in ipairs(part ~= "" and WORDS or {}) do
            take(found, seen, word, part)
        end
    else
        local value = help().value(path)
        if type(value) == "table" then
            for name in pairs(value) do
                take(found, seen, name, part)
            end
        elseif type(value) == "string" then
            for name in pairs(string) do
                take(found, seen, name, part)
            end
        elseif type(value) == "userdata" then
            take_fields(found, seen, rawequal(value, run) and "mpijobd.Run" or "mpijobd.Job", part)
            for _, name in ipairs(rawequal(value, run) and {} or { "get", "json", "table" }) do
                take(found, seen, name, part)
            end
        end
    end
    table.sort(found)
    return json.array { table.unpack(found, 1, math.min(#found, MOST)) }
end
