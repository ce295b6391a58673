-- SPDX-License-Identifier: Apache-2.0
-- Values as a person sees them: as text, as columns, as JSON. Gives text_of, json_of and is_error.
-- A person may set the globals.
local raw_next, json, table, math, utf8, time = next, json, table, math, utf8, time
local type, tostring, ipairs, rawget = type, tostring, ipairs, rawget
local pcall, error, getmetatable, setmetatable = pcall, error, getmetatable, setmetatable

-- Of what is shown: rows of a table, tables in tables, letters of a cell, bytes.
local ROWS, DEPTH, WIDTH, MOST = 1000, 6, 60, 1000000

local function is_error(value)
    local meta = type(value) == "table" and getmetatable(value)
    return type(meta) == "table" and meta.__name == "error"
end

-- ---- values as text ----

local function quoted(s)
    local known = { ["\n"] = "\\n", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }
    return '"' .. s:gsub('[%c"\\]', function(c)
        return known[c] or ("\\%d"):format(c:byte())
    end) .. '"'
end

local function sorted_keys(t)
    local keys = {}
    for k in raw_next, t do
        keys[#keys + 1] = k
    end
    table.sort(keys, function(a, b)
        local ta, tb = type(a), type(b)
        if ta ~= tb then
            return ta < tb
        elseif ta == "number" or ta == "string" then
            return a < b
        end
        return false
    end)
    return keys
end

local function has_text(value)
    local meta = getmetatable(value)
    return type(meta) == "table" and meta.__tostring
end

local Out = {}
Out.__index = Out
function Out:add(text)
    if self.size > MOST then
        self.cut = true
        return false
    end
    self.size = self.size + #text
    self[#self + 1] = text
    return true
end

local show

local function show_table(out, t, depth, seen)
    if seen[t] then
        return out:add("(the table around it)")
    elseif depth > DEPTH then
        return out:add("{...}")
    end
    seen[t] = true
    local pad, n, first = ("  "):rep(depth), #t, true
    local function entry(key, value)
        out:add((first and "{\n" or ",\n") .. pad .. "  " .. key)
        first = false
        show(out, value, depth + 1, seen)
    end
    local left = 0
    for i = 1, n do
        if i > ROWS then
            left = n - ROWS
            break
        end
        entry("", rawget(t, i))
    end
    local shown = 0
    for _, k in ipairs(sorted_keys(t)) do
        if not (math.type(k) == "integer" and k >= 1 and k <= n) then
            shown = shown + 1
            if shown > ROWS then
                left = left + 1
            else
                local text = type(k) == "string" and quoted(k) or tostring(k)
                local name = type(k) == "string" and k:match("^[%a_][%w_]*$") or "[" .. text .. "]"
                entry(name .. " = ", rawget(t, k))
            end
        end
    end
    if left > 0 then
        out:add(",\n" .. pad .. "  ... (" .. left .. " more)")
    end
    out:add(first and "{}" or "\n" .. pad .. "}")
    seen[t] = nil
end

function show(out, value, depth, seen)
    if type(value) == "string" then
        out:add(quoted(value))
    elseif value == json.null then
        out:add("json.null")
    elseif type(value) == "table" and not has_text(value) then
        show_table(out, value, depth, seen)
    elseif type(value) == "function" or type(value) == "thread" then
        out:add(type(value)) -- an address tells nobody anything
    else
        out:add(tostring(value))
    end
end

-- ---- lists of rows as columns ----

local function cell(value)
    if value == nil then
        return "-"
    end
    local s = tostring(value):gsub("%c", " ")
    return utf8.len(s) and utf8.len(s) > WIDTH and s:sub(1, utf8.offset(s, WIDTH - 2) - 1) .. "..." or s
end

local function width(s)
    return utf8.len(s) or #s
end

-- Of a list that was made here.
local function columns_of(value)
    local meta = type(value) == "table" and getmetatable(value)
    return type(meta) == "table" and meta.columns
end

local function show_rows(out, rows, columns)
    local lines, widths = { {} }, {}
    for c, name in ipairs(columns) do
        lines[1][c] = name:upper()
        widths[c] = #name
    end
    for i = 1, math.min(#rows, ROWS) do
        local line = {}
        for c, name in ipairs(columns) do
            local value = rows[i][name]
            line[c] = cell(columns.spans and columns.spans[name] and value and time.duration(value) or value)
            widths[c] = math.max(widths[c], width(line[c]))
        end
        lines[i + 1] = line
    end
    for i, line in ipairs(lines) do
        local last = #columns
        for c = 1, last - 1 do
            line[c] = line[c] .. (" "):rep(widths[c] - width(line[c]) + 2)
        end
        if not out:add((i > 1 and "\n" or "") .. table.concat(line)) then
            return
        end
    end
    if #rows > ROWS then
        out:add("\n... (" .. #rows - ROWS .. " more)")
    end
end

local function text_of(values)
    local out = setmetatable({ size = 0 }, Out)
    for i = 1, values.n do
        local value = values[i]
        out:add(i > 1 and "\n" or "")
        if type(value) == "string" then
            out:add(#value > MOST and value:sub(1, MOST) or value)
            out.cut = out.cut or #value > MOST
        elseif columns_of(value) and #value > 0 then
            show_rows(out, value, columns_of(value))
        elseif columns_of(value) then
            out:add("(none)")
        else
            show(out, value, 0, {})
        end
    end
    return table.concat(out) .. (out.cut and "\n... (cut: this is longer than 1 MB)" or "")
end

-- ---- values as JSON ----

local function plain(value, depth)
    if type(value) == "userdata" and value ~= json.null then
        local ok, t = pcall(function()
            return value:table()
        end)
        return ok and t or tostring(value)
    elseif is_error(value) or type(value) ~= "table" or depth > 20 then
        return value
    end
    local copy
    for k, v in raw_next, value do
        local p = plain(v, depth + 1)
        if p ~= v then
            if not copy then
                copy = {}
                for k2, v2 in raw_next, value do
                    copy[k2] = v2
                end
            end
            copy[k] = p
        end
    end
    return copy or value
end

local function encode(value)
    if value == nil then
        return "null"
    end
    local ok, text = pcall(json.encode, plain(value, 0))
    return ok and text or error(text:gsub("^show:%d+: ", ""), 0)
end

local function json_of(values)
    local parts = {}
    for i = 1, values.n do
        parts[i] = encode(values[i])
    end
    return values.n == 1 and parts[1] or values.n == 0 and "null" or "[" .. table.concat(parts, ",") .. "]"
end

return text_of, json_of, is_error, ROWS
