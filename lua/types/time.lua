-- SPDX-License-Identifier: Apache-2.0
---@meta time
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---Times by the daemon's clock: seconds since 1970. Zones are IANA names, by default UTC; an unknown one raises an error.
---@class timelib
time = {}

---@return number seconds to the microsecond
function time.now() end

---As text: "2026-11-23T20:15:00Z"; in a zone "2026-11-23T21:15:00+01:00". Fractions are cut off.
---@param seconds? number default: now
---@param zone? string
---@return string
function time.rfc3339(seconds, zone) end

---Reads such a text.
---@param text string
---@return number? seconds
---@return mpijobd.Error? err
function time.parse(text) end

---@class mpijobd.Date
---@field year integer
---@field month integer 1 to 12
---@field day integer
---@field hour integer 0 to 23
---@field min integer
---@field sec integer
---@field wday integer 1 is Sunday, as in os.date
---@field isdst boolean
---@field offset integer seconds east of UTC

---@param seconds? number default: now
---@param zone? string
---@return mpijobd.Date
function time.date(seconds, zone) end

---Text to seconds, seconds to text: `time.duration("1h30m")` is 5400.0, `time.duration(5400)` is "1h30m".
---@overload fun(seconds: number): string
---@param text string
---@return number seconds
function time.duration(text) end

---Is the window open, by the zone's clocks? "mon-fri 09:00-18:00", "sat,sun 00:00-24:00", "22:00-06:00" (from each evening to the next morning).
---@param window string|string[] of a list: any of them
---@param seconds? number default: now
---@param zone? string
---@return boolean
function time.within(window, seconds, zone) end

---When a cron schedule is due next, after that time.
---@param schedule string as a policy's
---@param seconds? number default: now
---@param zone? string
---@return integer? seconds nil: not within 40 years. A schedule that is never due raises an error
function time.next(schedule, seconds, zone) end

---The seconds of a date and time in a zone. Fields past their range carry over (day 32). Of a time that comes twice the first, in a gap the first after it.
---@param date { year: integer, month: integer, day: integer, hour?: integer, min?: integer, sec?: integer }
---@param zone? string
---@return integer seconds
function time.at(date, zone) end

---Suspends this run only. Part of its timeout, not of its CPU budget. For a policy's functions, not for a file's top level.
---@param duration string|number "90s", or seconds
---@async
function sleep(duration) end
