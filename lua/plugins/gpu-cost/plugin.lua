-- SPDX-License-Identifier: Apache-2.0
-- What GPUs cost, job by job and team by team.
local prices = require "lib.prices"

local HOUR <const> = 3600

-- The price of one GPU of the job for an hour.
local function rate(job)
    local config = plugin.config
    local kind = config.gpu_label and job.labels[config.gpu_label]
    return prices.of(config, kind)
end

local function team(job)
    local name = job.labels[plugin.config.team_label]
    return name or plugin.config.no_team
end

-- Hours between two instants, of which one may be missing.
local function hours(from, to)
    return from and to and to > from and (to - from) / HOUR or 0
end

-- GPU-hours of the job: those in which it ran, and those in which it held its GPUs after its end. A finished job holds
-- them as long as its workers are not cleaned up.
local function gpu_hours(job)
    local now = time.now()
    local ran = hours(job.started, job.finished or now) * job.gpus
    local policy = job.cleanPodPolicy
    local holds = job.finished and (policy == nil or policy == "None")
    return ran, holds and hours(job.finished, now) * job.gpus or 0
end

local function cost(job)
    local ran, held = gpu_hours(job)
    return (ran + held) * rate(job)
end

local function held_cost(job)
    local _, held = gpu_hours(job)
    return held * rate(job)
end

-- Adds a job to the rows by team.
local function count(rows, job)
    local ran, held = gpu_hours(job)
    local name, price = team(job), rate(job)
    local row = rows[name]
    if not row then
        row = { team = name, jobs = 0, gpus = 0, gpu_hours = 0, cost = 0, held_hours = 0, held_cost = 0 }
        rows[name] = row
    end
    row.jobs = row.jobs + 1
    row.gpus = row.gpus + job.gpus
    row.gpu_hours = row.gpu_hours + ran + held
    row.cost = row.cost + (ran + held) * price
    row.held_hours = row.held_hours + held
    row.held_cost = row.held_cost + held * price
end

-- Rows of teams, the dearest first, and their sum. jobs: an iterator, as run.jobs or mpijob.list{...}, or a list.
local function by_team(jobs)
    local rows, list = {}, {}
    if type(jobs) == "table" then
        for _, job in ipairs(jobs) do
            count(rows, job)
        end
    else
        for job in jobs do
            count(rows, job)
        end
    end
    local sum = { team = "all", jobs = 0, gpus = 0, gpu_hours = 0, cost = 0, held_hours = 0, held_cost = 0 }
    for _, row in pairs(rows) do
        list[#list + 1] = row
        for key, value in pairs(row) do
            sum[key] = key == "team" and "all" or sum[key] + value
        end
    end
    table.sort(list, function(a, b)
        if a.cost ~= b.cost then
            return a.cost > b.cost
        end
        return a.team < b.team
    end)
    return list, sum
end

local COLUMNS <const> = {
    { "TEAM", function(row) return row.team end },
    { "JOBS", function(row) return ("%d"):format(row.jobs) end },
    { "GPUS", function(row) return ("%d"):format(row.gpus) end },
    { "GPU-HOURS", function(row) return ("%.1f"):format(row.gpu_hours) end },
    { "COST", function(row) return prices.text(plugin.config, row.cost) end },
    { "HELD", function(row) return prices.text(plugin.config, row.held_cost) end },
}

-- The report as text, in columns, with the sum in its last line.
local function report(jobs)
    local rows, sum = by_team(jobs)
    rows[#rows + 1] = sum
    local lines, widths = {}, {}
    for c, column in ipairs(COLUMNS) do
        widths[c] = #column[1]
        for _, row in ipairs(rows) do
            widths[c] = math.max(widths[c], utf8.len(column[2](row)) or 0)
        end
    end
    local function line(cell)
        local cells = {}
        for c, column in ipairs(COLUMNS) do
            local text = cell(column)
            local gap = (" "):rep(widths[c] - (utf8.len(text) or #text))
            cells[c] = c == 1 and text .. gap or gap .. text
        end
        lines[#lines + 1] = table.concat(cells, "  ")
    end
    line(function(column) return column[1] end)
    for _, row in ipairs(rows) do
        line(function(column) return column[2](row) end)
    end
    return table.concat(lines, "\n") .. "\n"
end

-- ">50", "<=20", "12.5" (at least): an operator and an amount.
local OPERATORS <const> = {
    [">"] = function(a, b) return a > b end,
    [">="] = function(a, b) return a >= b end,
    ["<"] = function(a, b) return a < b end,
    ["<="] = function(a, b) return a <= b end,
}

local function amount(value)
    local operator, number = ">=", tonumber(value)
    if type(value) == "string" and not number then
        operator, number = value:match "^%s*([<>]=?)%s*(.-)%s*$"
        number = tonumber(number)
    end
    if not number or not OPERATORS[operator] then
        return nil, "has to be an amount such as \">50\", or a number: at least so much"
    end
    return { compare = OPERATORS[operator], amount = number }
end

local function condition(about, of)
    return {
        about = about,
        check = amount,
        test = function(job, value) return value.compare(of(job), value.amount) end,
    }
end

-- A column of `mpijobd report`: what the GPUs that finished jobs held over that time have cost.
local function column(about, hours_of)
    return {
        about = about,
        value = function(job, held) return hours_of(held) * rate(job) end,
        text = function(sum) return prices.text(plugin.config, sum) end,
    }
end

plugin {
    name = "gpu-cost", version = "1.0.0", api = 1,
    about = "What GPUs cost, by job and by team.",
    config = {
        price = { type = "number", default = 1.0, least = 0, about = "of a GPU for an hour" },
        prices = { type = "table?", about = "of a GPU for an hour by its kind, as { a100: 2.1, h100: 3.9 }" },
        gpu_label = { type = "string?", about = "the job's label that names the kind of its GPUs" },
        currency = { type = "string", default = "EUR", about = "stands behind amounts" },
        team_label = { type = "string", default = "team", about = "the job's label that names its team" },
        no_team = { type = "string", default = "(none)", about = "the team of jobs without that label" },
    },
    exports = {
        rate = rate, team = team, gpu_hours = gpu_hours, cost = cost, held_cost = held_cost, by_team = by_team,
        report = report,
        text = function(sum) return prices.text(plugin.config, sum) end,
    },
    conditions = {
        cost = condition("what the job has cost so far, its time after the end included", cost),
        held_cost = condition("what a finished job has cost since its end", held_cost),
    },
    columns = {
        cost_day = column("what GPU-HOURS-DAY cost", function(held) return held.day end),
        cost_week = column("what GPU-HOURS-WEEK cost", function(held) return held.week end),
    },
}

prices.check(plugin.config)
