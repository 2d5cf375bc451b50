// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/conversion_sum.h"

#include <algorithm>

#include "sluice/ndjson/rest_fields.h"

namespace sluice {
namespace {

void Add(std::vector<uint64_t>& sum, const std::vector<uint64_t>& more) {
  sum.resize(std::max(sum.size(), more.size()));
  for (size_t i = 0; i < more.size(); ++i) sum[i] += more[i];
}

void Add(std::map<std::string, uint64_t>& sum, const std::map<std::string, uint64_t>& more) {
  for (const auto& [name, count] : more) RestFields::CountName(name, sum, count);
}

void Add(TableCounts& sum, const TableCounts& more) {
  // Names every field: a new one does not compile until it is added here.
  const auto& [routed, quarantined, coerced, nulled, truncated, unknown_fields] = more;
  sum.routed += routed;
  sum.quarantined += quarantined;
  Add(sum.coerced, coerced);
  Add(sum.nulled, nulled);
  Add(sum.truncated, truncated);
  Add(sum.unknown_fields, unknown_fields);
}

}  // namespace

ConversionCounts& operator+=(ConversionCounts& sum, const ConversionCounts& more) {
  const auto& [lines, no_route, dropped, duplicate_keys, fast_lines, tables] =
      more;  // every field, as above
  sum.lines += lines;
  sum.no_route += no_route;
  sum.dropped += dropped;
  sum.duplicate_keys += duplicate_keys;
  sum.fast_lines += fast_lines;
  sum.tables.resize(std::max(sum.tables.size(), tables.size()));
  for (size_t i = 0; i < tables.size(); ++i) Add(sum.tables[i], tables[i]);
  return sum;
}

}  // namespace sluice
