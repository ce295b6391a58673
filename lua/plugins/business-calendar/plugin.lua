-- SPDX-License-Identifier: Apache-2.0
-- Working hours and holidays, for policies that act only then, or never then.
local days = require "lib.days"
local ics = require "lib.ics"

local holidays -- from the options: { dates = { ["2026-12-25"] = name }, yearly = { ["12-25"] = name } }

local function zone()
    return plugin.config.zone
end

local function holiday(at)
    local today = time.date(at, zone())
    local date = ("%04d-%02d-%02d"):format(today.year, today.month, today.day)
    return holidays.dates[date] or holidays.yearly[date:sub(6)]
end

local function working_hours(at)
    return not holiday(at) and time.within(plugin.config.hours, at, zone())
end

local function working_day(at)
    local week = time.within("mon-fri 00:00-24:00", at, zone())
    if plugin.config.days then
        week = time.within(plugin.config.days .. " 00:00-24:00", at, zone())
    end
    return week and not holiday(at)
end

local STATES = {
    ["working-hours"] = working_hours,
    ["off-hours"] = function(at) return not working_hours(at) end,
    ["working-day"] = working_day,
    ["day-off"] = function(at) return not working_day(at) end,
    holiday = function(at) return holiday(at) ~= nil end,
}

local function state_names()
    local names = {}
    for name in pairs(STATES) do
        names[#names + 1] = name
    end
    table.sort(names)
    return table.concat(names, ", ")
end

local function is(state, at)
    local test = STATES[state]
    if not test then
        error(("there is no \"%s\" in the calendar; there are %s"):format(tostring(state), state_names()), 2)
    end
    return test(at or time.now())
end

-- When working hours are next, in steps of a minute at most a year ahead; now, if they are.
local function next_working(at)
    at = at or time.now()
    if working_hours(at) then
        return at
    end
    local minute = at // 60 * 60
    for _ = 1, 366 * 24 * 60 do
        minute = minute + 60
        if holiday(minute) then -- on to the next midnight
            local d = time.date(minute, zone())
            minute = time.at({ year = d.year, month = d.month, day = d.day + 1 }, zone()) - 60
        elseif time.within(plugin.config.hours, minute, zone()) then
            return minute
        end
    end
    return nil
end

-- For `except = "holidays"` of policies.
local function all_holidays()
    local all = {}
    for _, list in ipairs { holidays.dates, holidays.yearly } do
        for day, name in pairs(list) do
            all[day] = name
        end
    end
    return all
end

plugin {
    name = "business-calendar", version = "1.0.0", api = 1,
    about = "Working hours and holidays, from a list or an iCalendar file.",
    config = {
        zone = { type = "string", default = "UTC", about = "IANA name of the time zone" },
        hours = { type = "string", default = "mon-fri 09:00-18:00", about = "working hours, as a policy's window" },
        days = { type = "string?", about = "working days, as in \"mon-sat\" (default: mon-fri)" },
        holidays = { type = "list?", about = "days off: \"2026-05-14\", or each year \"12-25\"; a name may follow" },
        ics = { type = "string?", about = "an iCalendar file with days off: { file: holidays.ics }" },
    },
    exports = {
        is = is,
        holiday = function(at) return holiday(at or time.now()) end,
        next_working = next_working,
    },
    calendars = {
        holidays = { about = "the days of holidays and ics", days = all_holidays },
    },
    conditions = {
        calendar = {
            about = state_names(),
            check = function(value)
                if not STATES[value] then
                    return nil, ("is not in the calendar; there are %s"):format(state_names())
                end
                return value
            end,
            test = function(_, state) return is(state) end,
        },
    },
}

holidays = days.read(plugin.config.holidays or {})
ics.read(plugin.config.ics or "", holidays)
for _, window in ipairs { plugin.config.hours, plugin.config.days and plugin.config.days .. " 00:00-24:00" } do
    time.within(window, 0, zone()) -- raises where the window or the zone is wrong
end
