-- SPDX-License-Identifier: MIT
--
-- The demo's text: paragraphs of SciPy's own documentation, cut into words and
-- stems by NLTK, as rows of numbers in a tensor.

local py = require 'fb.python'
local nltk = py.import 'nltk'

local passages = {}

-- Python code may be indented like the Lua code around it. What it defines lives
-- in Python's __main__, where later calls find it.
py.exec [[
    import importlib, inspect

    def passages(package):
        """The paragraphs of a package's documentation, without code and rulers."""
        module = importlib.import_module(package)
        public = [name for name in sorted(vars(module)) if not name.startswith('_')
                  and not inspect.ismodule(getattr(module, name))]
        found = {}  # keyed by text, since pages share some of their paragraphs
        for page, name in enumerate(public, 1):
            for paragraph in (inspect.getdoc(getattr(module, name)) or '').split('\n\n'):
                lines = [line.strip() for line in paragraph.splitlines()]
                text = ' '.join(line for line in lines if line.strip('-=. '))
                if len(text) >= 80 and '>>>' not in text:
                    found.setdefault(text, {'text': text, 'page': page, 'name': name})
        return list(found.values())
]]

-- Two lists of passages, {text =, page =, name =, label =}: those to learn from,
-- shuffled, and those held out. Every fourth page is held out as a whole: its
-- paragraphs resemble each other, and having seen some would make the rest easy.
function passages.read(packages)
    local ordered, held_out = {}, {}
    for label = 0, 1 do
        local found = py.eval('passages(package)', {package = packages[label]})
        for _, passage in ipairs(found) do
            passage.label = label
            table.insert(passage.page % 4 == 0 and held_out or ordered, passage)
        end
    end
    -- RandomState: its numbers are the same in every version of NumPy.
    local random = py.import('numpy').random.RandomState(1)
    local train, order = {}, py.eval(random:permutation(#ordered))
    for i = 1, #ordered do
        train[i] = ordered[order[i] + 1] -- Python counts from 0
    end
    return train, held_out
end

local porter = nltk.PorterStemmer()
local stem_of = {} -- word -> stem: each word is stemmed once

-- The stems of a text in the order in which they turn up, and how often each
-- does. (The order of pairs may change from run to run.)
local function count_stems(text)
    local stems, counts = {}, {}
    local words = nltk.word_tokenize(text, py.kwargs {preserve_line = true})
    for _, word in ipairs(py.eval(words)) do
        if word:match '^%a%a+$' then
            local stem = stem_of[word] or py.eval(porter:stem(word))
            stem_of[word] = stem
            if not counts[stem] then table.insert(stems, stem) end
            counts[stem] = (counts[stem] or 0) + 1
        end
    end
    return stems, counts
end

passages.stems = {} -- column of the features -> stem
local column_of = {} -- and back

-- Writes the features of a text into a row of a tensor: the logarithms of how
-- often each known stem occurs, scaled to length 1. With `learn`, new stems get
-- columns while there are some; common stems turn up early, rare ones miss out.
function passages.vectorise(text, row, learn)
    local stems, counts = count_stems(text)
    local squares = 0
    for _, stem in ipairs(stems) do
        if learn and not column_of[stem] and #passages.stems < row:size(1) then
            table.insert(passages.stems, stem)
            column_of[stem] = #passages.stems
        end
        if column_of[stem] then squares = squares + math.log(1 + counts[stem]) ^ 2 end
    end
    for _, stem in ipairs(stems) do
        local column = column_of[stem]
        if column then row[column] = math.log(1 + counts[stem]) / math.sqrt(squares) end
    end
end

return passages
