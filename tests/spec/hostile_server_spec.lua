-- SPDX-License-Identifier: Apache-2.0
-- A server that sends what no API server sends: the daemon bounds what it reads and says, goes on, and ends when it is told to.
local support = require "support"
local scripted = require "support.scripted"

describe("a server that sends", function()
    local server, folder

    before_each(function()
        folder = support.folder()
    end)
    after_each(function()
        server.stop()
        support.cleanup()
    end)

    local function start(policy, ...)
        support.write(folder .. "/p.lua", policy)
        return support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--listen", "none", "--clock",
            "2026-12-01T00:00:00Z", folder .. "/p.lua", ...)
    end

    local SCHEDULED = [[policy { name = "p", every = "10m", replace = { labels = { swept = "yes" } } }]]
    local ON_EVENTS = [[policy { name = "p", on = "match", replace = { labels = { swept = "yes" } } }]]

    it("hundreds of thousands of causes", function()
        local causes = {}
        for i = 1, 300000 do
            causes[i] = ('{"field":"f%d","message":"m"}'):format(i)
        end
        local text = '{"kind":"Status","apiVersion":"v1","status":"Failure","code":422,"reason":"Invalid","message":"no","details":{"causes":['
            .. table.concat(causes, ",") .. "]}}"
        server = scripted.start {
            list = function()
                return 200, scripted.list({ scripted.job("a", "one", 5) }, 7)
            end,
            write = function()
                return 422, text
            end,
        }
        local daemon = start(SCHEDULED)
        daemon:expect("1 policy in force")
        daemon:write("advance 10m\n")
        local line = daemon:expect("no; f1: m; f2: m")
        support.contains(line, "f16: m; and 299984 more causes")
        support.lacks(line, "f17")
        daemon:expect("run ended")
        assert.are.equal(0, (daemon:stop("sigterm")))
    end)

    it("a list of things that are no jobs", function()
        local items = {}
        for i = 1, 300000 do
            items[i] = i % 2 == 0 and "1" or '{"kind":"x"}'
        end
        server = scripted.start {
            list = function()
                return 200, scripted.list(items, 7)
            end,
        }
        local daemon = start(SCHEDULED)
        daemon:expect("1 policy in force")
        daemon:write("advance 10m\n")
        daemon:expect("300000 listed jobs in all cannot be read and are left alone")
        daemon:expect("run ended")
        assert.are.equal(3, support.count(daemon.stderr, "a listed job cannot be read and is left alone"))
        assert.are.equal(0, (daemon:stop("sigterm")))
        -- Watched.
        daemon = start(ON_EVENTS)
        daemon:expect("left_out=100000")
        assert.are.equal(6, support.count(daemon.stderr, "an object was left out, as are others like it"))
        assert.are.equal(0, (daemon:stop("sigterm")))
    end)

    describe("a million things that are no jobs, of every kind that there is, in one page", function()
        local asked, daemon

        before_each(function()
            local ten = { "1", "null", '"x"', "[]", "{}", '{"kind":"x"}', '{"metadata":7}', '{"metadata":{"name":""}}', '{"metadata":{"name":["a"]}}',
                '{"metadata":{"name":"a\\u0041","namespace":"b"}}' }
            local page = scripted.list({ ((table.concat(ten, ",") .. ","):rep(100000)):sub(1, -2) }, 7)
            server = scripted.start {
                list = function()
                    asked = true
                    return 200, page
                end,
            }
        end)

        local function meet(policy, ...)
            asked = false
            daemon = start(policy, ...)
            if policy == SCHEDULED then
                daemon:expect("1 policy in force")
                daemon:write("advance 10m\n")
            end
        end

        local function pass(policy, ...)
            meet(policy, ...)
            daemon:expect(policy == SCHEDULED and "1000000 listed jobs in all cannot be read and are left alone" or "left_out=100000")
            assert.is_true(#daemon.stderr < 20000, #daemon.stderr .. " bytes of log")
        end

        for name, policy in pairs { ["to a schedule"] = SCHEDULED, ["to a watch"] = ON_EVENTS } do
            it(name, function()
                pass(policy)
                assert.are.equal(0, (daemon:stop("sigterm")))
                meet(policy) -- and is told to end in the middle of it
                assert(support.proc.await(function()
                    return asked
                end))
                assert.are.equal(0, (daemon:stop("sigterm")))
            end)

            it(name .. ", in bounded memory #measured", function()
                pass(policy, "--no-supervisor")
                local most = tonumber(support.read("/proc/" .. daemon.pid .. "/status"):match("VmHWM:%s*(%d+)"))
                assert.is_true(most < 80000, most .. " KiB")
                assert.are.equal(0, (daemon:stop("sigterm")))
            end)
        end
    end)

    it("names that no object can have", function()
        local stream
        server = scripted.start {
            list = function()
                return 200, scripted.list({}, 7)
            end,
            watch = function(s)
                stream = s
            end,
            write = function(_, path)
                return 200, scripted.job("good", path:match("[^/]+$"), 100000)
            end,
        }
        local daemon = start(ON_EVENTS)
        assert(support.proc.await(function()
            return stream
        end))
        local version = 10
        for _, namespace in ipairs { ("n"):rep(300), "a/b", "../../x", "A", "a b", "", "-a", "a." } do
            for i = 1, 100 do
                version = version + 1
                stream:send(('{"type":"ADDED","object":%s}\n'):format(scripted.job(namespace == "" and "a?b" or namespace, "job-" .. i, version)))
            end
        end
        for _, name in ipairs { ("n"):rep(300), "a/b", "..", "A", "a%2fb", "a?watch=1" } do
            version = version + 1
            stream:send(('{"type":"ADDED","object":%s}\n'):format(scripted.job("good", name, version)))
        end
        stream:send(('{"type":"ADDED","object":%s}\n'):format(scripted.job("good", "last", version + 1)))
        daemon:expect("job=good/last")
        daemon:expect("run ended")
        support.contains(daemon.stderr, '" is no name for a namespace')
        support.contains(daemon.stderr, "left_out=100")
        assert.are.equal(1, support.count(daemon.stderr, "run starts"))
        for _, seen in ipairs(server.seen) do
            assert.is_true(seen:find("GET ", 1, true) == 1 or seen:find("/namespaces/good/mpijobs/last", 1, true) ~= nil, seen)
        end
        assert.are.equal(0, (daemon:stop("sigterm")))
    end)

    it("objects of another namespace than it was asked for", function()
        local stream
        server = scripted.start {
            watch = function(s)
                stream = s
            end,
            write = function(_, path)
                return 200, scripted.job("mine", path:match("[^/]+$"), 100000)
            end,
        }
        local daemon = start(ON_EVENTS, "-n", "mine")
        assert(support.proc.await(function()
            return stream
        end))
        stream:send(('{"type":"ADDED","object":%s}\n'):format(scripted.job("theirs", "other", 10)))
        stream:send(('{"type":"ADDED","object":%s}\n'):format(scripted.job("mine", "own", 11)))
        daemon:expect("job=mine/own")
        support.contains(daemon.stderr, "a job of namespace theirs came in an answer for namespace mine")
        support.lacks(daemon.stderr, "job=theirs/other")
        assert.are.equal(0, (daemon:stop("sigterm")))
    end)

    local ENDLESS = {
        { "a continue token that repeats", "a continue token comes again", function(n)
            return scripted.list({ scripted.job("a", "job-" .. n, n) }, 7, "token-" .. n % 3)
        end },
        { "objects that repeat", "objects come again", function(n)
            return scripted.list({ scripted.job("a", "job", 5) }, 7, "token-" .. n)
        end },
        { "empty pages without end", "page after page is empty", function(n)
            return scripted.list({}, 7, "token-" .. n)
        end },
    }
    for _, case in ipairs(ENDLESS) do
        it(case[1], function()
            local n = 0
            server = scripted.start {
                list = function()
                    n = n + 1
                    return 200, case[3](n)
                end,
            }
            local daemon = start(SCHEDULED)
            daemon:expect("1 policy in force")
            daemon:write("advance 10m\n")
            support.contains(daemon:expect("the list does not end: "), case[2])
            daemon:expect("outcome=failed")
            assert.is_true(n < 100)
            assert.are.equal(0, (daemon:stop("sigterm")))
            -- Watched: tried again, with pauses.
            daemon = start(ON_EVENTS)
            support.contains(daemon:expect("the list does not end: "), case[2])
            assert.are.equal(0, (daemon:stop("sigterm")))
        end)
    end
end)
