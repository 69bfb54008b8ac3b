#include "app/transfer_progress.hpp"

#include <gtest/gtest.h>

namespace cubby {
namespace {

using namespace std::chrono_literals;

TEST(TransferProgress, TellsRateAndRemainingTime) {
  EXPECT_EQ(progress_line(50'000, 12 * 1024 * 1024, 100'000, 10s),
            "[==========          ] 50,000 of 100,000 keys, 5,000 keys/s, 12.0 MiB, 0:10 left");
  EXPECT_EQ(progress_line(1, 0, 100'000, 1s),
            "[                    ] 1 of 100,000 keys, 1 keys/s, 0.0 MiB, 27:46:39 left");
  EXPECT_EQ(progress_line(0, 0, 10, 1s), "[                    ] 0 of 10 keys, 0 keys/s, 0.0 MiB");
  EXPECT_EQ(progress_line(7, 0, std::nullopt, 1s), "7 keys, 7 keys/s, 0.0 MiB");
  EXPECT_EQ(progress_line(12, 0, 10, 1s), "[====================] 12 of 10 keys, 12 keys/s, 0.0 MiB");
  EXPECT_EQ(figures_text(1'234'567, 1536 * 1024, 2s), "1,234,567 keys, 1.5 MiB in 2.0 s, 617,284 keys/s");
}

}  // namespace
}  // namespace cubby
