// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "sluice/operate/infer.h"
#include "sluice/operate/infer_column.h"
#include "sluice/operate/infer_names.h"
#include "sluice/operate/sample_fields.h"

namespace sluice {

// ENCODE's word for a proposed column that is not the first of the SORTKEY; empty: Redshift
// chooses.
std::string EncodingOf(const ColumnType& type);

// More keys that not every event has are values. A load holds some memory for each column.
inline constexpr size_t kMostOptional = 200;

// What is known of the events of one table. `fields` outlives it.
class TableObserver {
 public:
  explicit TableObserver(const SampleFields& fields);

  void Add(const EventReader& event, TypeTrials& trials);
  uint64_t events() const { return events_; }

  // Columns, unique key and time; `required` are fields that must be NOT NULL.
  ProposedTable Propose(const std::vector<int>& required) const;

 private:
  // How well a field tells events apart.
  struct KeyUse {
    std::unordered_set<std::string> seen;
    uint64_t repeated = 0, unfit = 0;
  };

  void AddKey(int field, const JsonValue& value, TypeTrials& trials);
  // How many different events have no value of it that can be a key.
  uint64_t Lacking(const KeyUse& use) const;
  bool IsTakenApart(int field) const;
  void ListColumns(int object, std::vector<int>& columns) const;
  // Returns how many were left out.
  size_t LeaveOutValues(const std::vector<int>& required, std::vector<int>& fields) const;
  bool HasInEveryEvent(const ColumnObserver& observer) const;
  ProposedColumn Describe(int field, bool is_required) const;
  void ChooseUnique(const std::vector<int>& fields, ProposedTable& table) const;
  void TryUnique(const KeyUse& use, size_t i, ProposedTable& table) const;
  std::string WhyNoKey(const std::vector<int>& fields, const ProposedTable& table) const;
  void ChooseTime(const std::vector<int>& fields, ProposedTable& table) const;
  // The i-th column's field, where it may be the time.
  void TryTime(int field, size_t i, bool exactly, ProposedTable& table) const;

  const SampleFields& fields_;
  std::vector<ColumnObserver> observers_;   // by field
  std::vector<std::optional<IdName>> ids_;  // by field; none, where it was seen to be no key
  std::map<int, KeyUse> keys_;
  std::unordered_set<std::string> lines_;  // digests
  uint64_t events_ = 0;
  uint64_t different_ = 0;  // events, each line once
};

}  // namespace sluice
