-- SPDX-License-Identifier: Apache-2.0
-- What policies ask of other servers (http), and with which secrets.
local support = require "support"
local script = require "support.script"
local sim = require "support.sim"
local web = require "support.web"
local certificates = require "support.certificates"
local uv = support.uv

describe("a policy and other servers", function()
    local server, plain, other, secure, folder

    lazy_setup(function()
        server = sim.start()
        folder = support.folder()
        certificates.make(folder, "localhost")
        plain, other = web.start(), web.start()
        secure = web.start { folder .. "/localhost.pem", folder .. "/localhost.key" }
        uv.fs_mkdir(folder .. "/secrets", 448)
        support.write(folder .. "/secrets/token", "s3cr3t-value\n")
        support.write(folder .. "/secrets/url", ("http://127.0.0.1:%d/echo/hidden-path?a=1\n"):format(plain.port))
        support.write(folder .. "/secrets/empty", "\n")
        support.write(folder .. "/secrets/broken", "two\nlines")
        uv.fs_mkdir(folder .. "/credentials", 448)
        support.write(folder .. "/credentials/passed", "from-systemd")
    end)
    lazy_teardown(support.cleanup)
    before_each(function()
        plain:requests()
    end)

    local function config(allow, more)
        local list = {}
        for _, entry in ipairs(allow) do
            list[#list + 1] = '"' .. entry .. '"'
        end
        return support.write(folder .. "/mpijobd.yaml", ("http: { allow: [ %s ] }\nsecrets: secrets\n%s"):format(table.concat(list, ", "), more or ""))
    end

    local function once(body, more, ...)
        script.write(folder, ("local PLAIN, OTHER, SECURE = %d, %d, %d\n"):format(plain.port, other.port, secure.port) .. script.policy("p", body, more))
        return script.once(server, folder, { CREDENTIALS_DIRECTORY = folder .. "/credentials" }, "--state", ":memory:", "--log-level", "debug", ...)
    end

    local function good(...)
        return script.good({ "s3cr3t-value", "hidden-path" }, once(...))
    end

    it("are asked, and answer", function()
        config { "127.0.0.1" }
        good [=[
            local url = "http://127.0.0.1:" .. PLAIN
            local a = assert(http.get(url .. "/echo", { query = { b = "x y&z", a = 1 }, headers = { ["X-Own"] = "1", ["X-Number"] = 5 } }))
            eq(a.status, 200) eq(a.ok, true) eq(a.headers["x-twice"], "a, b")
            local seen = a:json()
            eq(seen.method, "GET") eq(seen.path, "/echo?a=1&b=x%20y%26z") eq(seen.headers["x-own"], "1") eq(seen.headers["x-number"], "5")
            seen = assert(http.post(url .. "/echo?q=1", { a = { 1 } }, { query = { more = 2 } })):json()
            eq(seen.method, "POST") eq(seen.body, '{"a":[1]}') eq(seen.headers["content-type"], "application/json") eq(seen.path, "/echo?q=1&more=2")
            seen = assert(http.post(url .. "/echo", "a\0b")):json()
            eq(seen.body, "a\0b") eq(seen.headers["content-type"], "text/plain; charset=utf-8")
            seen = assert(http.request("PUT", url .. "/echo", { body = "<x/>", headers = { ["content-type"] = "text/xml" } })):json()
            eq(seen.method, "PUT") eq(seen.headers["content-type"], "text/xml")
            eq(assert(http.request("HEAD", url .. "/echo")).body, "")
            a = assert(http.get(url .. "/status/404"))
            eq(a.status, 404) eq(a.ok, false) eq(a.body, "status")
            local value, err = a:json() eq(value, nil) eq(err.reason, "Syntax")
        ]=]
    end)

    it("are asked by TLS that is verified", function()
        config({ "localhost:" .. secure.port })
        good [=[ fails("Unreachable", "certificate", http.get("https://localhost:" .. SECURE .. "/")) ]=]
        support.write(folder .. "/mpijobd.yaml", ("http: { allow: [ localhost ], ca: localhost.pem }\n"))
        good [=[ eq(assert(http.get("https://localhost:" .. SECURE .. "/")):json().ok, true) ]=]
    end)

    it("are those that the configuration names, and no others", function()
        config { "api.example.com", "127.0.0.1:1", "*.example.org" }
        good [=[
            for _, url in ipairs { "http://127.0.0.1:" .. PLAIN, "http://localhost:" .. PLAIN, "http://example.com", "http://example.org", "http://notexample.org",
                "http://api.example.com@127.0.0.1:" .. PLAIN, "http://127.0.0.1:" .. PLAIN .. "/#@api.example.com", "https://[::1]/", "http://2130706433/", "http://0x7f.1/" } do
                fails("Refused", "add it to http.allow in mpijobd.yaml", http.get(url))
            end
            for _, url in ipairs { "ftp://api.example.com/", "file:///etc/passwd", "api.example.com", "", "http://", "http://api.example.com/a b", "gopher://api.example.com/" } do
                local answer, err = http.get(url)
                eq(answer, nil) if err.reason ~= "Invalid" and err.reason ~= "Refused" then error(tostring(err)) end
            end
        ]=]
        assert.are.same({}, plain:requests())
        support.write(folder .. "/mpijobd.yaml", "http: { allow: [ 'http://x' ] }\n")
        local code, _, err = once("")
        assert.are.equal(1, code)
        support.contains(err, 'mpijobd.yaml:1: http.allow holds "http://x"; it takes hosts')
        support.write(folder .. "/secret.yaml", 'http: { allow: ["https://me:pass@x"] }')
        _, _, err = support.mpijobd("check", "--config", folder .. "/secret.yaml", folder .. "/p.lua")
        support.contains(err, 'http.allow holds "...@x"')
    end)

    it("have no address of this machine, of the link or of metadata, whatever their name, unless it is named", function()
        config { "*" }
        good [=[
            fails("Refused", "127.0.0.1 is an address of this machine", http.get("http://127.0.0.1:" .. PLAIN))
            fails("Refused", "is an address of this machine", http.get("http://localhost:" .. PLAIN))
            for _, host in ipairs { "0.0.0.0", "2130706433", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[::127.0.0.1]", "[2002:7f00:1::]" } do
                fails("Refused", "is an address of this machine", http.get("http://" .. host .. ":" .. PLAIN, { timeout = "10s" }))
            end
            for _, host in ipairs { "169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "100.100.100.200" } do
                fails("Refused", "is an address of", http.get("http://" .. host .. "/latest/meta-data/", { timeout = "10s" }))
            end
        ]=]
        assert.are.same({}, plain:requests())
        for _, allow in ipairs { { "127.0.0.1" }, { "127.0.0.0/8" }, { "localhost", "*" } } do
            config(allow)
            good [=[ assert(http.get("http://127.0.0.1:" .. PLAIN)) ]=]
        end
    end)

    it("lead on to others only where these may be asked, and without credentials", function()
        config { "127.0.0.1:" .. plain.port, "127.0.0.1:" .. other.port, "localhost:" .. secure.port }
        plain:requests()
        good [=[
            local function to(status, url) return "http://127.0.0.1:" .. PLAIN .. "/redirect/" .. status .. "?to=" .. url end
            local own, foreign = "/echo", "http://127.0.0.1:" .. OTHER .. "/echo"
            local with = { bearer = secret "token", headers = { Cookie = "c=1", ["X-Key"] = secret "k-${token}", ["X-Plain"] = "p" } }
            local seen = assert(http.get(to(302, own), with)):json()
            eq(seen.headers.authorization, "Bearer s3cr3t-value") eq(seen.headers.cookie, "c=1") eq(seen.headers["x-key"], "k-s3cr3t-value")
            seen = assert(http.get(to(302, foreign), with)):json()
            eq(seen.headers.authorization, nil) eq(seen.headers.cookie, nil) eq(seen.headers["x-key"], nil) eq(seen.headers["x-plain"], "p")
            seen = assert(http.get(to(302, foreign), { auth = { user = "u", password = secret "token" } })):json()
            eq(seen.headers.authorization, nil)
            seen = assert(http.post(to(303, own), { a = 1 })):json()
            eq(seen.method, "GET") eq(seen.body, "") eq(seen.headers["content-type"], nil)
            seen = assert(http.post(to(307, own), { a = 1 })):json()
            eq(seen.method, "POST") eq(seen.body, '{"a":1}')
            fails("Refused", "no body is sent", http.post(to(307, foreign), { a = 1 }))
            fails("Refused", "add it to http.allow", http.get(to(302, "http://127.0.0.1:1/")))
            fails("Refused", "add it to http.allow", http.get(to(302, "http://localhost:" .. OTHER)))
            fails("Invalid", "no URL of http", http.get(to(302, "file:///etc/passwd")))
            fails("Limit", "more than 5 redirects", http.get(to(302, to(302, to(302, to(302, to(302, to(302, own))))))))
            eq(assert(http.get(to(302, own), { redirects = false })).status, 302)
        ]=]
        config({ "*", "127.0.0.1:" .. plain.port })
        good [=[
            fails("Refused", "is an address of the link", http.get("http://127.0.0.1:" .. PLAIN .. "/redirect/302?to=http://169.254.169.254/x"))
            fails("Refused", "is an address of", http.get("http://127.0.0.1:" .. PLAIN .. "/redirect/302?to=http://[fd00:ec2::254]/x"))
        ]=]
        support.write(folder .. "/mpijobd.yaml", ("http: { allow: [ localhost, 127.0.0.1 ], ca: localhost.pem }\n"))
        good [=[ fails("Refused", "from https to http", http.get("https://localhost:" .. SECURE .. "/redirect/302?to=http://localhost:" .. PLAIN .. "/")) ]=]
    end)

    it("are sent secrets that nobody else sees", function()
        config { "127.0.0.1" }
        plain:requests()
        local err = good [=[
            local token, url = secret "token", secret "url"
            local seen = assert(http.get(url)):json()
            eq(seen.path, "/echo/hidden-" .. "path?a=1")
            seen = assert(http.post(secret("http://127.0.0.1:" .. PLAIN .. "/echo?key=${token}"), secret "body ${token}!", { headers = { A = secret "passed" } })):json()
            eq(seen.path, "/echo?key=s3cr3t" .. "-value") eq(seen.body, "body s3cr3t" .. "-value!") eq(seen.headers.a, "from-systemd")
            seen = assert(http.get("http://127.0.0.1:" .. PLAIN .. "/echo", { auth = { user = "me", password = token } })):json()
            eq(seen.headers.authorization, "Basic bWU6czNjcjN0LXZhbHVl")
            eq(tostring(token), 'secret("token")') eq(tostring(secret "a ${token}${url}"), 'a secret("token")secret("url")') eq(type(token), "userdata")
            eq(getmetatable(token), false) raises("attempt to concatenate", function() return "x" .. token end)
            log.info("shown", { token = token, url = url })
            raises("userdata", json.encode, { token }) raises("attempt to", function() return #token end) raises("attempt to", function() return token < token end)
            raises("attempt to", function() return token:sub(1, 1) end) raises("attempt to", function() return token.name end)
            raises("expected", string.len, token) raises("expected", string.find, token, "s") raises("NUL", secret, "\0${token}") raises("stands a secret's name", secret, "${") raises("stands a secret's name", secret, "${a/b}")
            raises("got secret", string.format, "%d", token)
            eq(("%s"):format(token), 'secret("token")')
            raises("secret takes a name", secret, "../token") raises("secret takes a name", secret, ".x") raises("secret takes a name", secret, "")
            raises("secret takes a name", secret, ("x"):rep(129)) raises("string expected", secret) raises("secret takes a name", secret, "a/b")
            raises("labels", mpijob.replace, "a/b", { labels = { x = token } })
            fails("NotFound", 'there is no secret "nobody": put it into a file of this name', http.get(secret "http://127.0.0.1/${nobody}"))
            fails("Invalid", "its file is empty", http.get(secret "http://127.0.0.1/${empty}"))
            fails("Invalid", "control character", http.get("http://127.0.0.1:" .. PLAIN, { bearer = secret "broken" }))
            fails("Invalid", 'secret("broken")', http.get(secret "http://127.0.0.1/${broken}"))
            fails("Refused", "policies may not ask this host", http.get(secret "http://${passed}/"))
            fails("Unreachable", 'secret("token")', http.get(secret "http://127.0.0.1:1/${token}"))
            fails("Limit", 'secret("url")', http.get(secret "url", { max_bytes = 3 }))
        ]=]
        support.contains(err, [[token="secret(\"token\")"]])
    end)

    it("are held to bounds", function()
        config { "127.0.0.1" }
        good [=[
            local url = "http://127.0.0.1:" .. PLAIN
            fails("Limit", "larger than the limit of 8388608 bytes", http.get(url .. "/big/8388609"))
            eq(#assert(http.get(url .. "/big/100000")).body, 100000)
            fails("Limit", "larger than the limit of 10 bytes", http.get(url .. "/big/11", { max_bytes = 10 }))
            fails("Timeout", "within", http.get(url .. "/hang", { timeout = 0.2 }))
            fails("Timeout", "within", http.get(url .. "/drip", { timeout = "200ms" }))
            raises("at most 5m", http.get, url, { timeout = "6m" }) raises("unknown option", http.get, url, { header = {} })
            raises("is set by the program", http.get, url, { headers = { Host = "other" } }) raises("is set by the program", http.get, url, { headers = { ["transfer-encoding"] = "x" } })
            raises("control character", http.get, url, { headers = { A = "x\r\nB: y" } }) raises("cannot be a header's name", http.get, url, { headers = { ["A B"] = "x" } })
            raises("string or a secret", http.get, nil) raises("GET, HEAD", http.request, "TRACE", url) raises("not both", http.request, "POST", url, { body = "x", json = {} })
            raises("string or a secret", http.get, url, { headers = { A = {} } }) raises("at most 60 headers", function()
                local h = {} for i = 1, 61 do h["A" .. i] = "x" end http.get(url, { headers = h })
            end)
            raises("one of bearer", http.get, url, { bearer = "x", headers = { authorization = "y" } })
        ]=]
        local code, _, err = once([=[ http.get("http://127.0.0.1:" .. PLAIN .. "/hang") ]=], "limits = { timeout = '300ms' },")
        assert.are.equal(1, code, err)
        support.contains(err, "the run did not end within its timeout of 0.3 s")
        code, _, err = once([=[ local keep = {} while true do keep[#keep + 1] = assert(http.get("http://127.0.0.1:" .. PLAIN .. "/big/4000000")).body end ]=],
            "limits = { memory = '32MiB' },")
        assert.are.equal(4, code, err)
        support.contains(err, "the memory limit of 32MiB is reached")
        code, _, err = support.mpijobd("check", support.write(folder .. "/top.lua", "http.get 'http://x'"))
        assert.are.equal(1, code)
        support.contains(err, "http.get works while a policy runs, not while its file is being loaded")
    end)

    it("are sent nothing in a dry run that might change something", function()
        config { "127.0.0.1" }
        plain:requests()
        local err = good([=[
            local url = "http://127.0.0.1:" .. PLAIN .. "/echo"
            local a = http.post(url, { a = 1 }) eq(a.dry_run, true) eq(a.status, 0) eq(a.ok, true)
            eq(http.request("DELETE", url).dry_run, true)
            eq(http.get(url).dry_run, nil) eq(http.post(url, "query", { in_dry_run = true }):json().body, "query")
        ]=], "dry_run = true,")
        support.contains(err, "a request was not sent, because this is a dry run")
        local methods = {}
        for _, request in ipairs(plain:requests()) do
            methods[#methods + 1] = request.method
        end
        assert.are.same({ "GET", "POST" }, methods)
    end)
end)
