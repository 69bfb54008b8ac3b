#include "client/copier.hpp"

#include "client/journal.hpp"
#include "client/key_lister.hpp"
#include "client/ordered_work.hpp"
#include "client/pair_writer.hpp"
#include "client/value_reader.hpp"
#include "core/json_text.hpp"

namespace cubby::client {
namespace {

struct Progress {
  Position position;
  std::uint64_t keys = 0;
};

std::string entry_of(const Progress& progress) {
  return R"({"after":)" + json::quoted(progress.position.after) + R"(,"cursor":)" +
         json::quoted(progress.position.cursor) + R"(,"keys":)" + std::to_string(progress.keys) + "}";
}

Outcome<Progress> read_entry(const std::string& entry) {
  JsonReader reader(entry);
  Progress progress;
  std::string name;
  reader.enter_object();
  while (reader.next_member(name)) {
    if (name == "after")
      progress.position.after = reader.string().value_or("");
    else if (name == "cursor")
      progress.position.cursor = reader.string().value_or("");
    else
      progress.keys = static_cast<std::uint64_t>(reader.integer().value_or(0));
  }
  if (!reader.at_end()) return usage("the journal is damaged: " + reader.error(), "remove it to begin anew");
  return progress;
}

std::string job_line(const Site& from, const Site& to, const CopyJob& job) {
  const auto place = [](const Site& site, const NamespaceId& id) {
    return json::quoted(site.connection.base_url + " " + site.account + " " + id.text());
  };
  return R"({"copy":)" + place(from, job.from) + R"(,"to":)" + place(to, job.to) + R"(,"prefix":)" +
         json::quoted(job.prefix) + "}";
}

}  // namespace

Outcome<void> run_copy(const Site& from, const Site& to, const CopyJob& job, const Clock& clock,
                       Report& report) {
  auto journal = Journal::open(job.journal, job_line(from, to, job));
  if (!journal) return journal.error();
  Progress progress;
  if (journal->last()) {
    const auto read = read_entry(*journal->last());
    if (!read) return read.error();
    progress = *read;
    report.say("going on behind " + std::to_string(progress.keys) + " keys");
  }
  const auto readers = from.clients(job.parallel);
  const auto writers = to.clients(job.parallel);
  Report reading;
  reading.say = report.say;
  KeyLister lister(from.client(), job.from, job.prefix, progress.position, write_pairs_max);
  auto done = work_in_order<KeyUnit>(
      job.parallel, [&lister] { return lister.next(); },
      [&](unsigned thread, KeyUnit& unit, Turn& turn) -> Outcome<void> {
        PairWriter writer(*writers[thread], job.to, clock, report);
        const auto read = read_values(*readers[thread], job.from, unit.keys, reading,
                                      [&writer](Pair pair) { return writer.add(std::move(pair)); });
        if (!read) return read;
        if (auto flushed = writer.flush(); !flushed) return flushed;
        if (!turn.wait()) return failed("stopped");
        progress = {.position = unit.end, .keys = progress.keys + unit.keys.size()};
        return journal->add(entry_of(progress));
      });
  report.vanished += reading.vanished;
  if (done) journal->remove();
  return done;
}

}  // namespace cubby::client
