// What the targets share. A target asserts properties; a crash is only the simplest way to break one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace cubby::fuzz {

// Ends the process, which is how libFuzzer learns of it, unless `holds`.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

// An input, taken apart from its front. Seeds stay readable: a number is one byte, mostly a digit.
class Input {
 public:
  Input(const std::uint8_t* bytes, std::size_t size) : rest_(reinterpret_cast<const char*>(bytes), size) {}

  // 0 to `most`; 0 at the end.
  unsigned number(unsigned most) {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return (byte >= '0' ? byte - unsigned{'0'} : byte + 208U) % (most + 1);
  }

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace cubby::fuzz
