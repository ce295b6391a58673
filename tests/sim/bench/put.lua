-- SPDX-License-Identifier: Apache-2.0
-- wrk: every thread has one connection and one MPIJob of its own, and replaces it again and again: the resourceVersion
-- of one answer goes into the next request, and a field of the spec changes each time, so every PUT is stored.
-- BENCH_OBJECTS names a file with a line "PATH<tab>OBJECT" for each thread.
local threads = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init()
  local n = 0
  for line in io.lines(os.getenv("BENCH_OBJECTS")) do
    if n == id then
      local path, object = line:match("^(%S+)\t(.*)$")
      url = path
      before, version, after = object:match('^(.*"resourceVersion":")(%d+)(".*)$')
      head, tail = after:match('^(.*"slotsPerWorker":)%d+(.*)$')
    end
    n = n + 1
  end
  count, bad = 1, 0
end

function request()
  count = count + 1
  return wrk.format("PUT", url, { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer bench" },
    before .. version .. head .. count .. tail)
end

function response(status, _, body)
  if status == 200 then
    version = body:match('"resourceVersion":"(%d+)"')
  else
    bad = bad + 1
    io.stderr:write("PUT answered ", status, ": ", body:sub(1, 200), "\n")
  end
end
