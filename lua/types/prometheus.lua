-- SPDX-License-Identifier: Apache-2.0
---@meta prometheus
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---The servers under `prometheus` in the configuration. No data is an empty list, or an error (NoData), and never a zero.
---@class prometheuslib
prometheus = {}

---@class mpijobd.PrometheusOptions
---@field server? string its name; where there is but one it may be left out
---@field time? number of query and value: seconds since 1970, default now
---@field from? number of query_range
---@field to? number of query_range, default now
---@field step? string|number of query_range, default 60s; at most 11000 steps
---@field timeout? string|number default 30s, at most 5m

---@class mpijobd.PrometheusSample
---@field value number may be NaN or infinite
---@field at number

---@class mpijobd.PrometheusSeries
---@field labels table<string, string>
---@field value number of query
---@field at number of query
---@field samples? mpijobd.PrometheusSample[] of query_range

---@param expression string at most 16 KiB
---@param options? mpijobd.PrometheusOptions
---@return mpijobd.PrometheusSeries[]? series empty: there is no data
---@return mpijobd.Error? err
---@async
function prometheus.query(expression, options) end

---@param expression string
---@param options mpijobd.PrometheusOptions
---@return mpijobd.PrometheusSeries[]? series
---@return mpijobd.Error? err
---@async
function prometheus.query_range(expression, options) end

---The one value that an expression has.
---@param expression string
---@param options? mpijobd.PrometheusOptions
---@return number? value
---@return mpijobd.Error? err reason NoData: no value, or NaN; Ambiguous: there are several series
---@async
function prometheus.value(expression, options) end
