-- SPDX-License-Identifier: Apache-2.0
-- Days off as a list of texts: "2026-05-14 Ascension", "12-25 Christmas".
local days = {}

local LENGTHS <const> = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function leap(year)
    return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

-- Is there such a day? year nil: in some year.
function days.good(year, month, day)
    local last = LENGTHS[month]
    if month == 2 and year and not leap(year) then
        last = 28
    end
    return last ~= nil and day >= 1 and day <= last
end

function days.read(list)
    local holidays = { dates = {}, yearly = {} }
    for _, text in ipairs(list) do
        local date, name = text:match "^([%d-]+)%s*(.-)%s*$"
        local year, month, day = (date or ""):match "^(%d%d%d%d)-(%d%d)-(%d%d)$"
        if not year then
            month, day = (date or ""):match "^(%d%d)-(%d%d)$"
        end
        if not month or not days.good(math.tointeger(tonumber(year)), tonumber(month), tonumber(day)) then
            error(("holidays has \"%s\"; a day is written \"2026-05-14\", or \"12-25\" for each year"):format(text), 0)
        end
        local kind = year and holidays.dates or holidays.yearly
        kind[date] = name ~= "" and name or date
    end
    return holidays
end

return days
