-- SPDX-License-Identifier: Apache-2.0
-- An API server that says what a spec tells it to, on the spec's own loop: for answers that no simulator of a good server gives. It knows
-- discovery of MPIJobs v2beta1; lists, watches and writes are the spec's.
--
--     local server = scripted.start { list = function(query, path) return 200, "..." end, watch = function(stream, query) ... end,
--         write = function(method, path, body) return 200, "..." end }
--
-- stream:send(text) sends a part of a watch; the stream stays open until stream:finish(). What is not given: an empty list, a silent
-- watch, 404. Streaming lists are not served.
local support = require "support"
local uv = require "luv"

local scripted = {}

-- When a client goes, this server goes on.
local gone = uv.new_signal()
gone:start("sigpipe", function() end)
gone:unref()

local DISCOVERY = {
    ["/apis/kubeflow.org"] = [[{"kind":"APIGroup","apiVersion":"v1","name":"kubeflow.org","versions":[{"groupVersion":"kubeflow.org/v2beta1",]]
        .. [["version":"v2beta1"}],"preferredVersion":{"groupVersion":"kubeflow.org/v2beta1","version":"v2beta1"}}]],
    ["/apis/kubeflow.org/v2beta1"] = [[{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"kubeflow.org/v2beta1","resources":[]]
        .. [[{"name":"mpijobs","singularName":"mpijob","namespaced":true,"kind":"MPIJob","verbs":["create","delete","get","list","patch","update","watch"]}]}]],
    ["/version"] = [[{"major":"1","minor":"34","gitVersion":"v1.34.4"}]],
}

local function status(code, reason, message)
    return code, support.json.encode { kind = "Status", apiVersion = "v1", status = "Failure", code = code, reason = reason, message = message }
end
scripted.status = status

-- An MPIJob as text.
function scripted.job(namespace, name, version, more)
    return ([[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"namespace":%s,"name":%s,"uid":"%s-%s","resourceVersion":"%d"},]]
        .. [["spec":{"mpiReplicaSpecs":{}}%s}]]):format(support.json.encode(namespace), support.json.encode(name), name:sub(1, 20):gsub("%W", ""), version,
        version, more or "")
end

function scripted.list(items, version, continue)
    return ([[{"kind":"MPIJobList","apiVersion":"kubeflow.org/v2beta1","metadata":{"resourceVersion":"%s","continue":"%s"},"items":[%s]}]]):format(version,
        continue or "", table.concat(items, ","))
end

local function head(code, more)
    return ("HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%s\r\n"):format(code, more)
end

local function stream_on(client)
    local stream = {}
    client:write(head(200, "Transfer-Encoding: chunked\r\n"))
    function stream.send(_, text)
        if not client:is_closing() then
            client:write(("%x\r\n%s\r\n"):format(#text, text))
        end
    end
    function stream.finish()
        client:write("0\r\n\r\n")
    end
    return stream
end

local function answer(server, client, method, target, body)
    local path, query = target:match("^([^?]*)%??(.*)$")
    server.seen[#server.seen + 1] = method .. " " .. target
    local h = server.handlers
    local code, text
    if method == "GET" and DISCOVERY[path] then
        code, text = 200, DISCOVERY[path]
    elseif method == "GET" and path:find("/mpijobs$") and query:find("watch=1", 1, true) then
        if query:find("sendInitialEvents", 1, true) then
            code, text = status(422, "Invalid", "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
        else
            local stream = stream_on(client)
            return h.watch and h.watch(stream, query)
        end
    elseif method == "GET" and path:find("/mpijobs$") then
        if h.list then
            code, text = h.list(query, path)
        else
            code, text = 200, scripted.list({}, 1)
        end
    elseif h.write then
        code, text = h.write(method, path, body)
    else
        code, text = status(404, "NotFound", "not here")
    end
    client:write { head(code, ("Content-Length: %d\r\n"):format(#text)), text }
end

local function serve(server, client)
    local got = ""
    client:read_start(function(err, chunk)
        if err or not chunk then
            return client:is_closing() or client:close()
        end
        got = got .. chunk
        while true do
            local _, at = got:find("\r\n\r\n", 1, true)
            local length = at and tonumber(got:sub(1, at):match("[Cc]ontent%-[Ll]ength: (%d+)")) or 0
            if not at or #got < at + length then
                return
            end
            local method, target = got:match("^(%u+) (%S+)")
            local body = got:sub(at + 1, at + length)
            got = got:sub(at + length + 1)
            answer(server, client, method, target, body)
        end
    end)
end

function scripted.start(handlers)
    local server = { handlers = handlers, seen = {}, clients = {} }
    server.socket = uv.new_tcp()
    assert(server.socket:bind("127.0.0.1", 0))
    assert(server.socket:listen(64, function()
        local client = uv.new_tcp()
        server.socket:accept(client)
        server.clients[#server.clients + 1] = client
        serve(server, client)
    end))
    server.url = "http://127.0.0.1:" .. server.socket:getsockname().port
    server.kubeconfig = support.write(support.folder() .. "/kubeconfig", ([[
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: c, cluster: {server: "%s"}}]
users: [{name: u, user: {}}]
contexts: [{name: dev, context: {cluster: c, user: u}}]
]]):format(server.url))
    -- Lets go of all its handles.
    function server.stop()
        for _, client in ipairs(server.clients) do
            if not client:is_closing() then
                client:close()
            end
        end
        server.socket:close()
        uv.run("nowait")
    end
    return server
end

return scripted
