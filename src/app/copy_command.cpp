#include "app/copy_command.hpp"

#include "app/client_output.hpp"
#include "app/kv_namespace.hpp"
#include "app/namespace_finder.hpp"
#include "app/transfer_progress.hpp"
#include "client/copier.hpp"
#include "client/key_lister.hpp"
#include "core/json_text.hpp"

namespace cubby {

using client::CopyJob;
using client::Difference;
using client::NamespaceInfo;
using client::Outcome;
using client::Site;
using client::usage;

namespace {

const client::Failure cannot_print = client::failed("standard output takes no more");

// Which namespace goes where.
Outcome<std::vector<CopyJob>> jobs_of(const Site& from, const Site& to, const CopyOptions& options) {
  CopyJob job{.from = NamespaceId({}),
              .to = NamespaceId({}),
              .prefix = options.prefix,
              .journal = options.journal,
              .parallel = options.parallel};
  if (!options.all) {
    if (options.from_id.empty() || options.to_id.empty())
      return usage("say what to copy: --from-namespace-id and --to-namespace-id, or --all");
    const auto from_id = parse_namespace_id(options.from_id);
    if (!from_id) return from_id.error();
    const auto to_id = parse_namespace_id(options.to_id);
    if (!to_id) return to_id.error();
    job.from = *from_id;
    job.to = *to_id;
    return std::vector{job};
  }
  if (!options.journal.empty())
    return usage("--journal is for one namespace; with --all there is one for each");
  const auto namespaces = from.client()->namespaces();
  if (!namespaces) return namespaces.error();
  NamespaceFinder finder(to);
  std::vector<CopyJob> jobs;
  for (const NamespaceInfo& each : *namespaces) {
    const auto from_id = parse_namespace_id(each.id);
    if (!from_id) return from_id.error();
    job.from = *from_id;
    if (!options.is_dry) {
      const auto to_id = finder.find_or_create(each.title);
      if (!to_id) return to_id.error();
      job.to = *to_id;
    }
    jobs.push_back(job);
  }
  return jobs;
}

std::string journal_of(const CopyJob& job) {
  if (!job.journal.empty()) return job.journal;
  return "cubby-copy-" + job.from.text().substr(0, 8) + "-" + job.to.text().substr(0, 8) + ".journal";
}

const char* name_of(Difference::What what) {
  switch (what) {
    case Difference::What::missing:
      return "missing";
    case Difference::What::extra:
      return "extra";
    case Difference::What::value:
      return "value";
    case Difference::What::metadata:
      return "metadata";
    case Difference::What::expiration:
      return "expiration";
  }
  return "";
}

Outcome<std::uint64_t> count(const Site& site, const std::vector<CopyJob>& jobs) {
  std::uint64_t keys = 0;
  for (const CopyJob& job : jobs) {
    const auto counted = client::count_keys(site.client(), job.from, job.prefix);
    if (!counted) return counted.error();
    keys += *counted;
  }
  return keys;
}

// Runs `step` for each job and tells what was done.
Outcome<void> for_each_job(const std::vector<CopyJob>& jobs, const std::string& what,
                           const std::string& done_word, std::optional<std::uint64_t> total,
                           client::Report& report, const std::function<Outcome<void>(const CopyJob&)>& step) {
  const auto begin = std::chrono::steady_clock::now();
  {
    TransferProgress progress(report, what, total);
    report.say = [&progress](const std::string& sentence) { progress.say(sentence); };
    for (const CopyJob& job : jobs)
      if (auto done = step(job); !done) return done;
  }
  tell(done_word + " " + figures_text(report.keys, report.bytes, std::chrono::steady_clock::now() - begin));
  if (report.expired > 0)
    tell(std::to_string(report.expired) + " keys have expired or are about to: left out");
  if (report.vanished > 0) tell(std::to_string(report.vanished) + " keys went away meanwhile");
  if (report.refused > 0) tell(std::to_string(report.refused) + " keys were refused");
  return {};
}

}  // namespace

Outcome<int> copy_keys(const Site& from, const Site& to, const CopyOptions& options) {
  auto jobs = jobs_of(from, to, options);
  if (!jobs) return jobs.error();
  for (CopyJob& job : *jobs) job.journal = journal_of(job);
  std::optional<std::uint64_t> total;
  if (options.is_dry || is_watched()) {
    const auto counted = count(from, *jobs);
    if (!counted) return counted.error();
    total = *counted;
  }
  if (options.is_dry) {
    tell("would copy " + std::to_string(*total) + " keys of " + std::to_string(jobs->size()) + " namespaces");
    return 0;
  }
  const SystemClock clock;
  client::Report copying;
  if (!options.only_verifies) {
    const auto copied = for_each_job(*jobs, "copy", "copied", total, copying, [&](const CopyJob& job) {
      return client::run_copy(from, to, job, clock, copying);
    });
    if (!copied) return client::Outcome<int>(copied.error());
  }
  client::Report comparing;
  bool is_printed = true;
  if (options.verifies || options.only_verifies) {
    const auto compared =
        for_each_job(*jobs, "verify", "compared", total, comparing, [&](const CopyJob& job) {
          return client::run_verify(from, to, job, clock, comparing, [&](const Difference& found) {
            const std::string line = R"({"namespace":")" + job.from.text() + R"(","key":)" +
                                     json::quoted(found.key) + R"(,"difference":")" + name_of(found.what) +
                                     "\"}\n";
            is_printed = print(line) && is_printed;
          });
        });
    if (!compared) return client::Outcome<int>(compared.error());
    if (!is_printed) return cannot_print;
    tell(std::to_string(comparing.different) + " keys differ");
  }
  return copying.refused > 0 || comparing.different > 0 ? 1 : 0;
}

}  // namespace cubby
