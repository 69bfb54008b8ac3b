#include "app/export_command.hpp"

#include "app/client_output.hpp"
#include "app/kv_namespace.hpp"
#include "app/transfer_progress.hpp"
#include "client/exporter.hpp"
#include "client/key_lister.hpp"

namespace cubby {

using client::NamespaceInfo;
using client::Outcome;
using client::usage;

namespace {

Outcome<std::vector<NamespaceInfo>> chosen_namespaces(const client::Site& site,
                                                      const ExportOptions& options) {
  if (options.all) return site.client()->namespaces();
  if (options.id.empty()) return usage("say what to export: --namespace-id or --all");
  const auto id = parse_namespace_id(options.id);
  if (!id) return id.error();
  // The title is good to have; a token that may not list namespaces need not know it.
  NamespaceInfo found{.id = id->text(), .title = {}};
  if (const auto known = site.client()->namespaces())
    for (const NamespaceInfo& each : *known)
      if (each.id == found.id) found = each;
  return std::vector{found};
}

Outcome<std::uint64_t> count(const client::Site& site, const std::vector<NamespaceInfo>& namespaces,
                             const std::string& prefix) {
  std::uint64_t keys = 0;
  for (const NamespaceInfo& each : namespaces) {
    const auto id = parse_namespace_id(each.id);
    if (!id) return id.error();
    const auto counted = client::count_keys(site.client(), *id, prefix);
    if (!counted) return counted.error();
    keys += *counted;
  }
  return keys;
}

}  // namespace

Outcome<int> export_keys(const client::Site& site, const ExportOptions& options) {
  const auto format = options.format == "wrangler" ? client::FileFormat::wrangler : client::FileFormat::jsonl;
  if (options.all && format == client::FileFormat::wrangler)
    return usage("the format wrangler has one namespace a file", "leave out --all or --format");
  if (options.resumes && options.path == "-") return usage("--resume needs a file");
  const auto namespaces = chosen_namespaces(site, options);
  if (!namespaces) return namespaces.error();
  std::optional<std::uint64_t> total;
  if (options.is_dry || is_watched()) {
    const auto counted = count(site, *namespaces, options.prefix);
    if (!counted) return counted.error();
    total = *counted;
  }
  if (options.is_dry) {
    tell("would export " + std::to_string(*total) + " keys of " + std::to_string(namespaces->size()) +
         " namespaces");
    return 0;
  }
  const auto begin = std::chrono::steady_clock::now();
  client::Report report;
  Outcome<void> done;
  {
    TransferProgress progress(report, "export", total);
    report.say = [&progress](const std::string& sentence) { progress.say(sentence); };
    done = client::run_export(site,
                              {.namespaces = *namespaces,
                               .prefix = options.prefix,
                               .format = format,
                               .path = options.path,
                               .resumes = options.resumes,
                               .parallel = options.parallel},
                              report);
  }
  if (!done) return done.error();
  tell("exported " + figures_text(report.keys, report.bytes, std::chrono::steady_clock::now() - begin));
  if (report.vanished > 0) tell(std::to_string(report.vanished) + " keys went away meanwhile");
  return 0;
}

}  // namespace cubby
