// Figures in Prometheus' text format, version 0.0.4.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/counters.hpp"

namespace cubby {

class PrometheusText {
 public:
  enum class Type { counter, gauge, histogram };
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  // Begins a family; its samples follow.
  void family(std::string_view name, Type type, std::string_view help);

  template <std::integral Number>
  void sample(const Labels& labels, Number value) {
    line({}, labels, {}, std::to_string(value));
  }
  void sample(const Labels& labels, double value);

  // In seconds. Classes up to 64 microseconds are one.
  void histogram(const Labels& labels, const Durations& durations);

  // A family of one sample without labels.
  template <class Number>
  void single(std::string_view name, Type type, std::string_view help, Number value) {
    family(name, type, help);
    sample({}, value);
  }

  std::string take() { return std::move(text_); }

 private:
  // `end` is of a bucket.
  void line(std::string_view suffix, const Labels& labels, std::string_view end, std::string_view value);

  std::string name_;
  std::string text_;
};

}  // namespace cubby
