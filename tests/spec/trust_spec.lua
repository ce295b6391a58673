-- SPDX-License-Identifier: Apache-2.0
-- Whom everything that speaks TLS trusts without a CA of its own: the system's authorities (SSL_CERT_FILE, SSL_CERT_DIR). What stands in
-- their places and is no regular file holds nothing up, and is named.
local support = require "support"
local sim = require "support.sim"
local web = require "support.web"
local mail = require "support.mail"
local certificates = require "support.certificates"
local http = require "socket.http"

describe("the system's authorities", function()
    local server, secure, mails, folder, pipe, kubeconfig
    local ENV = { http_proxy = false, https_proxy = false, HTTP_PROXY = false, HTTPS_PROXY = false, SSL_CERT_DIR = "/nonexistent" }
    local IS_PIPE = "SSL_CERT_FILE: cannot read %s: it is a pipe; name a regular file"

    local function env(file, more)
        local all = { SSL_CERT_FILE = file }
        for key, value in pairs(ENV) do
            all[key] = value
        end
        for key, value in pairs(more or {}) do
            all[key] = value
        end
        return all
    end

    lazy_setup(function()
        folder = support.folder()
        pipe = folder .. "/pipe"
        assert.are.equal(0, (support.proc.run("/usr/bin/mkfifo", { args = { pipe } })))
        server = sim.start("--tls", "--version", "v2beta1", "--jobs", "2", "--seed", "1")
        local data = support.read(server.kubeconfig):match("certificate%-authority%-data: (%S+)")
        local code, pem = support.proc.run("/usr/bin/base64", { args = { "-d", support.write(folder .. "/ca.b64", data) } })
        assert(code == 0)
        support.write(folder .. "/server.pem", pem)
        kubeconfig = support.write(folder .. "/kubeconfig", (support.read(server.kubeconfig):gsub("certificate%-authority%-data: %S+", "")))
        certificates.make(folder, "localhost")
        secure = web.start { folder .. "/localhost.pem", folder .. "/localhost.key" }
        mails = mail.start("--tls", folder .. "/localhost.pem", folder .. "/localhost.key", "--implicit")
        support.write(folder .. "/mpijobd.yaml", ([[
http: { allow: [ localhost ] }
notify:
  mail: { type: email, server: "smtps://localhost:%s", from: d@example.com, to: a@example.com }
prometheus: { main: { url: "https://localhost:%d/echo" } }
]]):format(mails.port, secure.port))
        support.write(folder .. "/bundle.pem", pem .. support.read(folder .. "/localhost.pem"))
    end)
    lazy_teardown(support.cleanup)

    it("are those that a server's certificate is checked by", function()
        local code, out, err = support.mpijobd_with({ env = env(folder .. "/server.pem") }, "get", "--kubeconfig", kubeconfig, "-A")
        assert.are.equal(0, code, out .. err)
        code, out, err = support.mpijobd_with({ env = env(folder .. "/localhost.pem") }, "get", "--kubeconfig", kubeconfig, "-A")
        assert.are.equal(1, code, out)
        support.contains(err, "check the CA")
        code, out, err = support.mpijobd_with({ env = env(folder .. "/none.pem") }, "get", "--kubeconfig", kubeconfig, "-A")
        assert.are.equal(1, code, out)
        support.contains(err, "install the package ca-certificates, or name a file of PEM certificates in SSL_CERT_FILE")
    end)

    it("hold no command up where they are a pipe or a device", function()
        for path, words in pairs { [pipe] = IS_PIPE:format(pipe), ["/dev/zero"] = "SSL_CERT_FILE: cannot read /dev/zero: it is a device" } do
            local code, out, err = support.mpijobd_with({ env = env(path) }, "get", "--kubeconfig", kubeconfig, "-A")
            assert.are.equal(1, code, out)
            support.contains(err, words)
            code, out, err = support.mpijobd_with({ env = env(path) }, "doctor", "--kubeconfig", kubeconfig)
            assert.are.equal(1, code, out .. err)
            support.contains(out .. err, words)
            code, out, err = support.mpijobd_with({ env = env(path) }, "get", "--kubeconfig", server.kubeconfig, "-A") -- it has a CA of its own
            assert.are.equal(0, code, out .. err)
        end
    end)

    it("hold no daemon up, which goes on once they are mended", function()
        local file = folder .. "/mended.pem"
        assert.are.equal(0, (support.proc.run("/usr/bin/mkfifo", { args = { file } })))
        local daemon = support.daemon({ stdin = true, env = env(file) }, "run", "--kubeconfig", kubeconfig, "--state", ":memory:", "--listen", "127.0.0.1:0",
            support.write(folder .. "/m.lua", [[policy { name = "m", on = "match", replace = { labels = { swept = "yes" } } }]]))
        local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect(IS_PIPE:format(file))
        assert.are.equal("ok\n", (http.request(url .. "/livez")))
        support.write(folder .. "/new.pem", support.read(folder .. "/server.pem"))
        assert(os.rename(folder .. "/new.pem", file))
        daemon:expect("outcome=done")
        assert.are.equal(0, (daemon:stop("sigterm")))
    end)

    -- All that policies reach outside, with what becomes of it.
    local BODY = [[
local function told(what, value, err) log.info(what .. ": " .. (value and "good" or tostring(err))) end
policy { name = "p", every = "1h", run = function()
    local answer, err = http.get("https://localhost:%d/echo")
    told("web", answer, err)
    local value, why = prometheus.query("up")
    told("prometheus", not why or not tostring(why):find "trust", why)
    notify.send { sink = "mail", text = "hello" }
end }
]]

    local function once(file)
        local code, out, err = support.mpijobd_with({ env = env(file) }, "run", "--once", "--kubeconfig", server.kubeconfig, "--state", ":memory:",
            "--config", folder .. "/mpijobd.yaml", "--log-level", "debug", support.write(folder .. "/p.lua", BODY:format(secure.port)))
        return code, out .. err
    end

    it("serve policies, their questions and their mails too", function()
        local code, said = once(folder .. "/bundle.pem")
        assert.are.equal(0, code, said)
        support.contains(said, "web: good")
        support.contains(said, "prometheus: good")
        mails:next()
        said = select(2, once(pipe))
        support.contains(said, "web: Unreachable: GET https://localhost")
        support.contains(said, IS_PIPE:format(pipe))
        support.lacks(said, "prometheus: good")
        support.contains(said, "email: it is not known whom to trust: " .. IS_PIPE:format(pipe))
    end)

    it("are not the only files that libraries would open by themselves", function()
        for _, name in ipairs { "OPENSSL_CONF", "SSLKEYLOGFILE" } do
            for _, path in ipairs { pipe, "/dev/zero", folder } do
                local code, out, err = support.mpijobd_with({ env = { [name] = path } }, "version")
                assert.are.equal(1, code, out)
                support.contains(err, ("%s names %s, which is no regular file; name one, or unset %s"):format(name, path, name))
            end
            assert.are.equal(0, (support.mpijobd_with({ env = { [name] = "/dev/null" } }, "version")))
        end
    end)
end)
