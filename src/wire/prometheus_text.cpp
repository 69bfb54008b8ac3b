#include "wire/prometheus_text.hpp"

#include <charconv>

namespace cubby {
namespace {

constexpr std::size_t first_class = 6;  // ends at 64 microseconds

std::string number(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, std::end(digits), value).ptr};
}

void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
}

}  // namespace

void PrometheusText::family(std::string_view name, Type type, std::string_view help) {
  constexpr std::string_view types[] = {"counter", "gauge", "histogram"};
  name_ = name;
  text_ += "# HELP " + name_ + ' ';
  text_ += help;
  text_ += "\n# TYPE " + name_ + ' ';
  text_ += types[static_cast<std::size_t>(type)];
  text_ += '\n';
}

void PrometheusText::sample(const Labels& labels, double value) {
  line({}, labels, {}, number(value));
}

void PrometheusText::histogram(const Labels& labels, const Durations& durations) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i + 1 < Durations::classes; ++i) {
    below += durations.counts[i];
    if (i < first_class) continue;
    const auto end = static_cast<double>(std::uint64_t{1} << i) / 1e6;
    line("_bucket", labels, number(end), std::to_string(below));
  }
  const std::string total = std::to_string(below + durations.counts.back());
  line("_bucket", labels, "+Inf", total);
  line("_sum", labels, {}, number(static_cast<double>(durations.microseconds) / 1e6));
  line("_count", labels, {}, total);
}

void PrometheusText::line(std::string_view suffix, const Labels& labels, std::string_view end,
                          std::string_view value) {
  text_ += name_;
  text_ += suffix;
  char before = '{';
  const auto add = [&](std::string_view name, std::string_view label) {
    text_ += std::exchange(before, ',');
    text_ += name;
    text_ += "=\"";
    append_escaped(text_, label);
    text_ += '"';
  };
  for (const auto& [name, label] : labels) add(name, label);
  if (!end.empty()) add("le", end);
  if (before == ',') text_ += '}';
  text_ += ' ';
  text_ += value;
  text_ += '\n';
}

}  // namespace cubby
