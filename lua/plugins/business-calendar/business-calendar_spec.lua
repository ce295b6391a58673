-- SPDX-License-Identifier: Apache-2.0
-- What the plugin business-calendar does, and what it leaves alone.
local BERLIN <const> = {
    zone = "Europe/Berlin",
    holidays = { "12-25 Christmas", "2026-01-06 Epiphany" },
    ics = { file = "example.ics" },
}
policy.plugin(".", BERLIN)
local calendar = require "business-calendar"

local function at(text)
    return time.parse(text)
end

describe("business-calendar", function()
    it("has working hours by the zone's clocks", function()
        assert.is_false(calendar.is("working-hours", at "2026-01-05T07:59:59Z"))
        assert.is_true(calendar.is("working-hours", at "2026-01-05T08:00:00Z"))
        assert.is_true(calendar.is("off-hours", at "2026-01-05T17:00:00Z"))
        assert.is_true(calendar.is("working-hours", at "2026-07-06T07:00:00Z"), "in summer an hour earlier")
        assert.is_false(calendar.is("working-hours", at "2026-01-04T10:00:00Z"), "a Sunday")
    end)

    it("has holidays of a list, once and each year", function()
        assert.are.equal("Epiphany", calendar.holiday(at "2026-01-06T12:00:00Z"))
        assert.is_nil(calendar.holiday(at "2027-01-06T12:00:00Z"))
        assert.are.equal("Christmas", calendar.holiday(at "2031-12-25T12:00:00Z"))
        assert.is_true(calendar.is("day-off", at "2026-01-06T12:00:00Z"))
        assert.is_true(calendar.is("off-hours", at "2026-01-06T12:00:00Z"))
        assert.is_true(calendar.is("holiday", at "2026-01-05T23:00:00Z"), "begins at midnight in Berlin")
    end)

    it("has holidays of an iCalendar file: days, spans and those that come back", function()
        assert.are.equal("Ascension, or Father's Day", calendar.holiday(at "2026-05-14T10:00:00Z"))
        assert.are.equal("Company holidays", calendar.holiday(at "2026-08-10T10:00:00Z"))
        assert.are.equal("Company holidays", calendar.holiday(at "2026-08-14T10:00:00Z"))
        assert.is_nil(calendar.holiday(at "2026-08-15T10:00:00Z"), "the end is not part of it")
        assert.are.equal("German Unity Day", calendar.holiday(at "2040-10-03T10:00:00Z"))
        assert.is_nil(calendar.holiday(at "2026-03-02T10:00:00Z"), "a meeting is no holiday")
        assert.is_nil(calendar.holiday(at "2026-03-09T10:00:00Z"), "cancelled")
    end)

    it("knows when people work next", function()
        local next_one = calendar.next_working(at "2026-01-05T18:00:00Z")
        assert.are.equal("2026-01-07T09:00:00+01:00", time.rfc3339(next_one, "Europe/Berlin"))
        local now = at "2026-01-05T12:00:00Z"
        assert.are.equal(now, calendar.next_working(now))
    end)

    it("says what there is", function()
        assert.has_error(function() calendar.is "lunch" end,
            "there is no \"lunch\" in the calendar; there are day-off, holiday, off-hours, working-day, working-hours")
    end)

    it("is a condition of a policy", function()
        local job = cluster.job { phase = "Succeeded", finished_for = "10m" }
        clock.advance "10m"
        assert.replaced(job, { cleanPodPolicy = "All" })
        clock.set("2026-01-06T09:00:00Z") -- a holiday
        local other = cluster.job { phase = "Succeeded", finished_for = "1h" }
        clock.advance "6h59m"
        assert.untouched(other)
        clock.advance "1h1m"
        assert.replaced(other)
    end)

    for text, message in pairs {
        ["no calendar"] = "ics is no iCalendar text",
        ["BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261345\nEND:VEVENT"]
            = "line 3 of ics: \"20261345\" is no date",
        ["BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\n"] = "line 4 of ics: an event has no DTSTART",
        ["BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\nRRULE:FREQ=WEEKLY\nEND:VEVENT"]
            = "line 4 of ics: an event comes back by \"FREQ=WEEKLY\"",
    } do
        it("refuses a calendar that it does not understand: " .. message, function()
            policy.plugin(".", { ics = text })
            local _, err = pcall(function() assert.untouched(cluster.job {}) end)
            assert.matches(message, tostring(err), 1, true)
        end)
    end

    it("refuses days and windows that do not exist", function()
        policy.plugin(".", { holidays = { "2026-02-29" } })
        local _, err = pcall(function() assert.untouched(cluster.job {}) end)
        assert.matches("holidays has \"2026-02-29\"", tostring(err), 1, true)
    end)
end)
