-- SPDX-License-Identifier: Apache-2.0
-- Asks the columns of a plugin for their values, job by job, and how sums of them are written. What fails is told, and
-- the others go on.
local native, columns = ...

for job, held in native.jobs do
    for i, column in ipairs(columns) do
        native.value(i, native.protect(column.value, job, held))
    end
end
for sum, i in native.sums do
    local column = columns[i]
    if column.text then
        native.text(native.protect(column.text, sum))
    else
        native.text(true, ("%.2f"):format(sum))
    end
end
