-- SPDX-License-Identifier: Apache-2.0
-- Whom policies tell (notify): every kind of sink, with real servers; restarts, failures, bounds.
local support = require "support"
local script = require "support.script"
local sim = require "support.sim"
local web = require "support.web"
local mail = require "support.mail"
local certificates = require "support.certificates"
local uv = support.uv

describe("a policy's notifications", function()
    local server, plain, folder

    lazy_setup(function()
        server = sim.start()
        plain = web.start()
    end)
    before_each(function()
        folder = support.folder()
        uv.fs_mkdir(folder .. "/secrets", 448)
        support.write(folder .. "/secrets/token", "s3cr3t-value\n")
        support.write(folder .. "/secrets/hook", ("http://127.0.0.1:%d/hidden-path\n"):format(plain.port))
        plain:requests()
    end)
    lazy_teardown(support.cleanup)

    local function config(notify, more)
        support.write(folder .. "/mpijobd.yaml", ("secrets: secrets\nnotify:\n%s%s"):format(notify, more or ""))
    end

    local function write(body, more)
        return script.write(folder, ("local PORT = %d\n"):format(plain.port) .. script.policy("p", body, more))
    end

    local function once(body, more)
        write(body, more)
        return script.once(server, folder, nil, "--state", folder .. "/s.db")
    end

    local function good(...)
        return script.good({ "s3cr3t-value", "hidden-path" }, once(...))
    end

    local function daemon(clock)
        local started = support.daemon({ stdin = true, env = script.ENV }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--config",
            folder .. "/mpijobd.yaml", "--listen", "127.0.0.1:0", "--log-level", "debug", "--clock", clock or "2026-11-28T10:30:00Z", folder .. "/p.lua")
        started:expect("1 policy in force")
        return started
    end

    local function bodies()
        local list = {}
        for _, request in ipairs(plain:requests()) do
            list[#list + 1] = { path = request.path, body = support.json.decode(request.body), headers = request.headers }
        end
        table.sort(list, function(a, b)
            return a.path < b.path
        end)
        return list
    end

    it("reach every kind of service in its own words, and the texts of a run are one message", function()
        local url = "http://127.0.0.1:" .. plain.port
        config(([[
  slack: { type: slack, url: "%s/slack" }
  teams: { type: teams, url: "%s/teams" }
  discord: { type: discord, url: "%s/discord" }
  telegram: { type: telegram, url: "%s", token: "${token}", chat: "-100" }
  webex: { type: webex, url: "%s/webex", token: "${token}", room: R1 }
  hook: { type: webhook, url: "${hook}", token: "${token}" }
]]):format(url, url, url, url, url))
        good [=[
            for _, name in ipairs { "slack", "teams", "discord", "telegram", "webex" } do
                eq(notify[name] { sink = name, text = "Job ${key} of ${labels.team} has ${none}", with = { key = "a/b", labels = { team = "vision" } } }, true)
                eq(notify.send { sink = name, text = "and ${ more", with = {} }, true)
            end
            eq(notify.webhook { sink = "hook", body = { changed = run.changed, list = json.array() } }, true)
        ]=]
        local text = "Job a/b of vision has -\nand ${ more"
        local seen = bodies()
        assert.are.equal(6, #seen)
        assert.are.same({ chat_id = "-100", text = text }, seen[1].body)
        assert.are.equal("/bots3cr3t-value/sendMessage", seen[1].path)
        assert.are.equal("/discord", seen[2].path)
        assert.are.equal(text, seen[2].body.content)
        assert.are.equal("/hidden-path", seen[3].path)
        assert.are.equal(0, seen[3].body.changed)
        assert.are.equal("Bearer s3cr3t-value", seen[3].headers.authorization)
        assert.are.same({ text = text }, seen[4].body)
        assert.are.equal(text, seen[5].body.attachments[1].content.body[1].text)
        assert.are.same({ roomId = "R1", text = text }, seen[6].body)
        assert.are.equal("Bearer s3cr3t-value", seen[6].headers.authorization)
    end)

    it("reach people by mail, with TLS wherever a password goes", function()
        certificates.make(folder, "localhost")
        local with_password = mail.start("--tls", folder .. "/localhost.pem", folder .. "/localhost.key", "--auth", "me:s3cr3t-value", "--refuse", "1")
        local implicit = mail.start("--tls", folder .. "/localhost.pem", folder .. "/localhost.key", "--implicit")
        local open = mail.start()
        config(([[
  ops: { type: email, server: "smtp://localhost:%s", from: "mpijobd <d@example.com>", to: [ ops@example.com, "B <b@example.com>", "Jürgen <j@example.com>" ], user: me, password: "${token}" }
  tls: { type: email, server: "smtps://localhost:%s", from: d@example.com, to: a@example.com, subject: from the sink }
  open: { type: email, server: "smtp://localhost:%s", from: d@example.com, to: a@example.com, user: me, password: "${token}" }
  plain: { type: email, server: "smtp://localhost:%s", from: d@example.com, to: a@example.com }
]]):format(with_password.port, implicit.port, open.port, open.port), "http: { ca: localhost.pem }\n")
        good [=[
            eq(notify.email { sink = "ops", subject = "Grüße ${x}", text = "Zeile 1\n.\nZeile 3", with = { x = "€" } }, true)
            eq(notify.send { sink = "tls", text = "x" }, true)
            eq(notify.send { sink = "plain", text = "in the open" }, true)
            raises("holds a line's end", notify.email, { sink = "ops", text = "x", subject = "a\nBcc: x@example.com" })
        ]=]
        local got = with_password:next()
        assert.are.equal(true, got.tls)
        assert.are.equal("me", got.user)
        assert.are.equal("<d@example.com>", got.from)
        assert.are.same({ "<ops@example.com>", "<b@example.com>", "<j@example.com>" }, got.to)
        support.contains(got.mail, "Subject: =?utf-8?B?R3LDvMOfZSDigqw=?=\r\n")
        support.contains(got.mail, "To: ops@example.com,\r\n B <b@example.com>,\r\n =?utf-8?B?SsO8cmdlbg==?= <j@example.com>\r\n")
        assert.are.same({ {}, "ops@example.com, B <b@example.com>, Jürgen <j@example.com>", "Grüße €", "utf-8" }, { got.defects, got.headers.to, got.headers.subject, got.charset })
        support.contains(got.mail, "\r\n\r\nWmVpbGUgMQouClplaWxlIDM=\r\n")
        got = implicit:next()
        support.contains(got.mail, "Subject: from the sink\r\n")
        got = open:next()
        assert.are.equal(false, got.tls)
        support.contains(got.mail, "Subject: mpijobd: p\r\n")
        -- A password does not go without TLS.
        local err = select(3, once [=[ notify.send { sink = "open", text = "x" } ]=])
        support.contains(err, "a notification was not delivered, and is tried again")
        assert.are.equal("", open.proc.stdout:match('.*"mail"[^\n]*\n(.*)$'))
    end)

    it("go to each address of a mail, also where its name has commas, and what has another form is told at load", function()
        local post = mail.start()
        local sink = '  ops: { type: email, server: "smtp://localhost:' .. post.port .. '", from: %s, to: %s }\n'
        config(sink:format([['"Doe, Jane" <jd@example.com>']], [=[[ '"Müller, Jürgen" <j@example.com>', '"D\"Arc, <J>" <a@example.com>', b@example.com ]]=]))
        good [=[
            eq(notify.email { sink = "ops", text = "x" }, true)
            raises("which is no address", notify.email, { server = "smtp://localhost:1", from = "a@example.com", to = "Doe, Jane <b@example.com>", text = "x" })
        ]=]
        local got = post:next()
        assert.are.equal("<jd@example.com>", got.from)
        assert.are.same({ "<j@example.com>", "<a@example.com>", "<b@example.com>" }, got.to)
        assert.are.same({}, got.defects)
        support.contains(got.mail, 'From: "Doe, Jane" <jd@example.com>\r\n')
        support.contains(got.mail, 'To: =?utf-8?B?TcO8bGxlciwgSsO8cmdlbg==?= <j@example.com>,\r\n "D\\"Arc, <J>" <a@example.com>,\r\n b@example.com\r\n')
        for _, wrong in ipairs {
            { "a@example.com", '"Doe, Jane <b@example.com>"', 'to has "Doe", which is no address: NAME@HOST, or a name and <NAME@HOST>; a name with a comma stands in quotes' },
            { "a@example.com", [['"Doe, Jane <b@example.com>']], "to has " }, { "a@example.com", "root", "to has " }, { "a@example.com", '"x <b@example.com"', "to has " },
            { '"a@example.com, b@example.com"', "c@example.com", "from has 2 addresses; a mail comes from one" }, { "a@example.com", '","', "to holds no address" },
        } do
            config(sink:format(wrong[1], wrong[2]))
            write ""
            local code, _, err = once ""
            assert.are_not.equal(0, code, wrong[2])
            support.contains(err, wrong[3])
        end
    end)

    it("survive a crash, and are tried again until they are delivered", function()
        config(('  hook: { type: webhook, url: "http://127.0.0.1:%d/fail/2/crash" }\n  chat: { type: slack, url: "http://127.0.0.1:%d/chat" }\n'):format(plain.port, plain.port))
        write [=[ notify.send { sink = "chat", text = "said before" } log.info("said") sleep("30m") ]=]
        local d = daemon()
        d:write("advance 1h\n")
        d:expect("said")
        assert.are.same({}, plain:requests()) -- the run goes on
        d:kill("sigkill")
        d:wait()
        support.write(folder .. "/p.lua", [=[policy { name = "q", every = "1h", run = function() notify.send { sink = "hook", body = { n = 1 } } end }]=])
        d = daemon()
        plain:await("/chat")
        d:write("advance 1h\n")
        d:expect("a notification was not delivered, and is tried again")
        for _ = 1, 3 do
            plain:await("/fail/2/crash")
        end
        d:expect("/fail/2/crash status=200")
        d:kill("sigterm")
        assert.are.equal(0, (d:wait()))
        local seen = bodies()
        assert.are.equal(4, #seen)
        assert.are.same({ text = "said before" }, seen[1].body)
        good [=[ log.info("nothing is left") ]=]
        assert.are.same({}, plain:requests())
    end)

    it("are given up where a server will never take them, or after a day", function()
        config(('  gone: { type: slack, url: "http://127.0.0.1:%d/status/404" }\n  down: { type: slack, url: "http://127.0.0.1:1/" }\n'):format(plain.port))
        local err = good [=[ notify.send { sink = "gone", text = "x" } ]=]
        support.contains(err, "a notification is given up policy=p type=slack sink=gone reason=\"slack: the server answered 404\"")
        write [=[ notify.send { sink = "down", text = "x" } ]=]
        local d = daemon()
        d:write("advance 1h\n")
        d:expect("a notification was not delivered, and is tried again")
        write "" -- what waits is not bound to the policy's text
        d:kill("sighup")
        d:expect("1 policy in force")
        d:write("advance 25h\n")
        d:expect("a notification is given up policy=p type=slack sink=down")
        local _, text = pcall(require("socket.http").request, d.stderr:match("url=(http%S+)") .. "/metrics")
        support.contains(text, 'mpijobd_notifications_total{type="slack",outcome="given-up"} 1')
        d:kill("sigterm")
        assert.are.equal(0, (d:wait()))
    end)

    it("go where the configuration lets them, and hold to bounds", function()
        config(('  chat: { type: slack, url: "http://127.0.0.1:%d/chat" }\n'):format(plain.port), "http: { allow: [ '*' ] }\n")
        local err = good [=[
            raises("url is the sink's", notify.slack, { sink = "chat", url = "http://example.com", text = "x" })
            local kept, problem = notify.send { sink = "nobody", text = "x" } eq(kept, nil) eq(problem.reason, "NotFound")
            raises("slack needs url", notify.slack, { text = "x" }) raises("slack needs text", notify.slack, { url = "http://example.com" })
            raises("needs sink", notify.send, { text = "x" }) raises("unknown option", notify.slack, { txt = "x" }) raises("webhook needs body or text", notify.webhook, { url = "http://x" })
            raises("email needs server", notify.email, { text = "x" }) raises("has to be a text", notify.send, { sink = "chat", text = secret "token" })
            raises("body", notify.webhook, { url = "http://x", body = ("x"):rep(65537) }) raises("table expected", notify.slack, "x")
            raises("body", notify.webhook, { url = "http://x", body = { print } })
            raises("has no", notify.send, { sink = "chat", text = "${nothing}", with = setmetatable({}, { __index = function(_, k) error("it has no " .. k) end }) })
            eq(notify.slack { url = "http://127.0.0.1:" .. PORT .. "/direct", text = "x" }, true)
            eq(notify.slack { url = "http://169.254.169.254/", text = "x" }, true)
            eq(notify.email { server = "smtp://127.0.0.1:" .. PORT, from = "a@example.com", to = "b@example.com", text = "x" }, true)
            for i = 1, 300 do eq(notify.send { sink = "chat", text = "line " .. i }, true) end
            eq(notify.send { sink = "chat", text = ("y"):rep(40000) }, true)
        ]=]
        support.contains(err, "is an address of the link")
        support.contains(err, 'type=email reason="email: the server\'s address is an address of this machine"')
        local texts = {}
        for _, seen in ipairs(bodies()) do
            assert.are.equal("/chat", seen.path)
            texts[#texts + 1] = seen.body.text
        end
        table.sort(texts)
        assert.are.equal(2, #texts)
        assert.are.equal(300, select(2, texts[1]:gsub("line %d+", "")))
        assert.are.equal(30000, #texts[2])
    end)

    it("are so many at most", function()
        config(('  hook: { type: webhook, url: "http://127.0.0.1:%d/hang" }\n'):format(plain.port))
        write [=[
            local problem
            for i = 1, 101 do
                local kept, e = notify.send { sink = "hook", body = { i } }
                eq(kept, i < 101 and true or nil)
                problem = e
            end
            log.info("told", { reason = problem.reason })
        ]=]
        local d = daemon()
        d:write("advance 1h\n")
        d:expect("told policy=p reason=Limit")
        d:kill("sigterm")
        assert.are.equal(0, (d:wait()))
    end)

    it("are not sent in a dry run", function()
        config(('  chat: { type: slack, url: "http://127.0.0.1:%d/chat" }\n'):format(plain.port))
        local err = good([=[ eq(notify.send { sink = "chat", text = "hello ${x}", with = { x = 1 } }, true) ]=], "dry_run = true,")
        support.contains(err, 'a notification was not sent, because this is a dry run policy=p type=send text="hello 1"')
        assert.are.same({}, plain:requests())
    end)

    it("have sinks that are checked", function()
        for text, message in pairs {
            ["  x: { url: y }\n"] = "notify.x needs a type",
            ["  x: { type: slack }\n"] = "notify.x is not complete: slack needs url",
            ["  x: { type: slack, ulr: y }\n"] = 'notify.x.ulr is not a key of a sink; did you mean "url"?',
            ["  X: { type: slack, url: y }\n"] = "notify.X is not a name for a sink",
            ["  x: { type: slack, url: '${a/b}' }\n"] = "notify.x has in url, between ${ and }, what is no name of a secret",
            ["  x: { type: slack, url: [ a ] }\n"] = "notify.x has an array as url; it has to be a text",
            ["  x: slack\n"] = "notify.x has to hold keys of its own",
        } do
            config(text)
            local code, _, err = once ""
            assert.are.equal(1, code)
            support.contains(err, message)
        end
    end)
end)
