#include "wire/prometheus_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cubby {
namespace {

using namespace std::chrono_literals;
using Type = PrometheusText::Type;
using testing::HasSubstr;

TEST(PrometheusText, WritesFamiliesAndSamples) {
  PrometheusText text;
  text.family("a_total", Type::counter, "Things.");
  text.sample({{"of", "x"}, {"by", "y"}}, 3);
  text.single("b", Type::gauge, "Other things.", 0.25);
  EXPECT_EQ(text.take(),
            "# HELP a_total Things.\n# TYPE a_total counter\na_total{of=\"x\",by=\"y\"} 3\n"
            "# HELP b Other things.\n# TYPE b gauge\nb 0.25\n");
}

TEST(PrometheusText, EscapesWhatALabelSays) {
  PrometheusText text;
  text.family("a", Type::gauge, "Things.");
  text.sample({{"title", "quote \" slash \\ line\n"}}, 1);
  EXPECT_THAT(text.take(), HasSubstr("a{title=\"quote \\\" slash \\\\ line\\n\"} 1\n"));
}

TEST(PrometheusText, BucketsOfAHistogramAddUp) {
  DurationCounter counter;
  for (const auto each : {1us, 100us, 100us}) counter.add(each);
  counter.add(100s);
  Durations durations;
  counter.add_to(durations);
  PrometheusText text;
  text.family("t_seconds", Type::histogram, "Times.");
  text.histogram({{"of", "x"}}, durations);
  const std::string written = text.take();
  EXPECT_THAT(written, HasSubstr("t_seconds_bucket{of=\"x\",le=\"6.4e-05\"} 1\n"));
  EXPECT_THAT(written, HasSubstr("t_seconds_bucket{of=\"x\",le=\"0.000128\"} 3\n"));
  EXPECT_THAT(written, HasSubstr("t_seconds_bucket{of=\"x\",le=\"+Inf\"} 4\n"));
  EXPECT_THAT(written, HasSubstr("t_seconds_sum{of=\"x\"} 100.000201\n"));
  EXPECT_THAT(written, HasSubstr("t_seconds_count{of=\"x\"} 4\n"));
}

}  // namespace
}  // namespace cubby
