#include "client/importer.hpp"

#include <sys/stat.h>

#include "client/journal.hpp"
#include "client/ordered_work.hpp"
#include "client/pair_writer.hpp"
#include "core/json_text.hpp"

namespace cubby::client {
namespace {

// A unit, and where it goes.
struct PlacedUnit {
  ImportUnit unit;
  NamespaceId id;
};

struct Progress {
  std::uint64_t end = 0;  // of the last unit that is written
  std::uint64_t pairs = 0;
};

std::string entry_of(const Progress& progress) {
  return R"({"end":)" + std::to_string(progress.end) + R"(,"pairs":)" + std::to_string(progress.pairs) + "}";
}

// The job in the journal: places in a file mean nothing once it has changed.
std::string job_line(const ImportJob& job) {
  std::string line = R"({"import":)" + json::quoted(job.path) + R"(,"to":)" + json::quoted(job.place_name);
  struct stat status {};
  if (::stat(job.path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
    const auto& time = status.st_mtim;
    line += R"(,"bytes":)" + std::to_string(status.st_size);
    line += R"(,"modified":")" + std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec) + '"';
  }
  return line + "}";
}

Outcome<Progress> read_entry(const std::string& entry) {
  JsonReader reader(entry);
  Progress progress;
  std::string name;
  reader.enter_object();
  while (reader.next_member(name)) {
    const auto number = static_cast<std::uint64_t>(reader.integer().value_or(0));
    (name == "end" ? progress.end : progress.pairs) = number;
  }
  if (!reader.at_end()) return usage("the journal is damaged: " + reader.error(), "remove it to begin anew");
  return progress;
}

class Import {
 public:
  Import(const Site& site, const ImportJob& job, const Clock& clock, Report& report)
      : job_(job), clock_(clock), report_(report), clients_(site.clients(job.parallel)) {}

  Outcome<void> run() {
    if (auto opened = open(); !opened) return opened;
    auto done = work_in_order<PlacedUnit>(
        job_.parallel, [this] { return next(); },
        [this](unsigned thread, PlacedUnit& placed, Turn& turn) { return write(thread, placed, turn); });
    if (done && journal_) journal_->remove();
    return done;
  }

 private:
  Outcome<void> open() {
    if (!job_.journal.empty()) {
      auto journal = Journal::open(job_.journal, job_line(job_));
      if (!journal) return journal.error();
      journal_ = *std::move(journal);
      if (journal_->last()) {
        const auto progress = read_entry(*journal_->last());
        if (!progress) return progress.error();
        progress_ = *progress;
        report_.say("going on behind " + std::to_string(progress_.pairs) + " pairs");
      }
    }
    auto reader = open_import(job_.path, progress_.end, job_.is_partial);
    if (!reader) return reader.error();
    reader_ = *std::move(reader);
    return {};
  }

  Outcome<std::optional<PlacedUnit>> next() {
    auto unit = reader_->next();
    if (!unit) return unit.error();
    if (auto placed = place_namespaces(); !placed) return placed.error();
    if (!*unit) return std::optional<PlacedUnit>();
    if (places_.empty()) {
      const auto place = job_.place(nullptr);
      if (!place) return place.error();
      places_.push_back(*place);
    }
    const NamespaceId place = places_.at((*unit)->namespace_index);
    return std::optional(PlacedUnit{**std::move(unit), place});
  }

  // Those that have come in the file by now, also the empty ones.
  Outcome<void> place_namespaces() {
    const auto& known = reader_->namespaces();
    while (places_.size() < known.size()) {
      const auto place = job_.place(&known[places_.size()]);
      if (!place) return place.error();
      places_.push_back(*place);
    }
    return {};
  }

  Outcome<void> write(unsigned thread, PlacedUnit& placed, Turn& turn) {
    PairWriter writer(*clients_[thread], placed.id, clock_, report_);
    std::uint64_t number = placed.unit.first_number;
    for (std::string& text : placed.unit.pairs) {
      JsonReader reader(text);
      auto pair = read_pair(reader, whole_seconds(clock_.now()));
      if (!pair) return usage("pair " + std::to_string(number) + ": " + pair.error().message);
      ++number;
      if (auto added = writer.add(*std::move(pair)); !added) return added;
      text = {};
    }
    if (auto flushed = writer.flush(); !flushed) return flushed;
    if (!journal_) return {};
    if (!turn.wait()) return failed("stopped");
    progress_ = {.end = placed.unit.end, .pairs = number};
    return journal_->add(entry_of(progress_));
  }

  const ImportJob& job_;
  const Clock& clock_;
  Report& report_;
  std::vector<std::unique_ptr<KvClient>> clients_;
  std::optional<Journal> journal_;
  std::unique_ptr<ImportReader> reader_;
  Progress progress_;
  std::vector<NamespaceId> places_;  // by namespace_index
};

}  // namespace

Outcome<void> run_import(const Site& site, const ImportJob& job, const Clock& clock, Report& report) {
  return Import(site, job, clock, report).run();
}

}  // namespace cubby::client
