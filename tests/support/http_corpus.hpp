// Requests that are malformed, ambiguous or at an edge of the grammar, by families; some are well-formed, so
// that a server which refuses everything fails too. Nothing here says what is right:
// tests/support/strict_http.hpp does.
#pragma once

#include <iterator>
#include <vector>

#include "tests/support/corpus_bodies.hpp"
#include "tests/support/corpus_heads.hpp"

namespace cubby::wire {

inline std::vector<CorpusCase> http_corpus() {
  std::vector<CorpusCase> all = BodyCorpus().take();
  std::vector<CorpusCase> heads = HeadCorpus().take();
  all.insert(all.end(), std::make_move_iterator(heads.begin()), std::make_move_iterator(heads.end()));
  return all;
}

}  // namespace cubby::wire
