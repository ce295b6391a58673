-- SPDX-License-Identifier: Apache-2.0
-- What policies ask Prometheus; and the small modules: yaml, windows and schedules of time.
local support = require "support"
local script = require "support.script"
local sim = require "support.sim"
local web = require "support.web"

describe("in Lua,", function()
    local server, plain, folder

    lazy_setup(function()
        server, plain = sim.start(), web.start()
        folder = support.folder()
    end)
    lazy_teardown(support.cleanup)

    local function once(body, config)
        support.write(folder .. "/mpijobd.yaml", config or "")
        support.uv.fs_mkdir(folder .. "/secrets", 448)
        support.write(folder .. "/secrets/token", "s3cr3t-value")
        script.write(folder, script.policy("p", body))
        return script.once(server, folder, nil, "--state", ":memory:")
    end

    local function good(...)
        return script.good({ "s3cr3t-value" }, once(...))
    end

    it("prometheus tells no data from zero", function()
        plain:requests()
        good([=[
            local list = prometheus.query "one"
            eq(#list, 1) eq(list[1].labels.team, "vision") eq(list[1].value, 0.0) eq(list[1].at, 1700000000.5)
            eq(prometheus.value "one", 0.0) eq(prometheus.value "scalar", 2.5) eq(prometheus.value "inf", math.huge)
            list = prometheus.query "none" eq(#list, 0) eq(json.encode(list), "[]")
            fails("NoData", "no data", prometheus.value "none") fails("NoData", "NaN", prometheus.value "nan") fails("Ambiguous", "several series", prometheus.value "two")
            list = prometheus.query_range("range", { from = 0, to = 120, step = "1m" })
            eq(#list, 1) eq(list[1].labels.a, "1") eq(list[1].samples[2].value, 2.0) eq(list[1].samples[2].at, 61)
            local value, err = prometheus.query "sum(" eq(value, nil) eq(err.code, 400) eq(err.retryable, false)
            fails(err.reason, "parse error: unexpected end of input", prometheus.query "sum(")
            fails("Syntax", "the answer of Prometheus", prometheus.query "garbage")
            raises("1 to 16384 bytes", prometheus.query, "") raises("unknown option", prometheus.query, "x", { at = 1 }) raises("no server \"other\"", prometheus.query, "x", { server = "other" })
            raises("at most 11000 steps", prometheus.query_range, "x", { from = 0, to = 1e9, step = 1 }) raises("from has to be before to", prometheus.query_range, "x", { from = 2, to = 1 })
        ]=], ('prometheus: { main: "http://127.0.0.1:%d/prom/" }\n'):format(plain.port))
        local first = plain:requests()[1]
        assert.are.equal("/prom/api/v1/query", first.path)
        support.contains(first.body, "query=one&time=")
    end)

    it("prometheus has several servers, by name, and signs in", function()
        plain:requests()
        good([=[
            raises("name one: server = \"main\"", prometheus.query, "one")
            eq(prometheus.value("one", { server = "far", time = 5 }), 0.0)
            fails("Unreachable", "127.0.0.1", prometheus.value("one", { server = "down" }))
        ]=], ('secrets: secrets\nprometheus:\n  main: http://127.0.0.1:1\n  far: { url: "http://127.0.0.1:%d/prom", token: "${token}" }\n  down: http://127.0.0.1:1\n'):format(plain.port))
        local seen = plain:requests()
        assert.are.equal(1, #seen)
        assert.are.equal("Bearer s3cr3t-value", seen[1].headers.authorization)
        support.contains(seen[1].body, "time=5%2E000")
        good [[ raises("has no server under `prometheus`", prometheus.query, "one") ]]
        for text, message in pairs {
            ["prometheus: x\n"] = "prometheus has to hold a server for each name",
            ["prometheus: { main: { token: x } }\n"] = "prometheus.main needs a url",
            ["prometheus: { main: { url: x, chat: y } }\n"] = "prometheus.main has the unknown key chat",
            ["prometheus: { main: 5 }\n"] = "prometheus.main has a number as url",
        } do
            local code, _, err = once("", text)
            assert.are.equal(1, code)
            support.contains(err, message)
        end
    end)

    it("yaml is read as kubectl reads it, within bounds", function()
        good [=[
            local v = yaml.decode("a: 1\nb: [x, 0x1F, yes, null, 1.5]\nc: {}\nd: &d { e: 1 }\nf: *d\ng: []\n")
            eq(v.a, 1) eq(v.b[2], 31) eq(v.b[3], true) eq(v.b[4], json.null) eq(v.b[5], 1.5) eq(v.f.e, 1) eq(json.encode(v.g), "[]") eq(json.encode(v.c), "{}")
            eq(yaml.decode("plain"), "plain")
            eq(yaml.encode { a = { 1, 2, { b = "yes" } } }, "a:\n- 1\n- 2\n- b: \"yes\"\n")
            eq(yaml.decode(yaml.encode(v)).b[2], 31)
            fails("Syntax", "the text:2", yaml.decode("a: [")) fails("Syntax", "", yaml.decode("a: 1\na: 2")) fails("Syntax", "", yaml.decode("---\na\n---\nb"))
            fails("Limit", "131072", yaml.decode(("x"):rep(131073)))
            local value, err = yaml.decode(("["):rep(1000)) eq(value, nil)
            raises("is a function", yaml.encode, { print }) raises("string expected", yaml.decode)
        ]=]
    end)

    it("yaml takes no more than its time #measured", function()
        good [=[
            local bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            for i = 1, 9 do local n, p = ("abcdefghij"):sub(i + 1, i + 1), ("abcdefghij"):sub(i, i) bomb = bomb .. ("%s: &%s [%s]\n"):format(n, n, (("*" .. p .. ", "):rep(9) .. "*" .. p)) end
            local value, err = yaml.decode(bomb) eq(value, nil)
        ]=]
        local code, _, err = once [[ local text = ("- {a: 1}\n"):rep(10000) while true do yaml.decode(text) end ]]
        assert.are.equal(4, code)
        support.contains(err, "CPU limit")
    end)

    it("time knows windows, schedules and civil times", function()
        good [=[
            local at = time.parse
            local friday = at "2026-11-27T17:59:59Z"
            eq(time.within("mon-fri 09:00-18:00", friday), true) eq(time.within("mon-fri 09:00-18:00", friday + 1), false) eq(time.within("fri-mon 17:00-18:00", friday), true)
            eq(time.within("sat,sun 00:00-24:00", at "2026-11-28T23:59:59Z"), true) eq(time.within("sat,sun 00:00-24:00", at "2026-11-30T00:00:00Z"), false)
            eq(time.within("22:00-06:00", at "2026-11-28T05:59:00Z"), true) eq(time.within("22:00-06:00", at "2026-11-28T12:00:00Z"), false)
            eq(time.within("fri 22:00-06:00", at "2026-11-28T05:59:00Z"), true) eq(time.within("fri 22:00-06:00", at "2026-11-27T05:59:00Z"), false)
            eq(time.within({ "mon 00:00-01:00", "fri 17:00-18:00" }, friday), true) eq(time.within({}, friday), false)
            eq(time.within("fri 18:00-19:00", friday, "Europe/Berlin"), true)
            for _, bad in ipairs { "", "mon", "9:00-18:00", "mon-fri 09:00", "mon-fri 09:00-09:00", "mon-fri 24:00-25:00", "montag 09:00-18:00", "mon-fri 09:60-18:00", "mon-fri09:00-18:00", "09:00-18:00 x" } do
                raises("is no window", time.within, bad, friday)
            end
            raises("or a list of them", time.within, 5) raises("or a list of them", time.within, { {} })
            eq(time.next("0 9 * * mon-fri", friday), at "2026-11-30T09:00:00Z") eq(time.next("0 9 * * *", friday, "Europe/Berlin"), at "2026-11-28T08:00:00Z")
            raises("never comes", time.next, "0 0 30 2 *", friday) raises("\"x\"", time.next, "x")
            eq(time.at({ year = 2026, month = 3, day = 29, hour = 3 }, "Europe/Berlin"), 1774746000) eq(time.at { year = 1970, month = 1, day = 1 }, 0)
            eq(time.at({ year = 2026, month = 3, day = 29, hour = 2, min = 30 }, "Europe/Berlin"), 1774746000)
            eq(time.at { year = 2026, month = 1, day = 32 }, time.at { year = 2026, month = 2, day = 1 }) eq(time.at(time.date(12345678)), 12345678)
            raises("month is missing", time.at, { year = 2026, day = 1 }) raises("unknown option", time.at, { year = 2026, month = 1, day = 1, minute = 5 })
        ]=]
    end)
end)
