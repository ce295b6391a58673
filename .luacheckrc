-- SPDX-License-Identifier: Apache-2.0
std = "lua54"
max_line_length = 120
exclude_files = { "build", ".cache", "tests/fixtures/policies/bad", "tests/fuzz/corpus" }
local policy_globals = { "policy", "mpijob", "tfjob", "pytorchjob", "mxjob", "trainjob", "jobset", "batchjob", "kube", "log", "time", "sleep", "run", "remove", "exactly",
    "json", "secret", "http", "store", "metrics", "notify", "events",
    "prometheus", "yaml", "plugin", "why" }
files["lua/policies"] = { read_globals = policy_globals }
files["tests/fixtures/policies"] = { read_globals = policy_globals }
files["lua/mpijobd"] = { read_globals = policy_globals }
files["lua/mpijobd/test"] = { globals = policy_globals, allow_defined_top = true, ignore = { "121", "122", "131", "143" } }
files["lua/policies/kinds/*_spec.lua"] = { std = "lua54+busted", globals = { "policy" }, read_globals = { "cluster", "clock", "json", "why" } }
files["lua/policies/*_spec.lua"] = { std = "lua54+busted", globals = { "policy" }, read_globals = { "cluster", "clock", "json", "why" } }
files["lua/plugins"] = { read_globals = policy_globals }
files["lua/plugins/*/*_spec.lua"] = { std = "lua54+busted", globals = { "policy" }, read_globals = { "cluster", "clock", "json", "time", "kube", "stub" } }
files["lua/templates"] = { read_globals = policy_globals }
files["lua/templates/**/*_spec.lua"] = { std = "lua54+busted", globals = { "policy" }, read_globals = { "cluster", "clock", "json" } }
files["lua/types"] = { globals = policy_globals, ignore = { "211", "212", "111", "112", "113", "131" } }
files["tests/spec"] = { std = "lua54+busted", max_line_length = 240, globals = { "describe", "it", "before_each", "after_each", "setup",
    "teardown", "lazy_setup", "lazy_teardown", "assert", "pending", "finally", "insulate", "expose" } }
files["tests/sim/bench/put.lua"] = { allow_defined = true, ignore = { "131" }, read_globals = { "wrk", "id" } }
