-- SPDX-License-Identifier: Apache-2.0
-- All-day events of an iCalendar file (RFC 5545) as days off: single days, spans, and those that come back each year.
-- Events with a time of day are no holidays and are left out.
local days = require "lib.days"

local ics = {}

-- Lines that begin with a space go on the line before; each with its number.
local function unfold(text)
    local lines, number = {}, 0
    for line in (text:gsub("\r\n?", "\n") .. "\n"):gmatch "(.-)\n" do
        number = number + 1
        local first = line:sub(1, 1)
        if #lines > 0 and (first == " " or first == "\t") then
            lines[#lines].text = lines[#lines].text .. line:sub(2)
        elseif line ~= "" then
            lines[#lines + 1] = { text = line, number = number }
        end
    end
    return lines
end

local function fail(line, format, ...)
    error(("line %d of ics: "):format(line.number) .. format:format(...), 0)
end

-- "DTSTART;VALUE=DATE:20261225": name, parameters, value
local function property(line)
    local name, parameters, value = line.text:match "^([%w-]+)([^:]*):(.*)$"
    return name and name:upper(), parameters and parameters:upper(), value
end

local function date_of(line, value)
    local y, m, d = value:match "^(%d%d%d%d)(%d%d)(%d%d)$"
    if not y or not days.good(tonumber(y), tonumber(m), tonumber(d)) then
        fail(line, "\"%s\" is no date", value)
    end
    return tonumber(y), tonumber(m), tonumber(d)
end

local ESCAPES <const> = { n = " ", N = " " }

local function set(event, line)
    local name, parameters, value = property(line)
    if name == "SUMMARY" then
        event.summary = value:gsub("\\(.)", function(c) return ESCAPES[c] or c end)
    elseif name == "DTSTART" or name == "DTEND" then
        event.timed = event.timed or value:find("T", 1, true) ~= nil
        if not value:find("T", 1, true) then
            event[name] = { date_of(line, value) }
        end
    elseif name == "RRULE" then
        event.rule, event.rule_line = value:upper(), line
    elseif name == "STATUS" then
        event.cancelled = value:upper() == "CANCELLED"
    end
    return parameters
end

-- Whether the rule is plainly once a year; anything else is refused rather than taken for something else.
local function yearly(event)
    if not event.rule then
        return false
    end
    for part in event.rule:gmatch "[^;]+" do
        local key, value = part:match "^([^=]*)=(.*)$"
        local plain = part == "FREQ=YEARLY" or part == "INTERVAL=1" or key == "WKST"
            or (key == "BYMONTH" and tonumber(value) == event.DTSTART[2])
            or (key == "BYMONTHDAY" and tonumber(value) == event.DTSTART[3])
        if not plain then
            fail(event.rule_line, "an event comes back by \"%s\", and only FREQ=YEARLY is understood; give its days "
                .. "one by one", event.rule)
        end
    end
    return true
end

local function add(event, line, holidays)
    local from = event.DTSTART
    if event.timed or event.cancelled then
        return
    elseif not from then
        fail(line, "an event has no DTSTART")
    end
    local name = event.summary or "holiday"
    local at = time.at { year = from[1], month = from[2], day = from[3] }
    local to = event.DTEND
    local last = to and time.at { year = to[1], month = to[2], day = to[3] } or at + 86400
    if last - at > 366 * 86400 then
        fail(line, "the event \"%s\" is longer than a year", name)
    end
    local each_year = yearly(event)
    repeat -- an event without a length is one day
        local d = time.date(at)
        local day = ("%02d-%02d"):format(d.month, d.day)
        if each_year then
            holidays.yearly[day] = holidays.yearly[day] or name
        end
        local date = ("%04d-%s"):format(d.year, day)
        holidays.dates[date] = holidays.dates[date] or name
        at = at + 86400
    until at >= last
end

function ics.read(text, holidays)
    local event
    for _, line in ipairs(unfold(text)) do
        local upper = line.text:upper()
        if upper == "BEGIN:VEVENT" then
            event = {}
        elseif upper == "END:VEVENT" and event then
            add(event, line, holidays)
            event = nil
        elseif event then
            set(event, line)
        end
    end
    if text ~= "" and not text:upper():find("BEGIN:VCALENDAR", 1, true) then
        error("ics is no iCalendar text: it has no BEGIN:VCALENDAR; a file is given as { file: holidays.ics }", 0)
    end
end

return ics
