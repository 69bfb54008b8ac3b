#include "app/import_command.hpp"

#include <filesystem>

#include "app/client_output.hpp"
#include "app/kv_namespace.hpp"
#include "app/namespace_finder.hpp"
#include "app/transfer_progress.hpp"
#include "client/importer.hpp"

namespace cubby {

using client::ImportSummary;
using client::NamespaceInfo;
using client::Outcome;
using client::usage;

namespace {

// Whether the input can be read again: standard input and pipes (`<(zcat …)`) cannot.
bool is_file(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return path != "-" && (std::filesystem::is_regular_file(status) || !std::filesystem::exists(status));
}

client::Failure several_namespaces(const ImportOptions& options) {
  return usage(options.path + " has several namespaces", "--all writes to those with the same titles");
}

// Nothing for what can be read but once.
Outcome<std::optional<ImportSummary>> inspect(const ImportOptions& options) {
  if (!is_file(options.path)) return std::optional<ImportSummary>();
  auto summary = client::inspect_import(options.path, options.is_partial, whole_seconds(SystemClock().now()));
  if (!summary) return summary.error();
  if (!options.all && summary->namespaces.size() > 1) return several_namespaces(options);
  return std::optional(*std::move(summary));
}

Outcome<std::function<Outcome<NamespaceId>(const NamespaceInfo*)>> place_of(const client::Site& site,
                                                                            const ImportOptions& options) {
  using Place = std::function<Outcome<NamespaceId>(const NamespaceInfo*)>;
  if (!options.all) {
    const auto id = parse_namespace_id(options.id);
    if (!id) return id.error();
    return Place([id = *id, &options, count = 0](const NamespaceInfo*) mutable -> Outcome<NamespaceId> {
      if (++count > 1) return several_namespaces(options);  // told before, unless it is no file
      return id;
    });
  }
  const auto finder = std::make_shared<NamespaceFinder>(site);
  return Place([finder](const NamespaceInfo* in_file) -> Outcome<NamespaceId> {
    if (!in_file || in_file->title.empty())
      return usage("the file does not say the title of a namespace", "--namespace-id says where to write");
    return finder->find_or_create(in_file->title);
  });
}

}  // namespace

Outcome<int> check_import(const ImportOptions& options) {
  if (!is_file(options.path)) return usage("--dry-run needs a file");
  const auto summary = inspect(options);
  if (!summary) return summary.error();
  tell("would import " + std::to_string((*summary)->pairs - (*summary)->expired) + " keys, " +
       std::to_string((*summary)->bytes) + " bytes of values; " + std::to_string((*summary)->expired) +
       " have expired or are about to");
  for (const NamespaceInfo& each : (*summary)->namespaces) tell("namespace " + each.id + " " + each.title);
  return 0;
}

Outcome<int> import_keys(const client::Site& site, const ImportOptions& options) {
  if (!options.all && options.id.empty()) return usage("say where to import: --namespace-id or --all");
  if (!options.journal.empty() && !is_file(options.path))
    return usage("--journal needs a file, in which the import can go on");
  const auto place = place_of(site, options);
  if (!place) return place.error();
  const auto summary = inspect(options);
  if (!summary) return summary.error();
  std::string journal = options.journal;
  if (journal.empty() && is_file(options.path)) journal = options.path + ".journal";
  const auto begin = std::chrono::steady_clock::now();
  const SystemClock clock;
  client::Report report;
  Outcome<void> done;
  {
    TransferProgress progress(report, "import", *summary ? std::optional((*summary)->pairs) : std::nullopt);
    report.say = [&progress](const std::string& sentence) { progress.say(sentence); };
    done = client::run_import(site,
                              {.path = options.path,
                               .journal = journal,
                               .place = *place,
                               .place_name = site.connection.base_url + " " + site.account + " " +
                                             (options.all ? "all" : options.id),
                               .is_partial = options.is_partial,
                               .parallel = options.parallel},
                              clock, report);
  }
  if (!done) return done.error();
  tell("imported " + figures_text(report.keys, report.bytes, std::chrono::steady_clock::now() - begin));
  if (report.expired > 0)
    tell(std::to_string(report.expired) + " keys have expired or are about to: left out");
  if (report.refused > 0) tell(std::to_string(report.refused) + " keys were refused");
  return report.refused > 0 ? 1 : 0;
}

}  // namespace cubby
