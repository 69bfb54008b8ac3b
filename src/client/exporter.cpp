#include "client/exporter.hpp"

#include <algorithm>

#include "client/key_lister.hpp"
#include "client/ordered_work.hpp"
#include "client/value_reader.hpp"
#include "core/limits.hpp"

namespace cubby::client {
namespace {

constexpr std::size_t waiting_bytes_max = 16 * limits::MiB;  // of one thread before it is its turn

// Collects text, and writes it when it is much or its turn has come.
class Chunk {
 public:
  Chunk(ExportFile& file, Turn& turn, FileFormat format) : file_(file), turn_(turn), format_(format) {}

  Outcome<void> add(const Pair& pair) {
    append_export_pair(text_, pair, format_);
    ++keys_;
    return text_.size() > waiting_bytes_max ? write() : Outcome<void>();
  }

  Outcome<void> end(const Position& position) {
    if (auto written = write(); !written) return written;
    return file_.end_chunk(keys_, position);
  }

 private:
  Outcome<void> write() {
    if (!turn_.wait()) return failed("stopped");
    auto written = file_.write(text_);
    text_.clear();
    return written;
  }

  ExportFile& file_;
  Turn& turn_;
  FileFormat format_;
  std::string text_;
  std::uint64_t keys_ = 0;
};

Outcome<void> export_namespace(const Site& site, const ExportJob& job, const NamespaceId& id,
                               const Position& start, ExportFile& file, Report& report) {
  const auto clients = site.clients(job.parallel);
  KeyLister lister(site.client(), id, job.prefix, start, limits::bulk_get_keys_max);
  return work_in_order<KeyUnit>(
      job.parallel, [&lister] { return lister.next(); },
      [&](unsigned thread, KeyUnit& unit, Turn& turn) -> Outcome<void> {
        Chunk chunk(file, turn, job.format);
        const auto read = read_values(*clients[thread], id, unit.keys, report,
                                      [&chunk](Pair pair) { return chunk.add(pair); });
        if (!read) return read;
        return chunk.end(unit.end);
      });
}

// What is there already belongs to this job.
Outcome<void> check_state(const ExportState& state, const ExportJob& job) {
  if (state.is_complete) return usage(job.path + " is complete", "there is nothing to go on with");
  bool is_same = job.format == FileFormat::wrangler || state.bytes == 0 || state.prefix == job.prefix;
  is_same = is_same && state.namespaces.size() <= job.namespaces.size();
  for (std::size_t i = 0; is_same && i < state.namespaces.size(); ++i)
    is_same = state.namespaces[i] == job.namespaces[i].id;
  if (is_same) return {};
  return usage(job.path + " is the export of something else",
               "name another file, or the same namespaces and prefix");
}

}  // namespace

Outcome<void> run_export(const Site& site, const ExportJob& job, Report& report) {
  std::optional<ExportState> state;
  if (job.resumes) {
    auto read = read_export_state(job.path, job.format);
    if (!read) return read.error();
    if (auto checked = check_state(*read, job); !checked) return checked;
    report.say("going on behind " + std::to_string(read->keys) + " keys");
    state = *std::move(read);
  }
  auto file = ExportFile::open(job.path, job.format, job.prefix, state);
  if (!file) return file.error();
  const std::size_t known = state ? state->namespaces.size() : 0;
  for (std::size_t i = 0; i < job.namespaces.size(); ++i) {
    if (i + 1 < known || (i + 1 == known && state->is_last_finished)) continue;
    const auto id = NamespaceId::parse(job.namespaces[i].id);
    if (!id) return failed("the server names a namespace " + job.namespaces[i].id);
    const bool goes_on = state && (i + 1 == known || job.format == FileFormat::wrangler);
    if (!goes_on || job.format == FileFormat::wrangler)
      if (auto begun = file->begin_namespace(job.namespaces[i]); !begun) return begun;
    const Position start = goes_on ? state->position : Position{};
    if (auto done = export_namespace(site, job, *id, start, *file, report); !done) return done;
    if (auto ended = file->end_namespace(); !ended) return ended;
  }
  return file->finish();
}

}  // namespace cubby::client
