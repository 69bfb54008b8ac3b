// cubby_torture NAME: one torture of the real server, until the time is over or something was found.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>

#include "tests/torture/trial.hpp"

namespace cubby::torture {
namespace {

struct Torture {
  const char* name;
  void (*run)(Trial&);
};

constexpr Torture tortures[] = {
    {"kill-loop", kill_loop}, {"linearizability", linearizability}, {"listing", listing},
    {"clock", clock_jumps},   {"cluster", cluster_faults},
};

std::filesystem::path fresh_directory(const std::string& name) {
  std::string pattern = std::filesystem::temp_directory_path() / ("cubby-" + name + "-XXXXXX");
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  return pattern;
}

// Answers whether nothing was found.
bool run(const Torture& torture, Trial& trial) {
  trial.directory = fresh_directory(torture.name);
  try {
    torture.run(trial);
  } catch (const std::exception& failure) {
    trial.findings.violation(failure.what());
  }
  const auto took =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - trial.begin);
  std::cout << torture.name << ", seed " << trial.seed << ", " << took.count()
            << " s: " << trial.findings.tally() << std::endl;
  const bool is_clean = trial.findings.violations() == 0;
  if (is_clean)
    std::filesystem::remove_all(trial.directory);
  else
    std::cout << "kept for a look: " << trial.directory.string() << std::endl;
  return is_clean;
}

}  // namespace
}  // namespace cubby::torture

int main(int argc, char** argv) {
  using namespace cubby::torture;
  CLI::App app("Tortures a Cubby server. The exit code is 0 if no promise was broken.");
  std::string name;
  Trial trial;
  std::int64_t seconds = 0;
  std::vector<std::string> names;
  for (const Torture& each : tortures) names.emplace_back(each.name);
  app.add_option("NAME", name)->required()->check(CLI::IsMember(names));
  app.add_option("--binary", trial.binary, "the server")->required()->check(CLI::ExistingFile);
  app.add_option("--seed", trial.seed, "what is chosen at random")->envname("CUBBY_SEED");
  app.add_option("--seconds", seconds, "0: a round of fixed size")->envname("CUBBY_TORTURE_SECONDS");
  CLI11_PARSE(app, argc, argv);
  trial.time = std::chrono::seconds(seconds);
  trial.binary = std::filesystem::absolute(trial.binary);
  const Torture* const found = std::find_if(std::begin(tortures), std::end(tortures),
                                            [&](const Torture& each) { return each.name == name; });
  return run(*found, trial) ? 0 : 1;
}
