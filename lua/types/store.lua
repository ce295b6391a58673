-- SPDX-License-Identifier: Apache-2.0
---@meta store
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---What a policy keeps from run to run, in the state file: values that JSON can hold, by key. Each policy has its own; its runs on all clusters share it. At most 1000 keys of 256 bytes, 64 KiB a value,
---1 MiB in all: more is nil and an error (Limit). In a dry run nothing is changed.
---@class storelib
store = {}

---@class mpijobd.StoreOptions
---@field ttl? string|number gone after this time: "1d", or seconds

---@param key string
---@return any value nil: the key has no value
---@return mpijobd.Error? err
---@async
function store.get(key) end

---Returns when the value is durable. nil removes the key.
---@param key string
---@param value any
---@param options? mpijobd.StoreOptions
---@return boolean? done
---@return mpijobd.Error? err
---@async
function store.set(key, value, options) end

---@param key string
---@return boolean? done
---@return mpijobd.Error? err
---@async
function store.delete(key) end

---Compare and swap: sets the value only where the present one equals `expected` (nil: where the key has no value).
---@param key string
---@param expected any
---@param value any
---@param options? mpijobd.StoreOptions
---@return boolean? done false: another value is there
---@return any present with false: the value that is there; with nil: the error
---@async
function store.cas(key, expected, value, options) end

---The keys that begin with the prefix, in no order.
---@param prefix? string
---@return string[]? keys
---@return mpijobd.Error? err
---@async
function store.keys(prefix) end
