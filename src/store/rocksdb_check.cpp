#include "store/rocksdb_check.hpp"

#include <map>
#include <memory>
#include <set>
#include <unordered_set>

#include "store/catalog_record.hpp"
#include "store/rocksdb_garbage.hpp"
#include "store/rocksdb_old_heads.hpp"
#include "store/rocksdb_recount.hpp"
#include "store/rocksdb_removal.hpp"
#include "store/rocksdb_store.hpp"
#include "store/rocksdb_table_check.hpp"
#include "store/rocksdb_value_file.hpp"

namespace cubby {
namespace {

// One text of several parts.
template <class... Part>
std::string joined(const Part&... parts) {
  std::string text;
  (text.append(std::string_view(parts)), ...);
  return text;
}

std::string name_of(std::string_view head_row) {
  return joined("key \"", head_row.substr(NamespaceId::bytes_count), "\" of namespace ",
                rows::namespace_of(head_row).text());
}

std::string text_of(const Count& count) {
  return joined(std::to_string(count.keys), " keys and ", std::to_string(count.bytes), " bytes");
}

class Check {
 public:
  Check(RocksDbStore& store, const std::function<void(const std::string&)>& tell)
      : store_(store), files_(store.value_folder(), store.file_system()), tell_(tell) {}

  Result<CheckReport> run(bool repairs_usage) {
    check_tables();
    const auto removals = pending_removals(store_);
    if (!removals) return removals.error();
    being_removed_.insert(removals->begin(), removals->end());
    check_catalog();
    check_jobs();
    each_row(store_.heads(), "heads", [&](auto row, auto bytes) { check_head(row, bytes); });
    check_bodies();
    check_expiry();
    for (const NamespaceId& id : namespaces_) check_usage(id, repairs_usage);
    check_stray_usage();
    return report_;
  }

 private:
  void damage(const std::string& what) {
    ++report_.damaged;
    tell_(joined("damaged: ", what));
  }
  void orphan(const std::string& what) {
    ++report_.orphans;
    tell_(joined("orphan: ", what));
  }

  template <class Visit>
  void each_row(RocksDbStore::Family family, const char* name, Visit visit) {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> row(store_.db().NewIterator(options, family));
    for (row->SeekToFirst(); row->Valid(); row->Next()) visit(to_view(row->key()), to_view(row->value()));
    if (!row->status().ok()) damage(joined("family ", name, ": ", row->status().ToString()));
  }

  void check_tables() {
    const auto status = store_.db().VerifyChecksum();
    if (status.ok()) return;
    // It ends at the first, and may not name it.
    const auto tables = damaged_tables(store_.db().GetName(), TableCheck::checksums);
    for (const std::string& each : tables) damage(each);
    if (tables.empty()) damage(joined("the database: ", status.ToString()));
  }

  void check_catalog() {
    each_row(store_.catalog(), "catalog", [&](auto place, auto bytes) {
      const auto row = decode_catalog_row(bytes, place);
      if (!row) return damage(joined("a row of the catalog: ", row.error().argument));
      if (const auto* each = std::get_if<Namespace>(&*row)) namespaces_.insert(each->id);
    });
    report_.namespaces = namespaces_.size();
    for (const auto row : {last_version_row, starts_row, checked_start_row}) {
      if (!store_.read_counter(row)) damage(joined("the counter ", row));
    }
  }

  // What is to be removed in the background.
  void check_jobs() {
    each_row(store_.removals(), "removals", [&](auto row, auto bytes) {
      if (!unseal(bytes, row)) damage(joined("the removal of namespace ", rows::namespace_of(row).text()));
    });
    each_row(store_.garbage(), "garbage", [&](auto row, auto bytes) {
      garbage_.insert(rows::body_of(row));
      if (!decode_garbage(bytes, row)) damage("a row of the garbage family");
    });
  }

  void check_head(std::string_view row, std::string_view bytes) {
    const NamespaceId id = rows::namespace_of(row);
    if (being_removed_.contains(id)) return;
    if (!namespaces_.contains(id)) return orphan(joined(name_of(row), ", which is not there"));
    ++report_.keys;
    const auto head = decode_head(bytes, row);
    if (!head) return damage(joined(name_of(row), ": ", head.error().argument));
    const OldHead counted(row, *head);
    counts_[id].add(counted.count, counted.expiration);
    if (head->expiration) {
      const std::string due = rows::expiry(*head->expiration, row);
      if (!find(store_.expiry(), due)) damage(joined(name_of(row), ": it is not among those that expire"));
    }
    if (const auto* body = std::get_if<BodyRef>(&head->body)) check_body(row, *head, *body);
  }

  void check_body(std::string_view row, const HeadView& head, const BodyRef& body) {
    named_.insert(body.id);
    const auto checked = body.place == BodyRef::Place::row
                             ? check_value_row(rows::namespace_of(row), head, body.id)
                             : check_value_file(row, head, body.id);
    if (!checked) damage(joined("the value of ", name_of(row), ": ", checked.error().argument));
  }

  Result<void> check_value_row(NamespaceId namespace_id, const HeadView& head, BodyId id) {
    const std::string row = rows::value(namespace_id, id);
    std::string bytes;
    const auto status = store_.db().Get({}, store_.values(), row, &bytes);
    if (status.IsNotFound()) return fail(Errc::storage_corrupt, "it is missing");
    if (!status.ok()) return to_error(status);
    const auto value = unseal(bytes, row);
    if (!value) return value.error();
    if (value->size() != head.value_bytes) return fail(Errc::storage_corrupt, "it has a wrong length");
    return {};
  }

