-- SPDX-License-Identifier: MIT
-- A small scoring model, as a Lua module: word weights and a bias.

local weights = { good = 1.5, great = 2, fine = 0.5, bad = -1.5, awful = -2, slow = -0.5 }
local bias = 0.1

local function score(text)
  local total = bias
  for word in text:lower():gmatch '%a+' do
    total = total + (weights[word] or 0)
  end
  return total
end

local model = {}

--- {score =, label =} of one text.
function model.classify(text)
  local total = score(text)
  return { score = total, label = total >= 0 and 'positive' or 'negative' }
end

--- The scores of a list of texts.
function model.scores(texts)
  local result = {}
  for i, text in ipairs(texts) do result[i] = score(text) end
  return result
end

return model
