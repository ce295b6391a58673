-- SPDX-License-Identifier: Apache-2.0
---@meta metrics
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---Counters and gauges of a policy's own, at /metrics as mpijobd_own_NAME{policy="..."}. At most 20 metrics of a policy, and 500 sets of label values in all; one too many raises an error. A metric has
---the same kind and the same labels each time, in all policies. They begin again with the daemon.
---@class metricslib
metrics = {}

---Adds to a counter, mpijobd_own_NAME_total.
---@param name string small letters, digits and _, at most 64; without "_total"
---@param n? number 0 or more, default 1
---@param labels? table<string, string|number|boolean> at most 3
function metrics.count(name, n, labels) end

---Sets a gauge.
---@param name string
---@param value number
---@param labels? table<string, string|number|boolean> at most 3
function metrics.gauge(name, value, labels) end