  Result<void> check_value_file(std::string_view head_row, const HeadView& head, BodyId id) {
    const std::string row = rows::body(id);
    const auto named_by = find(store_.files(), row);
    const auto name = named_by ? unseal(*named_by, row) : fail(Errc::storage_corrupt);
    if (!name || *name != head_row) return fail(Errc::storage_corrupt, "its file is not among those in use");
    auto file = files_.open(id);
    if (!file) return file.error();
    if (!*file) return fail(Errc::storage_corrupt, joined(files_.path_of(id).string(), " is missing"));
    ValueFileReader reader(std::move(**file), id, head.value_bytes);
    for (;;) {
      const auto piece = reader.read(buffer_);
      if (!piece)
        return fail(Errc::storage_corrupt, joined(files_.path_of(id).string(), ": ", piece.error().argument));
      if (piece->empty()) return {};
    }
  }

  // Of rows and files, what no head names and nobody is about to remove.
  void check_bodies() {
    const auto is_known = [this](BodyId id) { return named_.contains(id) || garbage_.contains(id); };
    each_row(store_.values(), "values", [&](auto row, auto) {
      const NamespaceId id = rows::namespace_of(row);
      if (being_removed_.contains(id) || is_known(rows::body_of(row.substr(NamespaceId::bytes_count))))
        return;
      orphan(joined("a value of namespace ", id.text()));
    });
    std::unordered_set<BodyId> in_use;
    each_row(store_.files(), "files", [&](auto row, auto bytes) {
      const BodyId id = rows::body_of(row);
      in_use.insert(id);
      if (is_known(id)) return;  // one that is damaged was found with its head
      const auto head_row = unseal(bytes, row);
      if (!head_row) return damage("a row of the files family");
      if (being_removed_.contains(rows::namespace_of(*head_row))) return;
      const auto head = read_old_head(store_, std::string(*head_row));
      const bool may_be_named = !head || (*head && (*head)->is_damaged);
      if (!may_be_named) orphan(joined("the name of a file for ", name_of(*head_row)));
    });
    const auto starts = files_.starts();
    if (!starts) return damage(starts.error().argument);
    for (const auto start : *starts) {
      const auto files = files_.files_of(start);
      if (!files) return damage(files.error().argument);
      for (const BodyId id : *files) {
        const bool is_orphan = being_removed_.empty() ? !is_known(id) : !is_known(id) && !in_use.contains(id);
        if (is_orphan) orphan(files_.path_of(id).string());
      }
    }
  }

  void check_expiry() {
    each_row(store_.expiry(), "expiry", [&](auto row, auto) {
      const std::string head_row(rows::head_of_expiry(row));
      if (being_removed_.contains(rows::namespace_of(head_row))) return;
      const auto old = read_old_head(store_, head_row);
      const bool is_meant =
          old && *old && ((*old)->is_damaged || (*old)->expiration == rows::due_of_expiry(row));
      if (!is_meant) orphan(joined("an expiration of ", name_of(head_row)));
    });
  }

  void check_usage(NamespaceId id, bool repairs) {
    const NamespaceCount& counted = counts_[id];
    const auto usage = read_usage(store_, id, Instant::max());
    if (usage && *usage == counted) return;
    damage(joined("usage of namespace ", id.text(), ": it is ", text_of(counted.total), ", the counters say ",
                  usage ? text_of(usage->total) : usage.error().argument));
    if (repairs && repair_usage(id)) ++report_.repaired;
  }

  Result<void> repair_usage(NamespaceId id) {
    rocksdb::WriteBatch reset;
    if (auto done = reset_unreadable_usage(store_, id, reset); !done) return done;
    if (auto done = store_.write(reset, RocksDbStore::Sync::yes); !done) return done;
    const auto recount = count_heads(store_, id);
    if (!recount) return recount.error();
    rocksdb::WriteBatch correction;
    if (auto done = add_usage_rows(store_, {{id, recount->correction}}, correction); !done) return done;
    return store_.write(correction, RocksDbStore::Sync::yes);
  }

  void check_stray_usage() {
    each_row(store_.usage(), "usage", [&](auto row, auto) {
      const NamespaceId id = rows::namespace_of(row);
      if (namespaces_.contains(id) || being_removed_.contains(id)) return;
      orphan(joined("a counter of namespace ", id.text()));
    });
  }

  std::optional<std::string> find(RocksDbStore::Family family, const std::string& row) {
    std::string bytes;
    if (!store_.db().Get({}, family, row, &bytes).ok()) return std::nullopt;
    return bytes;
  }

  RocksDbStore& store_;
  ValueFiles files_;
  const std::function<void(const std::string&)>& tell_;
  CheckReport report_;
  std::set<NamespaceId> namespaces_;
  std::set<NamespaceId> being_removed_;
  std::map<NamespaceId, NamespaceCount> counts_;  // by the heads
  std::unordered_set<BodyId> named_;              // by heads
  std::unordered_set<BodyId> garbage_;
  std::string buffer_;
};

}  // namespace

Result<CheckReport> check_data_directory(const CheckOptions& options,
                                         const std::function<void(const std::string&)>& tell) {
  if (!std::filesystem::exists(options.data_directory / "FORMAT")) {
    return fail(Errc::storage_failed, "there is no Cubby data in " + options.data_directory.string());
  }
  const auto store = RocksDbStore::open({.data_directory = options.data_directory});
  if (!store) return store.error();
  return Check(**store, tell).run(options.repairs_usage);
}

}  // namespace cubby
