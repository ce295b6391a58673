-- SPDX-License-Identifier: Apache-2.0
-- Prices by the kind of GPU, and amounts as text.
local prices = {}

-- Raises what is wrong in the option `prices`.
function prices.check(config)
    for kind, price in pairs(config.prices or {}) do
        if type(kind) ~= "string" or type(price) ~= "number" or price < 0 then
            error(("prices has %s = %s; it has to be the price of an hour, as in { a100: 2.1 }"):format(tostring(kind),
                tostring(price)), 0)
        end
    end
    if config.prices and not config.gpu_label then
        error("prices goes with gpu_label: the job's label that names the kind of its GPUs", 0)
    end
end

function prices.of(config, kind)
    return kind and config.prices and config.prices[kind] or config.price
end

-- "1,234.50 EUR"
function prices.text(config, sum)
    local whole, fraction = ("%.2f"):format(sum):match "^(.*)%.(%d%d)$"
    if not whole then
        return ("%s %s"):format(sum, config.currency)
    end
    local grouped = whole:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", ""):gsub("^%-,", "-")
    return ("%s.%s %s"):format(grouped, fraction, config.currency)
end

return prices
