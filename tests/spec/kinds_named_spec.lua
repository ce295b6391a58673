-- SPDX-License-Identifier: Apache-2.0
-- Kinds on the command line: several at once in `get`, KIND/NAMESPACE/NAME, and those that the server does not have.
local support = require "support"
local sim = require "support.sim"
local kinds = require "support.kinds"

describe("Kinds on the command line:", function()
    local server
    local function serve(...)
        server = sim.start("--version", "v2beta1", ...)
        server:request("POST", "/api/v1/namespaces", '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"train"}}')
    end
    after_each(support.cleanup)
    local function mpijobd(command, ...)
        return support.mpijobd(command, "--kubeconfig", server.kubeconfig, ...)
    end
    local function rows(text)
        local all = {}
        for line in text:gmatch "[^\n]+" do
            local words = {}
            for word in line:gmatch "%S+" do
                words[#words + 1] = word
            end
            all[#all + 1] = words
        end
        return all
    end

    it("get shows several, each in its rows", function()
        serve "--kinds"
        kinds.create(server, "train", "MPIJob", "m", nil, { team = "a" })
        kinds.create(server, "train", "TrainJob", "t", { activeDeadlineSeconds = 3600 }, { team = "a" })
        kinds.create(server, "train", "JobSet", "s")
        kinds.create(server, "train", "Job", "j")
        local code, out, err = mpijobd("get", "trainjobs,MPIJob", "-A")
        assert.are.equal(0, code, err)
        local all = rows(out)
        assert.are.same({ "NAMESPACE", "KIND", "NAME" }, { table.unpack(all[1], 1, 3) })
        assert.are.same({ "train", "TrainJob", "t" }, { table.unpack(all[2], 1, 3) })
        assert.are.same({ "train", "MPIJob", "m" }, { table.unpack(all[3], 1, 3) })
        assert.are.equal(3, #all)
        code, out, err = mpijobd("get", "all", "-n", "train", "--sort-by", "kind")
        assert.are.equal(0, code, err)
        assert.are.equal("", err)
        local names = {}
        for i, row in ipairs(rows(out)) do
            names[i] = row[1] .. " " .. row[2]
        end
        assert.are.same({ "KIND NAME", "Job j", "JobSet s", "MPIJob m", "TrainJob t" }, names)
        code, out = mpijobd("get", "--kind", "JobSet,jobs.batch", "-n", "train", "-o", "name")
        assert.are.same({ 0, "jobset.jobset.x-k8s.io/s\njob.batch/j\n" }, { code, out })
        code, out = mpijobd("get", "trainjobs,mpijobs", "-n", "train", "-l", "team=a", "-o", "json")
        local list = support.json.decode(out)
        assert.are.same({ 0, 2, "TrainJob", "MPIJob" }, { code, #list.items, list.items[1].kind, list.items[2].kind })
        -- One kind looks as ever.
        code, out = mpijobd("get", "trainjobs", "-A")
        support.lacks(out, "KIND")
        assert.are.equal(0, code)
        for text, arguments in pairs {
            ["names go with one kind"] = { "trainjobs,mpijobs", "t", "-n", "train" },
            ["-w takes one kind"] = { "trainjobs,mpijobs", "-w", "-A" },
            ['there is no kind "nosuch" here'] = { "trainjobs,nosuch", "-A" },
            ['there is no kind "workloads" here'] = { "workloads", "-A" },
        } do
            code, out, err = mpijobd("get", table.unpack(arguments))
            assert.are.equal(2, code, out)
            support.contains(err, text)
        end
        code, out, err = mpijobd("replace", "trainjobs,mpijobs", "-l", "team=a", "labels.x=y")
        assert.are.equal(2, code, out)
        support.contains(err, "names several kinds; this command is about one")
        code, out, err = mpijobd("get", "trainjobs,mpijobs", "-n", "nowhere")
        assert.are.equal(1, code, out)
        assert.are.equal('mpijobd get: there is no namespace "nowhere"\n', err)
    end)

    it("a name may say its kind and its namespace", function()
        serve "--kinds"
        kinds.create(server, "train", "TrainJob", "t", { activeDeadlineSeconds = 3600 })
        local code, out, err = mpijobd("replace", "trainjob/train/t", "labels.team=a")
        assert.are.equal(0, code, out .. err)
        assert.are.equal("a", kinds.object(server, "train", "TrainJob", "t").metadata.labels.team)
        code, out, err = mpijobd("get", "trainjob/train/t", "-o", "name")
        assert.are.same({ 0, "trainjob.trainer.kubeflow.org/t\n" }, { code, out }, err)
        code, out, err = mpijobd("job", "stop", "trainjob/train/t", "--dry-run")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "train/t would be stopped")
        code, out, err = mpijobd("replace", "-n", "other", "trainjob/train/t", "labels.team=a")
        assert.are.equal(2, code, out)
        support.contains(err, "two namespaces")
        code, out, err = mpijobd("replace", "trainjob/train/t/x", "labels.team=a")
        assert.are_not.equal(0, code, out)
        support.contains(err, "t/x")
    end)

    it("one that the server does not have is told with what to install", function()
        serve()
        kinds.create(server, "train", "MPIJob", "m")
        for _, arguments in ipairs {
            { "job", "stop", "trainjob", "train/t" }, { "get", "trainjobs", "-A" }, { "get", "trainjob", "t", "-n", "train" },
            { "replace", "trainjob/train/t", "labels.x=y" }, { "inspect", "trainjobs", "-A" },
        } do
            arguments[#arguments + 1] = "--kubeconfig=" .. server.kubeconfig
            local code, out, err = support.mpijobd(table.unpack(arguments))
            assert.are.equal(1, code, out .. err)
            support.contains(err, "serves no TrainJobs: install the definition (CRD) trainjobs.trainer.kubeflow.org")
            support.lacks(err, "another namespace")
        end
        local code, out, err = mpijobd("get", "trainjobs,mpijobs", "-A")
        assert.are.equal(0, code, err)
        assert.are.equal("mpijobd get: the server has no TrainJobs\n", err)
        assert.are.equal(2, #rows(out))
        code, out, err = mpijobd("get", "trainjobs,jobsets", "-A")
        assert.are.same({ 1, "" }, { code, out }, err)
    end)
end)
