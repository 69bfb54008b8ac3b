// Every limit of the product, in one place: unit in the name, source in the comment.
// "CF" is Cloudflare's documented limit for Workers KV; "ours" protects the server.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cubby::limits {

inline constexpr std::size_t KiB = 1024;
inline constexpr std::size_t MiB = 1024 * KiB;

// Keys and values.
inline constexpr std::size_t key_bytes_max = 512;         // CF; UTF-8, after decoding
inline constexpr std::size_t value_bytes_max = 25 * MiB;  // CF
inline constexpr std::size_t metadata_bytes_max = 1024;   // CF; JSON text without insignificant white space
inline constexpr std::size_t metadata_parts_bytes_max =
    64 * KiB;  // ours; names and texts of the form parts that an SDK has flattened metadata into

// Expiry.
inline constexpr std::int64_t expiration_ttl_min = 60;  // seconds; CF, both forms
inline constexpr std::uint64_t cache_ttl_min = 30;      // seconds; CF; checked, for nothing is cached
inline constexpr std::int64_t expiration_max = 253'402'300'799;  // ours; 9999-12-31T23:59:59Z

// Shards of the RADOS engine. A key takes two rows, and Ceph warns of objects with more than 200,000.
inline constexpr std::uint64_t rados_shard_keys_min = 10;       // ours
inline constexpr std::uint64_t rados_shard_keys_max = 100'000;  // ours

// Lists.
inline constexpr std::uint32_t list_keys_min = 1;             // CF binding (the REST schema says 10)
inline constexpr std::uint32_t list_keys_max = 1000;          // CF
inline constexpr std::uint32_t list_rows_per_slice = 10'000;  // ours; rows looked at before others get a turn
inline constexpr std::uint32_t namespaces_per_page_default = 20;  // CF
inline constexpr std::uint32_t namespaces_per_page_max = 1000;    // CF

// Bulk.
inline constexpr std::size_t bulk_items_max = 10'000;               // CF; pairs of a write, keys of a delete
inline constexpr std::size_t bulk_request_bytes_max = 104'857'600;  // CF says 100 MB
inline constexpr std::size_t bulk_get_keys_max = 100;               // CF
inline constexpr std::size_t bulk_get_request_bytes_max = 1 * MiB;  // ours; 100 keys fit, however escaped
inline constexpr std::size_t bulk_get_bytes_max = 25 * MiB;         // CF says 25 MB; sum of the values

// Namespaces.
inline constexpr std::size_t title_characters_max = 512;      // CF
inline constexpr std::size_t json_body_bytes_max = 64 * KiB;  // ours; bodies of the namespace calls

// Credentials. The shape is what Terraform accepts before it sends anything.
inline constexpr std::size_t token_characters_min = 40;
inline constexpr std::size_t token_characters_max = 80;
inline constexpr std::size_t token_name_bytes_max = 128;  // ours
inline constexpr std::size_t token_scope_items_max = 64;  // ours; namespaces, and sources, of one token

// One HTTP connection, all ours.
inline constexpr std::size_t request_head_bytes_max = 32 * KiB;
inline constexpr std::size_t binding_head_bytes_max =
    256 * KiB;  // has metadata, which workerd does not limit
inline constexpr std::size_t request_body_bytes_max = bulk_request_bytes_max;  // read before any answer
inline constexpr std::size_t request_body_bytes_max_unauthenticated = 1 * MiB;
inline constexpr std::chrono::milliseconds truncated_stream_wait{2};  // see wire/binding_request.hpp
inline constexpr std::size_t body_piece_bytes = 64 * KiB;             // one read from a socket
inline constexpr int unsent_bytes_max =
    256 * KiB;  // of an answer, what the kernel may hold for a slow reader

// All connections of a server, all ours; settings may allow more or less.
inline constexpr std::size_t connections_max_default = 10'000;      // of one listener
inline constexpr std::size_t request_memory_bytes_min = 256 * MiB;  // that requests hold together
inline constexpr std::size_t list_slices_max = 32;   // being read at once that count when they are there
inline constexpr std::size_t bulk_item_bytes = 600;  // and a key to write or delete, beside what was sent
inline constexpr std::size_t idle_connections_compared = 64;  // to find the one that makes room for another
inline constexpr std::size_t failed_attempt_sources_max = 4096;  // addresses that are remembered
inline constexpr std::size_t audit_waiting_bytes_max = 4 * MiB;  // lines while the file takes nothing

// Figures for who watches, all ours.
inline constexpr std::size_t figures_namespaces_max = 100;  // with keys and bytes of their own
inline constexpr std::chrono::seconds activity_step{10};
inline constexpr std::size_t activity_steps = 360;  // an hour

// Storage, all ours.
inline constexpr std::size_t inline_value_bytes_max = 1 * KiB;  // larger values live beside their head
inline constexpr std::size_t value_piece_bytes = 256 * KiB;
inline constexpr std::uint64_t expired_counted_max = 100'000;  // due values of one reading of figures
inline constexpr std::size_t hot_heads_max = 8192;     // 3 MiB of heads with the median value, 20 MiB at most
inline constexpr std::uint32_t sweep_rows_max = 1000;  // expired values of one commit
inline constexpr std::uint64_t disk_reserve_bytes_max = 256 * MiB;  // unless the operator wants more
inline constexpr std::chrono::milliseconds disk_measured_every{100};
inline constexpr std::chrono::minutes compaction_put_off{1};  // after one that found no room
inline constexpr std::chrono::minutes reclaim_pause_max{5};

static_assert(bulk_get_keys_max * (key_bytes_max * 6 + 64) <= bulk_get_request_bytes_max,
              "every byte of a key may be written as a six-byte escape");
static_assert(bulk_request_bytes_max + 2 * bulk_get_bytes_max <= request_memory_bytes_min,
              "the largest request of each kind must pass, if it is alone");
static_assert(value_bytes_max <= request_body_bytes_max, "the largest value must pass as one request");
static_assert(list_keys_max <= list_rows_per_slice, "a page without expired keys takes one slice");

}  // namespace cubby::limits
