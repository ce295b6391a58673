-- SPDX-License-Identifier: Apache-2.0
-- What policies keep (store), and what they count (metrics).
local support = require "support"
local script = require "support.script"
local sim = require "support.sim"
local http = require "socket.http"

describe("a policy", function()
    local server, folder

    lazy_setup(function()
        server = sim.start()
    end)
    before_each(function()
        folder = support.folder()
    end)
    lazy_teardown(support.cleanup)

    local function write(policies)
        local text = ""
        for name, body in pairs(policies) do
            text = text .. script.policy(name, body[1] or body, body.more)
        end
        return script.write(folder, text)
    end

    local function good(body, more)
        write { p = { body, more = more } }
        return script.good({}, script.once(server, folder, nil, "--state", folder .. "/s.db"))
    end

    it("keeps values over restarts, and compares before it swaps", function()
        good [=[
            eq(store.get("n"), nil) eq(store.set("n", 9007199254740993), true) eq(store.get("n"), 9007199254740993)
            eq(store.set("t", { a = json.array(), b = { 1, 2.5, json.null }, s = "é\0x" }), true)
            eq(store.set("f", false), true) eq(store.set("null", json.null), true) eq(store.set("gone", 1), true) eq(store.delete("gone"), true)
            eq(store.set("nil", 1), true) eq(store.set("nil", nil), true)
        ]=]
        good [=[
            eq(store.get("n"), 9007199254740993) eq(store.get("f"), false) eq(store.get("null"), json.null) eq(store.get("gone"), nil) eq(store.get("nil"), nil)
            eq(json.encode(store.get("t").a), "[]") eq(store.get("t").b[2], 2.5) eq(store.get("t").s, "é\0x")
            local keys = store.keys() table.sort(keys) eq(table.concat(keys, " "), "f n null t") eq(#store.keys("nu"), 1) eq(#store.keys("x"), 0)
            local done, present = store.cas("n", 1, 2) eq(done, false) eq(present, 9007199254740993)
            eq(store.cas("n", 9007199254740993, 2), true) eq(store.get("n"), 2)
            eq(store.cas("t", { s = "é\0x", b = { 1, 2.5, json.null }, a = json.array() }, "other"), true) eq(store.get("t"), "other")
            eq(store.cas("new", nil, 1), true) done, present = store.cas("new", nil, 2) eq(done, false) eq(present, 1)
            eq(store.cas("new", 1, nil), true) eq(store.get("new"), nil)
            raises("1 to 256 bytes", store.get, "") raises("1 to 256 bytes", store.get, ("x"):rep(257)) raises("control", store.get, "a\nb")
            raises("value expected", store.set, "x") raises("is a function", store.set, "x", print) raises("unknown option", store.set, "x", 1, { tll = 1 })
            raises("seconds, or a duration", store.set, "x", 1, { ttl = "soon" }) raises("64 KiB", store.set, "x", ("x"):rep(65536))
            raises("userdata", store.set, "x", secret "y")
        ]=]
    end)

    it("is held to bounds", function()
        good([=[
            for i = 1, 16 do
                local done, err = store.set("big" .. i, ("x"):rep(65000))
                if i < 16 then eq(done, true) end
            end
            local done, err = store.set("more", ("x"):rep(60000)) eq(done, nil) eq(err.reason, "Limit")
            for i = 1, 16 do eq(store.delete("big" .. i), true) end
            for i = 1, 1000 do eq(store.set("k" .. i, i, { ttl = 3600 }), true) end
            done, err = store.set("one too many", 1) eq(done, nil) eq(err.reason, "Limit")
            eq(store.set("k5", 6), true)
        ]=], "limits = { cpu = '3s' },")
    end)

    it("has values of its own, which expire", function()
        write {
            a = [[ eq(store.get "x", nil) eq(store.set("x", "a", { ttl = "90m" }), true) log.info("a is set") ]],
            b = [[ local x = store.get "x" store.set("x", "b") log.info("b", { x = tostring(x) }) ]],
        }
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock",
            "2026-11-28T10:30:00Z", folder .. "/p.lua")
        daemon:expect("2 policies in force")
        daemon:write("advance 31m\n")
        daemon:expect("clock", "stdout")
        daemon:expect("x=nil")
        daemon:expect("a is set")
        daemon:kill("sigkill")
        daemon:wait()
        write { a = [[ log.info("a", { x = tostring(store.get "x") }) ]], b = [[ log.info("b", { x = tostring(store.get "x") }) ]] }
        for _, wanted in ipairs { { "2026-11-28T11:59:30Z", "a" }, { "2026-11-28T12:59:30Z", "nil" } } do -- set at 11:00
            daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock", wanted[1], folder .. "/p.lua")
            daemon:expect("2 policies in force")
            daemon:write("advance 31s\n")
            daemon:expect("a policy=a x=" .. wanted[2])
            daemon:expect("b policy=b x=b")
            daemon:kill("sigkill")
            daemon:wait()
        end
    end)

    it("changes nothing that it keeps in a dry run", function()
        good [[ eq(store.set("x", 1), true) ]]
        good([[ eq(store.set("x", 2), true) eq(store.get("x"), 1) eq(store.cas("x", 1, 3), true) eq(store.cas("x", 9, 3), false) eq(store.delete("x"), true) ]], "dry_run = true,")
        good [[ eq(store.get("x"), 1) ]]
    end)

    it("counts what it likes, within bounds", function()
        write { p = [=[
            metrics.count("seen") metrics.count("seen", 2.5) metrics.gauge("depth", -3, { pool = "a\"b", full = true })
            metrics.gauge("depth", 4, { pool = "b", full = 1 })
            raises("no name for a metric", metrics.count, "Seen") raises("no name for a metric", metrics.count, "") raises("no name for a metric", metrics.count, "a b")
            raises("may not end in _total", metrics.count, "seen_total") raises("no name for a label", metrics.count, "x", 1, { policy = "q" })
            raises("only grows", metrics.count, "seen", -1) raises("only grows", metrics.count, "seen", 0/0) raises("number expected", metrics.gauge, "depth")
            raises("with other labels already", metrics.count, "depth") raises("with other labels already", metrics.gauge, "seen", 1)
            raises("with other labels already", metrics.gauge, "depth", 1, { pool = "a" }) raises("at most 3 labels", metrics.count, "l", 1, { a = 1, b = 1, c = 1, d = 1 })
            raises("longer than 128 bytes", metrics.count, "l", 1, { a = ("x"):rep(129) }) raises("has to be a string", metrics.count, "l", 1, { a = {} })
            raises("has to be a string", metrics.count, "l", 1, { a = secret "s" })
            for i = 1, 18 do metrics.count("m" .. i) end
            raises("at most 20 metrics", metrics.count, "m19")
            raises("at most 500 sets of label values", function() for i = 1, 600 do metrics.gauge("depth", i, { pool = i, full = false }) end end)
            log.info("counted")
        ]=] }
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", ":memory:", "--listen", "127.0.0.1:0", "--clock",
            "2026-11-28T10:30:00Z", folder .. "/p.lua")
        local url = daemon:expect("metrics and health are served url="):match("http%S+")
        daemon:expect("1 policy in force")
        daemon:write("advance 1h\n")
        daemon:expect("counted")
        local text = http.request(url .. "/metrics")
        support.contains(text, 'mpijobd_own_seen_total{policy="p"} 3.5\n')
        support.contains(text, 'mpijobd_own_depth{policy="p",full="true",pool="a\\"b"} -3\n')
        support.contains(text, 'mpijobd_own_depth{policy="p",full="1",pool="b"} 4\n')
        assert.are.equal(481, support.count(text, "mpijobd_own_depth{"))
        daemon:kill("sigterm")
        assert.are.equal(0, (daemon:wait()))
    end)
end)
